/**
 * What agents write is shown on a terminal, and a name may hold anything. Control characters (which move the cursor, retitle the window,
 * forge lines), those that reverse the reading direction and all that take no ink (a name that looks empty, or like another's) are shown
 * as escapes, so that they are seen and do nothing; so are spaces of odd widths, and those that Japanese and French use where they do not
 * stand between words. Two stay where they make an emoji: a joiner between two pictures, and one selector behind a character. Made where it is used: a command that prints plain ASCII need not pay for its tables.
 */
function unshowable(): RegExp {
  return /(?![\u200d\ufe0e\ufe0f])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\u1680\u2000-\u200a\u205f\u2800\ufff0-\ufffb\u{1d159}]|(?<=^|\s)[\u00a0\u202f\u3000]|[\u00a0\u202f\u3000](?=\s|$)|(?<!\p{Extended_Pictographic}|\p{Emoji_Modifier}|\ufe0f)\u200d|\u200d(?!\p{Extended_Pictographic})|(?<=^|\s|[\ufe00-\ufe0f\u200d])[\ufe0e\ufe0f]/gu;
}

function asEscape(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  if (character === "\t") return "\\t";
  const code = character.codePointAt(0) ?? 0;
  return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}

/** One line that is safe to print. */
export function clean(text: string): string {
  return ASCII.test(text) ? text : text.replace(unshowable(), asEscape);
}

/** Lines that are safe to print: as `clean`, but line breaks break lines and tabs are two spaces. */
export function cleanLines(text: string): string[] {
  return text.split(/\r\n|\n|\r/).map((line) => clean(line.replaceAll("\t", "  ")));
}

/** JSON text that reads the same but holds nothing that a terminal obeys or hides: JSON's own escapes stand for it. */
export function terminalSafeJson(json: string): string {
  if (PLAIN_JSON.test(json)) return json;
  return json.replace(unshowable(), (found) =>
    found === "\n" ? found : Array.from({ length: found.length }, (_, at) => unit(found, at)).join(""),
  );
}

/** One UTF-16 unit as JSON escapes it (RFC 8259 §7). */
function unit(text: string, at: number): string {
  return `\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}`;
}

const ASCII = /^[\x20-\x7e]*$/;
/** With the line breaks of indented JSON. */
const PLAIN_JSON = /^[\x20-\x7e\n]*$/;

let segmenter: Intl.Segmenter | undefined;

/** What a reader sees as one character each. */
function characters(text: string): string[] {
  if (ASCII.test(text)) return text.split("");
  segmenter ??= new Intl.Segmenter();
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function characterWidth(character: string): number {
  if (/^\p{M}+$/u.test(character)) return 0;
  const isWide =
    /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18aff}\u{1b000}-\u{1b2ff}\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]/u;
  const isEmoji = /^(\p{Emoji_Presentation}|\p{Emoji}\ufe0f|\p{Regional_Indicator}{2})/u;
  return isWide.test(character) || isEmoji.test(character) ? 2 : 1;
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
