import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { dataDir } from "../config.ts";
import { CliError } from "../errors.ts";
import { jsonText } from "../output/print.ts";
import { cleanLines } from "../output/text.ts";
import { layout } from "./folder.ts";
import { dbFlag, LOG_LEVELS } from "./settings.ts";

export interface LogFlags {
  db?: string;
  json?: boolean;
  follow?: boolean;
  /** How many lines; all that is kept where it is 0. */
  lines?: string;
  level?: string;
}

/** One line as it is kept; `fields` where the worker said more than a sentence. */
export interface Entry {
  readonly at: string;
  readonly level: string;
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** How often a followed log is looked at, in milliseconds. */
const LOOK_MS = 200;
const LINES = 100;

/** The lines of a log's text: one begins with a time, what follows indented belongs to it. */
export function entriesOf(text: string): Entry[] {
  const entries: { at: string; level: string; message: string }[] = [];
  for (const line of text.split("\n")) {
    const head = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (\S+) (.*)$/.exec(line);
    if (head) entries.push({ at: head[1]!, level: head[2]!, message: head[3]! });
    else if (line !== "" && entries.length > 0) entries.at(-1)!.message += `\n${line.replace(/^ {2}/, "")}`;
  }
  return entries.map(withFields);
}

/** The worker's own lines are JSON with a message in it. */
function withFields(entry: { at: string; level: string; message: string }): Entry {
  if (!entry.message.startsWith("{")) return entry;
  try {
    const { message, ...fields } = JSON.parse(entry.message) as Record<string, unknown>;
    return typeof message === "string" ? { ...entry, message, fields } : entry;
  } catch {
    return entry; // it only looked like JSON
  }
}

/** Whether a line is at least of a level; workerd's `log` counts as info. */
export function isAtLeast(entry: Entry, level: string): boolean {
  const rank = (name: string) => (LOG_LEVELS as readonly string[]).indexOf(name === "log" ? "info" : name);
  return rank(entry.level) >= rank(level);
}

/** One line for a person: `12:34:56.789 warn  slow command method=tasks/list took_ms=120`. The stack of a bug stands below, indented. */
export function formatEntry({ at, level, message, fields = {} }: Entry): string {
  const { stack, ...rest } = fields;
  const said = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === "string" && !/[\s"=]/.test(value) ? value : JSON.stringify(value)}`,
  );
  const more = typeof stack === "string" ? `\n${stack}` : "";
  const text = `${[`${at.slice(0, 10)} ${at.slice(11, 23)}`, level.padEnd(5), message, ...said].join(" ")}${more}`;
  return cleanLines(text).join("\n  ");
}

/** What stands in a file from a byte on; nothing where there is no file. */
export function readLog(path: string, from = 0): { text: string; end: number; inode: number } {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { text: "", end: 0, inode: 0 };
    throw new CliError(`the log ${path} cannot be read: ${(error as Error).message}`, { next: "check who owns the data folder" });
  }
  try {
    const { size, ino } = fstatSync(file);
    const bytes = Buffer.alloc(Math.max(0, size - from));
    const read = readSync(file, bytes, 0, bytes.length, from);
    return { text: bytes.toString("utf8", 0, read), end: from + read, inode: ino };
  } finally {
    closeSync(file);
  }
}

/** Yields what is appended from `from` on, in whole lines, through rotations of the file, until the signal. */
export async function* followed(path: string, from: { end: number; inode: number }, signal: AbortSignal): AsyncGenerator<string> {
  let { end, inode } = from;
  let rest = "";
  while (!signal.aborted) {
    await pause(LOOK_MS, undefined, { signal }).catch(() => {}); // the signal ends the loop
    let now: { size: number; ino: number };
    try {
      now = statSync(path);
    } catch {
      continue; // between a rotation and the next line there is no file
    }
    if (now.ino !== inode || now.size < end) {
      // what was written to the old file after the last look is in its new place
      if (inode !== 0 && now.ino !== inode) rest += readLog(`${path}.1`, end).text;
      [end, inode] = [0, now.ino];
    }
    const read = readLog(path, end);
    end = read.end;
    const lines = (rest + read.text).split("\n");
    rest = lines.pop()!;
    if (lines.length > 0) yield `${lines.join("\n")}\n`;
  }
}

/** `coord logs`: what the server of a data folder said. Resolves with the exit code. */
export async function logs(flags: LogFlags): Promise<number> {
  const level = flags.level ?? "debug";
  if (!(LOG_LEVELS as readonly string[]).includes(level))
    throw new CliError(`no such level: ${level}`, { next: `choose one of ${LOG_LEVELS.join(", ")}` });
  const count = flags.lines === undefined ? LINES : Number(flags.lines);
  if (!Number.isInteger(count) || count < 0)
    throw new CliError(`--lines is not a number: ${flags.lines}`, { next: "give 1 or more, or 0 for all" });
  const folder = dataDir(flags.db);
  const { log } = layout(folder);
  const older = readLog(`${log}.1`);
  const newer = readLog(log);
  if (newer.inode === 0 && older.inode === 0 && !flags.follow)
    throw new CliError(`no server has written a log in ${folder}`, { next: `start one: coord serve --detach${dbFlag(folder)}` });
  const found = entriesOf(older.text + newer.text).filter((entry) => isAtLeast(entry, level));
  const shown = count === 0 ? found : found.slice(-count);
  const print = (entry: Entry) => process.stdout.write(`${flags.json ? jsonText(entry, false) : formatEntry(entry)}\n`);
  if (!flags.follow) {
    if (flags.json) process.stdout.write(`${jsonText(shown, false)}\n`);
    else shown.forEach(print);
    return 0;
  }
  shown.forEach(print);
  const ended = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => ended.abort());
  for await (const text of followed(log, newer, ended.signal)) {
    for (const entry of entriesOf(text)) if (isAtLeast(entry, level)) print(entry);
  }
  return 0;
}
