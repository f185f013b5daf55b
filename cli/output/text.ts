/**
 * What agents write is shown on a terminal, and a name may hold anything. Control characters (which move the cursor, retitle the window,
 * forge lines), invisible ones and those that reverse the reading direction are shown as escapes, so that they are seen and do nothing.
 */
const UNSHOWABLE =
  /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;

function asEscape(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  if (character === "\t") return "\\t";
  const code = character.codePointAt(0) ?? 0;
  return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}

/** One line that is safe to print. */
export function clean(text: string): string {
  return text.replace(UNSHOWABLE, asEscape);
}

/** Lines that are safe to print: as `clean`, but line breaks break lines and tabs are two spaces. */
export function cleanLines(text: string): string[] {
  return text.split(/\r\n|\n|\r/).map((line) => clean(line.replaceAll("\t", "  ")));
}

/** JSON text that reads the same but holds no character that a terminal obeys: JSON's own escapes stand for them. */
export function terminalSafeJson(json: string): string {
  return json.replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const ASCII = /^[\x20-\x7e]*$/;
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]/u;
const EMOJI = /^(\p{Emoji_Presentation}|\p{Emoji}\ufe0f|\p{Regional_Indicator}{2})/u;
const MARKS_ONLY = /^\p{M}+$/u;

let segmenter: Intl.Segmenter | undefined;

/** What a reader sees as one character each. */
function characters(text: string): string[] {
  if (ASCII.test(text)) return text.split("");
  segmenter ??= new Intl.Segmenter();
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function characterWidth(character: string): number {
  if (MARKS_ONLY.test(character)) return 0;
  return WIDE.test(character) || EMOJI.test(character) ? 2 : 1;
}

/** How many columns of a terminal a clean line takes: East Asian characters and emoji take two. */
export function width(line: string): number {
  if (ASCII.test(line)) return line.length;
  return characters(line).reduce((sum, character) => sum + characterWidth(character), 0);
}

/** The line, cut to at most so many columns; what is cut ends in an ellipsis. */
export function fit(line: string, columns: number): string {
  if (width(line) <= columns) return line;
  let taken = "";
  let used = 0;
  for (const character of characters(line)) {
    const next = used + characterWidth(character);
    if (next > columns - 1) break;
    taken += character;
    used = next;
  }
  return columns < 1 ? "" : `${taken}…`;
}

/** The line, filled up with spaces to so many columns. */
export function pad(line: string, columns: number, align: "left" | "right" = "left"): string {
  const space = " ".repeat(Math.max(0, columns - width(line)));
  return align === "left" ? line + space : space + line;
}

/** Breaks a clean line at spaces where it is longer than so many columns; a word that is longer by itself is cut. */
export function wrap(line: string, columns: number): string[] {
  if (width(line) <= columns) return [line];
  const lines: string[] = [];
  let current = "";
  for (const word of line.split(" ")) {
    const longer = current === "" ? word : `${current} ${word}`;
    if (width(longer) <= columns) {
      current = longer;
      continue;
    }
    if (current !== "") lines.push(current);
    current = word;
    while (width(current) > columns) {
      const head = pieces(current, columns);
      lines.push(head);
      current = current.slice(head.length);
    }
  }
  return current === "" ? lines : [...lines, current];
}

function pieces(word: string, columns: number): string {
  let taken = "";
  let used = 0;
  for (const character of characters(word)) {
    used += characterWidth(character);
    if (used > columns && taken !== "") break;
    taken += character;
  }
  return taken;
}
