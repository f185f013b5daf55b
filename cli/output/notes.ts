import type { Note } from "../../protocol/records.ts";
import type { TableSpace } from "./table.ts";
import { paint } from "./terminal.ts";
import { clean, cleanLines, fit, wrap } from "./text.ts";
import { ago } from "./time.ts";

const INDENT = "  ";

/** A note: who and when, its words, and the id that retracting takes. */
export function noteLines(note: Note, now: number, space: TableSpace): string[] {
  const attempt = note.attempt === null ? "" : `, attempt ${note.attempt}`;
  const head = fit(`${clean(note.author)}, ${ago(note.at, now)}${attempt}`, space.columns);
  return [
    paint(head, "bold", space.colour),
    ...bodyLines(note, space),
    paint(fit(`${INDENT}note ${note.note_id}${told(note)}`, space.columns), "dim", space.colour),
  ];
}

/** The words, indented; of a note that was taken back who did so and why. */
export function bodyLines({ body, retracted }: Pick<Note, "body" | "retracted">, space: TableSpace): string[] {
  const text = retracted ? `(${retracted.purged ? "purged" : "retracted"} by ${retracted.by}: ${retracted.reason})` : (body ?? "");
  return indented(text, space);
}

/** Text of several lines, wrapped and indented. */
export function indented(text: string, space: TableSpace, indent = INDENT): string[] {
  return cleanLines(text).flatMap((line) => wrap(line, space.columns - indent.length).map((piece) => `${indent}${piece}`.trimEnd()));
}

function told({ mentions, retracted }: Note): string {
  return mentions.length === 0 || retracted ? "" : `, tells ${mentions.map((handle) => `@${clean(handle)}`).join(" ")}`;
}
