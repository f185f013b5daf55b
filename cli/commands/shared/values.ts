import { readFileSync } from "node:fs";
import { CliError } from "../../errors.ts";

const SECONDS_PER: Readonly<Record<string, number>> = { "": 1, s: 1, m: 60, h: 3600, d: 86_400 };

/** A span on the command line, in seconds: `300`, `90s`, `10m`, `1.5h`. */
export function seconds(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(text.trim()) ?? [];
  if (amount === undefined || unit === undefined) {
    throw new CliError(`not a number of seconds: ${text}`, { next: "write it like 300, 90s, 10m or 1.5h" });
  }
  return Number(amount) * (SECONDS_PER[unit] ?? 1);
}

/** A whole number from zero on, as cursors, revs and limits are. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text.trim())) throw new CliError(`not a whole number: ${text}`, { next: "write it in digits, like 50" });
  return Number(text);
}

/** Gathers an option that may be given several times, or once with commas: `--label a --label b` is `--label a,b`. */
export function list(text: string, before: readonly string[] = []): string[] {
  const items = text.split(",").map((item) => item.trim());
  return [...before, ...items.filter((item) => item !== "")];
}

/**
 * A JSON value given on the command line: the text itself, `@file`, or `-` for standard input. What is not JSON is refused, not
 * turned into a string: a forgotten quote would otherwise be found by whoever reads the payload.
 * @param option its name in the refusal, as `--payload`.
 */
export function json(option: string, text: string): unknown {
  const source = text === "-" ? "standard input" : text.startsWith("@") ? text.slice(1) : option;
  let given: string;
  try {
    given = text === "-" ? readFileSync(0, "utf8") : text.startsWith("@") ? readFileSync(text.slice(1), "utf8") : text;
  } catch (cause) {
    throw new CliError(`cannot read ${source}: ${(cause as Error).message}`, {
      next: `give JSON itself, @file, or - for standard input, to ${option}`,
      cause,
    });
  }
  try {
    return JSON.parse(given);
  } catch (cause) {
    const quoted = given.length <= 60 && !/['\n]/.test(given) ? ` For plain text write ${option} '${JSON.stringify(given)}'.` : "";
    throw new CliError(`${source} is not JSON: ${(cause as Error).message}.${quoted}`, {
      next: `${option} takes JSON, for example ${option} '{"commit":"4f2a91c"}'`,
      cause,
    });
  }
}

const LONGEST_NUMBER = 7;

/**
 * How the server is told which task is meant. A word of up to seven digits is a task's number (`12` is `#12`, which a shell would take for
 * a comment); anything else is an id or the beginning of one, and stays as it is.
 */
export function taskRef(word: string): string {
  const text = word.trim();
  return /^\d+$/.test(text) && text.length <= LONGEST_NUMBER ? `#${text}` : text;
}
