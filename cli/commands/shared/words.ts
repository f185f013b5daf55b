import { readFileSync } from "node:fs";
import { CliError } from "../../errors.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * What a person says: the words on the line, or `-` for standard input, without blank lines around them.
 * @param option its name in the refusal, as `--comment`
 */
export function words(option: string, text: string): string {
  const said = (text === "-" ? readFileSync(0, "utf8") : text).replace(/^(\s*\n)+|\s+$/g, "");
  if (/\S/.test(said)) return said;
  throw new CliError(`${option} says nothing${text === "-" ? ": standard input was empty" : ""}`, {
    next: `put the words in quotes after ${option}, or - for standard input`,
  });
}

/** The id of a review or a note, which are written in full. */
export function uuid(what: "review" | "note", word: string): string {
  if (UUID.test(word)) return word.toLowerCase();
  throw new CliError(`not a ${what}'s id: ${word}`, { next: `coord ${what === "note" ? "notes" : "history"} ID shows them` });
}
