import { createHash } from "node:crypto";
import type { ImportedState, ImportTaskIn } from "../../protocol/import.ts";
import { LIMITS } from "../../protocol/limits.ts";

/** Where tasks come from. */
export type System = "coord" | "beads" | "vibe-kanban";

/** One task as it was read, before it is known whether all that it refers to is there. */
export interface Draft {
  /** Of the source, from 1: a line, or a row where it has no lines. */
  readonly line: number;
  /** What it is called there. */
  readonly key: string;
  readonly id: string;
  readonly task: Omit<ImportTaskIn, "id" | "depends_on" | "notes">;
  readonly dependsOn: readonly { readonly key: string; readonly line: number }[];
  /** Other tasks that it has to do with, and how: shown, not enforced. */
  readonly related: readonly { readonly how: string; readonly key: string }[];
  /** What coord cannot hold as a record of its own: lines of the first note. */
  readonly facts: string[];
  /** Whole texts, each a note after the first. */
  readonly notes: string[];
}

/** What is wrong with a source. */
export interface Mistake {
  readonly line: number;
  readonly message: string;
}

/** What happened to many tasks in the same way, and where. */
export interface Remark {
  readonly message: string;
  readonly lines: number[];
}

/** All that was read of a source. */
export class Reading {
  readonly drafts: Draft[] = [];
  readonly mistakes: Mistake[] = [];
  readonly #remarks = new Map<string, Remark>();
  readonly #states = new Map<string, { from: string; to: ImportedState; why: string; count: number }>();

  constructor(
    readonly system: System,
    /** Named in every first note. */
    readonly source: string,
  ) {}

  wrong(line: number, message: string): void {
    this.mistakes.push({ line, message });
  }

  remark(message: string, line: number): void {
    const known = this.#remarks.get(message);
    if (known) known.lines.push(line);
    else this.#remarks.set(message, { message, lines: [line] });
  }

  /** Notes that a state became another. */
  mapped(from: string, to: ImportedState, why: string): void {
    const key = `${from} ${to} ${why}`;
    const known = this.#states.get(key) ?? { from, to, why, count: 0 };
    known.count += 1;
    this.#states.set(key, known);
  }

  get remarks(): Remark[] {
    return [...this.#remarks.values()];
  }

  get states(): { from: string; to: ImportedState; why: string; count: number }[] {
    return [...this.#states.values()];
  }
}

/** Always the same id for the same thing of the same system, so that it is imported once: a UUID of version 8 (RFC 9562 §5.8). */
export function idOf(system: System, ...parts: readonly string[]): string {
  const hash = createHash("sha256")
    .update(JSON.stringify(["coord import", system, ...parts]))
    .digest();
  hash[6] = (hash[6]! & 0x0f) | 0x80;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  const hex = hash.subarray(0, 16).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

const WORD = /^[^\p{Cc}\p{Cs}]+$/u;

/**
 * Texts of another tool in the shape that coord's fields take. What does not fit is cut, and stands whole in a note; that is remarked on.
 * @returns the field's value
 */
export class Fitting {
  readonly facts: string[] = [];
  readonly notes: string[] = [];

  constructor(
    readonly reading: Reading,
    readonly line: number,
  ) {}

  name(given: string): string {
    const clean = wellFormed(given).replaceAll("\0", "\ufffd").trim();
    const { value: most } = LIMITS.name_chars;
    if (clean.length <= most) return clean;
    this.notes.push(`the whole title:\n\n${clean}`);
    this.reading.remark(`a title of more than ${most} characters is cut; it stands whole in a note`, this.line);
    return `${wellFormed(clean.slice(0, most - 1))}…`;
  }

  description(given: string): string {
    const clean = wellFormed(given);
    const { value: most } = LIMITS.description_bytes;
    if (Buffer.byteLength(clean) <= most) return clean;
    this.notes.push(`the whole description:\n\n${clean}`);
    this.reading.remark(`a description of more than ${most} bytes is cut; it stands whole in notes`, this.line);
    const note = "\n\n(cut; whole in the notes)";
    return `${splitBytes(clean, most - Buffer.byteLength(note))[0]}${note}`;
  }

  labels(given: readonly string[]): string[] {
    const { labels, label_chars } = LIMITS;
    const fit = [...new Set(given)].filter((label) => label.length <= label_chars.value && WORD.test(label));
    const taken = fit.slice(0, labels.value);
    if (taken.length < new Set(given).size) {
      this.facts.push(`labels there: ${JSON.stringify(given)}`);
      this.reading.remark("labels that are no labels here (too many, too long) stand in the first note", this.line);
    }
    return taken;
  }

  /** A word such as a kind; `otherwise` where it is none. */
  word(given: string, most: number, otherwise: string): string {
    return given.length <= most && WORD.test(given) ? given : otherwise;
  }
}

/** A text whose halves of characters, which UTF-8 cannot carry, are replaced. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, "\ufffd");
}

/** A text in parts of at most so many bytes of UTF-8, no character torn. */
export function splitBytes(text: string, most: number): string[] {
  const parts: string[] = [];
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; ) {
    let to = Math.min(bytes.length, from + most);
    // a byte 10xxxxxx continues a character
    while (to < bytes.length && (bytes[to]! & 0xc0) === 0x80) to -= 1;
    parts.push(bytes.toString("utf8", from, to));
    from = to;
  }
  return parts;
}

/** Whether a value nests deeper; told without recursion, since a line of brackets must not end the program. */
export function isDeeper(value: unknown, most: number): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > most) return true;
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []));
  }
  return false;
}
