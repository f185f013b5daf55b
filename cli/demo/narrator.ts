import { paint as painted, type Style } from "../output/terminal.ts";
import { now } from "./processes.ts";

export interface Narrator {
  heading(text: string): void;
  /** Something that an agent did or that happened to it, at a time in milliseconds since 1970. */
  tell(at: number, who: string, text: string): void;
  /** Lines as they are, such as a table. */
  lines(lines: readonly string[]): void;
  paint(style: Style, text: string): string;
}

const WIDTH = 80;
const MARGIN = 24;
const HUES: readonly Style[] = ["cyan", "yellow", "blue", "green"];

/** Says nothing: for `--json`. */
export const silent: Narrator = { heading: () => {}, tell: () => {}, lines: () => {}, paint: (_style, text) => text };

/** Tells the story on a terminal, within 80 columns: seconds since the start, who, what. */
export function narrator(write: (text: string) => void, colour: boolean, started: number = now()): Narrator {
  const hues = new Map<string, Style>();
  const paint = (style: Style, text: string) => painted(text, style, colour);
  return {
    paint,
    heading: (text) => write(`\n${paint("bold", text)}\n`),
    lines: (lines) => write(lines.map((line) => `${line}\n`).join("")),
    tell: (at, who, text) => {
      const seconds = `${((at - started) / 1000).toFixed(3)} s`.padStart(9);
      if (!hues.has(who)) hues.set(who, HUES[hues.size % HUES.length]!);
      const command = text.startsWith("$ ");
      const [first = "", ...rest] = wrap(command ? text : `  ${text}`, WIDTH - MARGIN, command ? "    " : "  ");
      const body = [first, ...rest.map((line) => " ".repeat(MARGIN) + line)].map((line) => (command ? line : paint("dim", line)));
      write(`${paint("dim", seconds)}  ${paint(hues.get(who)!, who.padEnd(12))} ${body.join("\n")}\n`);
    },
  };
}

/** Breaks at spaces; a word that is longer than a line is cut, since nothing may run past the margin. */
export function wrap(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/(?<=\S) /)) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (joined.length <= width) {
      line = joined;
      continue;
    }
    if (line.trim() !== "") lines.push(line);
    line = lines.length === 0 ? word : indent + word.trimStart();
    while (line.length > width) {
      lines.push(line.slice(0, width));
      line = indent + line.slice(width);
    }
  }
  return line === "" ? lines : [...lines, line];
}
