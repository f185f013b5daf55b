import { isDeepStrictEqual } from "node:util";
import { parse, patch } from "@decimalturn/toml-patch";

/**
 * Edits one table of a TOML text, as a block of lines, and leaves every other line as it is. toml-patch writes an inline table into
 * somebody else's, and takes the comment next to it along when it removes it; here it reads, and judges each edit: the
 * outcome must say exactly what the text said before, but for the one table.
 */

export type Table = Readonly<Record<string, string | number | boolean | readonly string[]>>;
type Values = Record<string, unknown>;

/** An edit that cannot be made without touching what is not ours. */
export class Unwieldy extends Error {}

/** The text's values. Throws an error that says what is wrong and where. */
export function parseToml(text: string): Values {
  return plain(parse(text.replace(/^\ufeff/, ""))) as Values;
}

/** The table at `path`, or undefined. */
export function tableAt(values: Values, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, name) => (isTable(at) ? at[name] : undefined), values);
}

/** The table as it is written, with a newline at its end. */
export function renderTable(path: readonly string[], table: Table, newline = "\n"): string {
  const lines = Object.entries(table).map(([name, value]) => `${bare(name)} = ${renderValue(value)}`);
  return [`[${path.map(bare).join(".")}]`, ...lines, ""].join(newline);
}

/**
 * The text with the table at `path` set: in its place where it is there, else at the end.
 * @throws Unwieldy where its parent is written in a way that no table of lines can be added to
 */
export function setTable(text: string, path: readonly string[], table: Table): string {
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const before = parseToml(text);
  for (let length = 1; length <= path.length; length++) {
    const there = tableAt(before, path.slice(0, length));
    if (there !== undefined && !isTable(there)) throw new Unwieldy(`${path.slice(0, length).join(".")} is not a table`);
  }
  const wanted = withTable(before, path, table);
  const block = renderTable(path, table, newline);
  const there = extent(text, path);
  if (tableAt(before, path) !== undefined) {
    if (!there) throw new Unwieldy(`${path.join(".")} is not written as a table of its own`);
    return judged(text.slice(0, there.start) + block + text.slice(there.end), wanted);
  }
  const end = text === "" || /\n$/.test(text) ? "" : newline;
  const gap = text.trim() === "" || /(^|\n)\r?\n$/.test(text) ? "" : newline;
  try {
    return judged(text + end + gap + block, wanted);
  } catch {
    // `mcp_servers = { … }` takes no table below it: there it becomes one member more, if nothing else changes.
    return judged(keepingComments(text, patch(text, wanted)), wanted);
  }
}

/** The text without the table at `path` and what is below it. Throws Unwieldy where that is no block of lines. */
export function removeTable(text: string, path: readonly string[]): string {
  const before = parseToml(text);
  if (tableAt(before, path) === undefined) return text;
  const wanted = withTable(before, path, undefined);
  const there = extent(text, path);
  if (!there) return judged(keepingComments(text, patch(text, wanted)), wanted, path);
  const head = text.slice(0, there.start);
  const rest = text.slice(there.end);
  // the empty line that set it apart goes with it
  return judged((rest.trim() === "" ? head.replace(/(\r?\n)\r?\n$/, "$1") : head) + rest, wanted, path);
}

/** The lines of the table at `path`, as they stand, comments included. Undefined where it is not written as a table of its own. */
export function tableText(text: string, path: readonly string[]): string | undefined {
  const there = extent(text, path);
  return there && text.slice(there.start, there.end);
}

/** From a table's header to the end of its last value, and of those below it. What follows, blank lines and comments, is its neighbour's. */
function extent(text: string, path: readonly string[]): { start: number; end: number } | undefined {
  const lines = text.split(/(?<=\n)/);
  let start: number | undefined;
  let end = 0;
  let offset = 0;
  let inside = false;
  let fence: string | undefined;
  for (const line of lines) {
    const next = offset + line.length;
    const header = fence === undefined ? headerOf(line) : undefined;
    if (header !== undefined) {
      inside = header.length >= path.length && path.every((name, index) => name === header[index]);
      if (inside && start === undefined) start = offset;
    }
    if (inside && (fence !== undefined || !/^(#.*)?$/.test(line.trim()))) end = next;
    fence = fenceAfter(line, fence);
    offset = next;
  }
  return start === undefined ? undefined : { start, end };
}

/** The names of a table's header line. */
function headerOf(line: string): string[] | undefined {
  const inner = /^\s*\[\[?\s*(.+?)\s*\]\]?\s*(#.*)?$/.exec(line.trimEnd())?.[1];
  const names = inner?.match(/"(?:[^"\\]|\\.)*"|'[^']*'|[\w-]+/g);
  return names?.map((name) => (name.startsWith('"') ? (JSON.parse(name) as string) : name.startsWith("'") ? name.slice(1, -1) : name));
}

/** Whether a string of several lines is open behind this line, by its quotes. */
function fenceAfter(line: string, fence: string | undefined): string | undefined {
  let open = fence;
  for (const [mark] of line.matchAll(/"""|'''|#/g)) {
    if (mark === "#" && open === undefined) break;
    if (mark === open) open = undefined;
    else if (open === undefined && mark !== "#") open = mark;
  }
  return open;
}

function judged(text: string, wanted: Values, absent?: readonly string[]): string {
  let said: Values;
  try {
    said = parseToml(text);
    // an empty `[mcp_servers]` of somebody else's may stay
    if (absent && tableAt(said, absent) === undefined) said = withTable(said, absent, undefined);
  } catch (error) {
    throw new Unwieldy((error as Error).message);
  }
  if (!isDeepStrictEqual(said, wanted)) throw new Unwieldy("the edit would change what else the file says");
  return text;
}

function keepingComments(before: string, after: string): string {
  const lost = before.split(/\r?\n/).filter((line) => /^\s*#/.test(line) && !after.includes(line));
  if (lost.length > 0) throw new Unwieldy(`the edit would lose the comment ${lost[0]!.trim()}`);
  return after;
}

/** A copy of the values with the table set, or without it; a parent that holds nothing more goes. */
function withTable(values: Values, path: readonly string[], table: Table | undefined): Values {
  const [name, ...rest] = path as [string, ...string[]];
  const copy = { ...values };
  const inner = rest.length === 0 ? table && (plain(table) as Values) : withTable(isTable(values[name]) ? values[name] : {}, rest, table);
  if (inner === undefined || (table === undefined && Object.keys(inner).length === 0)) delete copy[name];
  else copy[name] = inner;
  return copy;
}

/** Plain objects all the way down, so that values compare by what they say. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Date || typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}

function isTable(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function bare(name: string): string {
  return /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
}

function renderValue(value: Table[string]): string {
  if (Array.isArray(value)) return `[${value.map((one) => JSON.stringify(one)).join(", ")}]`;
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
