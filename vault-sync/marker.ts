/**
 * The line that divides a note: above it coord writes, below it people do. Obsidian shows it only while one edits.
 * It stands in every note that was ever written: changing it would orphan what people wrote.
 */
export const MARKER = "%% coord: all above is coord's and is written anew; all below this line is yours %%";

const LINE = Buffer.from(MARKER);
const NEWLINE = 0x0a;
const RETURN = 0x0d;

export interface Divided {
  /** The bytes above the marker's line. */
  readonly above: Buffer;
  /** The bytes below it, whatever they are: another marker, other line ends, no text at all. */
  readonly below: Buffer;
}

/** Divides a note at its first marker line; undefined where it has none. An editor's CRLF after the marker counts as its line end. */
export function divide(note: Buffer): Divided | undefined {
  for (let from = note.indexOf(LINE); from !== -1; from = note.indexOf(LINE, from + 1)) {
    if (from > 0 && note[from - 1] !== NEWLINE) continue;
    let end = from + LINE.length;
    if (note[end] === RETURN) end++;
    if (end < note.length && note[end] !== NEWLINE) continue;
    return { above: note.subarray(0, from), below: note.subarray(Math.min(end + 1, note.length)) };
  }
  return undefined;
}

/** The note of coord's text and a person's bytes. `above` ends with a line end and holds no marker line. */
export function join(above: string, below: Buffer): Buffer {
  return Buffer.concat([Buffer.from(above), LINE, Buffer.from("\n"), below]);
}
