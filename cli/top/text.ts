import stringWidth from "string-width";
import { clean } from "../output/text.ts";

/** Joins that make one picture of several. Terminals disagree on how wide the picture is, so its parts are shown side by side. */
const JOINED_EMOJI = /(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}])\u200d(?=\p{Extended_Pictographic})/gu;
/** They choose between glyphs of one character, some twice as wide as others, and terminals disagree on those too. */
const GLYPH_CHOICE = /[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]|(?<=\p{Emoji_Modifier_Base})\p{Emoji_Modifier}/gu;
/** Whatever else takes no room and shows nothing: joiners between letters, fillers. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}|[\u115f\u1160\u2800\u3164\uffa0]/gu;
/** Marks beyond the third on one character: they would be painted over the lines above. */
const STACKED_MARKS = /(\p{M}{3})\p{M}+/gu;

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/**
 * One line that is safe on a full-screen terminal: beyond `clean`, nothing in it is invisible, and every terminal agrees on how wide
 * it is, or else one name would push the rest of the screen aside.
 */
export function safe(text: string): string {
  if (PRINTABLE_ASCII.test(text)) return text;
  const settled = text.replace(GLYPH_CHOICE, "").replace(JOINED_EMOJI, "").replace(STACKED_MARKS, "$1");
  return clean(settled).replace(INVISIBLE, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** Lines of a text that may have several, each safe; tabs are two spaces. */
export function safeLines(text: string): string[] {
  return text.split(/\r\n|\n|\r/).map((line) => safe(line.replaceAll("\t", "  ")));
}

/** Columns that a safe line takes, counted as ink counts them. */
export function width(line: string): number {
  return PRINTABLE_ASCII.test(line) ? line.length : stringWidth(line);
}

let segmenter: Intl.Segmenter | undefined;

/** What a reader sees as one character each. */
export function characters(line: string): string[] {
  if (PRINTABLE_ASCII.test(line)) return line.split("");
  segmenter ??= new Intl.Segmenter();
  return Array.from(segmenter.segment(line), ({ segment }) => segment);
}

/** The longest beginning that takes at most so many columns. */
function beginning(line: string, columns: number): string {
  if (PRINTABLE_ASCII.test(line)) return line.slice(0, Math.max(0, columns));
  let taken = "";
  let used = 0;
  for (const character of characters(line)) {
    used += width(character);
    if (used > columns) break;
    taken += character;
  }
  return taken;
}

/** The line, cut to at most so many columns; what is cut ends in an ellipsis. */
export function fit(line: string, columns: number): string {
  // A name may have 512 characters where 20 are shown: more than twice the columns need not be measured to be known too long.
  if (line.length <= columns * 4 && width(line) <= columns) return line;
  return columns < 1 ? "" : `${beginning(line.slice(0, columns * 16), columns - 1)}…`;
}

/** The line in exactly so many columns: cut, or filled up with spaces. */
export function cell(line: string, columns: number, align: "left" | "right" = "left"): string {
  const shown = fit(line, columns);
  const space = " ".repeat(Math.max(0, columns - width(shown)));
  return align === "left" ? shown + space : space + shown;
}

/** Breaks a safe line at spaces, and a word that is longer than a line within itself. Spaces at its beginning stay: they indent. */
export function wrap(line: string, columns: number): string[] {
  if (columns < 1) return [];
  const lines: string[] = [];
  let current: string | undefined;
  for (const word of line.split(" ")) {
    const longer: string = current === undefined ? word : `${current} ${word}`;
    if (width(longer) <= columns) {
      current = longer;
      continue;
    }
    if (current?.trim()) lines.push(current);
    current = word;
    while (width(current) > columns) {
      const piece = beginning(current, columns) || current.slice(0, 1);
      lines.push(piece);
      current = current.slice(piece.length);
    }
  }
  return [...lines, current ?? ""];
}
