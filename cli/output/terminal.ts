import type { WriteStream } from "node:tty";

const NARROWEST = 40;
const DEFAULT_COLUMNS = 80;

/** How wide human output may be: the terminal's width, 80 columns where there is none. */
export function columns(stream: { isTTY?: boolean; columns?: number } = process.stdout): number {
  return stream.isTTY && stream.columns ? Math.max(NARROWEST, stream.columns) : DEFAULT_COLUMNS;
}

type Env = Record<string, string | undefined>;

/** Colour goes to a terminal only, and not where NO_COLOR says so (no-color.org: set and not empty). */
export function hasColour(stream: Pick<WriteStream, "isTTY"> | { isTTY?: boolean } = process.stdout, env: Env = process.env): boolean {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== "dumb";
}

const STYLES = { bold: "1", dim: "2", red: "31", green: "32", yellow: "33", blue: "34", cyan: "36" } as const;
export type Style = keyof typeof STYLES;

/** Paints text that is already padded: escapes have no width, and a table must be laid out without them. */
export function paint(text: string, style: Style | undefined, on: boolean): string {
  return on && style ? `\x1b[${STYLES[style]}m${text}\x1b[0m` : text;
}
