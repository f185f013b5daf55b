import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { writeWhole } from "./files.ts";
import type { HostName } from "./hosts/host.ts";

/** One edit: at one place of a file `cut` was replaced by `put`. */
export interface Splice {
  readonly part: string;
  readonly cut: string;
  readonly put: string;
}

/** What init did to one file, in order. */
export interface FileRecord {
  /** The file was not there. */
  readonly made: boolean;
  /** Folders that were made for it, outermost first. */
  readonly folders: readonly string[];
  readonly splices: readonly Splice[];
}

/**
 * What `coord init` did in one project, so that `--remove` restores every file to the letter. It lies in the user's data folder, since
 * a project's files have no room for it; in another clone, or with it lost, `--remove` takes coord's parts out by what they look like.
 */
export interface InitRecord {
  readonly version: 1;
  readonly folder: string;
  /** Hosts that were prepared, by name. */
  readonly hosts: readonly HostName[];
  /** By the file's path. */
  readonly files: Readonly<Record<string, FileRecord>>;
}

export function recordPath(dataFolder: string, folder: string): string {
  return join(dataFolder, "init", `${createHash("sha256").update(folder).digest("hex").slice(0, 16)}.json`);
}

/** The record of a project, an empty one where there is none that can be read. */
export function readRecord(path: string | undefined, folder: string): InitRecord {
  const empty: InitRecord = { version: 1, folder, hosts: [], files: {} };
  if (path === undefined) return empty;
  try {
    const read = JSON.parse(readFileSync(path, "utf8")) as Partial<InitRecord>;
    return read.version === 1 && read.folder === folder && read.files && read.hosts ? (read as InitRecord) : empty;
  } catch {
    // None yet, or damaged: parts are then known by what they look like.
    return empty;
  }
}

/** Keeps the record; one that says nothing more is removed. Only the user may read it: a cut may hold what another entry held. */
export function writeRecord(path: string, record: InitRecord): void {
  if (record.hosts.length === 0 && Object.keys(record.files).length === 0) {
    rmSync(path, { force: true });
    return;
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeWhole(path, `${JSON.stringify(record, null, 2)}\n`, 0o600);
}

/** The one edit that makes `after` of `before`. */
export function spliceOf(part: string, before: string, after: string): Splice {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  return { part, cut: before.slice(start, before.length - end), put: after.slice(start, after.length - end) };
}

/**
 * The splices with one edit more. An edit within what coord put there itself changes that splice, so that undoing still leads to what was
 * there before coord; any other is one of its own.
 */
export function withSplice(splices: readonly Splice[], part: string, before: string, after: string): Splice[] {
  const earlier = splices.findIndex((one) => one.part === part);
  const there = splices[earlier];
  const at = there && once(before, there.put);
  if (there && at !== undefined) {
    const change = spliceOf(part, before, after);
    const start = commonStart(before, after);
    const behind = after.length - (before.length - (at + there.put.length));
    if (start >= at && start + change.cut.length <= at + there.put.length)
      return splices.map((one, index) => (index === earlier ? { ...one, put: after.slice(at, behind) } : one));
  }
  return [...splices.filter((one) => one.part !== part), spliceOf(part, before, after)];
}

/** The text as it was before the splice; undefined where what was put there is no longer there, or more than once. */
export function undone(text: string, splice: Splice): string | undefined {
  if (splice.put === "") return undefined;
  const at = once(text, splice.put);
  return at === undefined ? undefined : text.slice(0, at) + splice.cut + text.slice(at + splice.put.length);
}

function once(text: string, part: string): number | undefined {
  const at = part === "" ? -1 : text.indexOf(part);
  return at !== -1 && text.indexOf(part, at + 1) === -1 ? at : undefined;
}

function commonStart(one: string, other: string): number {
  let at = 0;
  while (at < one.length && at < other.length && one[at] === other[at]) at++;
  return at;
}
