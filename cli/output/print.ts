import { terminalSafeJson } from "./text.ts";

/** Writes lines for people to stdout. The caller has cleaned them. */
export function printLines(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
}

/** Writes one JSON value and a line break to stdout: indented for a person's terminal, on one line for a program. */
export function printJson(value: unknown): void {
  process.stdout.write(`${jsonText(value, process.stdout.isTTY === true)}\n`);
}

export function jsonText(value: unknown, indented: boolean): string {
  return terminalSafeJson(JSON.stringify(value, null, indented ? 2 : undefined));
}
