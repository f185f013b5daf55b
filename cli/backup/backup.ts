import { createWriteStream, existsSync } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { Target } from "../client/types.ts";
import { CliError } from "../errors.ts";
import { databaseFiles } from "../server/folder.ts";
import { bearer } from "../server/health.ts";
import { readLock } from "../server/lock.ts";
import { VERSION } from "../version.ts";
import { FORMAT, type Line, Tally } from "./file.ts";
import { linesOf } from "./lines.ts";

export interface BackupReport {
  readonly file: string;
  readonly bytes: number;
  readonly workspaces: readonly { readonly name: string; readonly tasks: number; readonly events: number }[];
  /** Of the lines in the file, as `coord restore` checks it. */
  readonly sha256: string;
}

export interface BackupOptions {
  readonly target: Target;
  readonly file: string;
  /** Only this workspace; all of the server's data folder otherwise. */
  readonly workspace: string | undefined;
  /** The data folder of this machine's server. */
  readonly folder: string;
  readonly force: boolean;
  /** Told from time to time: rows written, and how many there were at the beginning. */
  readonly progress: (workspace: string, rows: number, of: number) => void;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Writes a backup from a running server while everybody works on. The file appears under its name only when it is whole and on disk;
 * whatever happens before leaves at most `<file>.partial`, which the next try replaces.
 */
export async function backup(options: BackupOptions): Promise<BackupReport> {
  const file = resolve(options.file);
  if (existsSync(file) && !options.force)
    throw new CliError(`${file} is there already`, { next: "choose another name, or replace it with --force" });
  const names = options.workspace === undefined ? await workspacesOf(options) : [options.workspace];
  const partial = `${file}.partial`;
  // flushed to disk before it is closed, and closed before it gets its name
  const output = createWriteStream(partial, { mode: 0o600, flush: true });
  try {
    const tally = new Tally();
    const gzip = createGzip();
    const written = finished(gzip.pipe(output));
    // told by the await below; until then a full disk must not be an unhandled rejection
    written.catch(() => {});
    const write = async (json: string) => {
      if (!gzip.write(`${json}\n`)) await Promise.race([new Promise((drained) => gzip.once("drain", drained)), written]);
    };
    const add = async (json: string) => {
      tally.add(json);
      await write(json);
    };
    await add(JSON.stringify({ coord_backup: FORMAT, coord: VERSION, at: new Date(options.now).toISOString() }));
    const workspaces = [];
    for (const name of names) workspaces.push(await copy(options, name, add));
    const complete = tally.complete(names);
    await write(JSON.stringify({ complete }));
    gzip.end();
    await written;
    const { size } = await stat(partial);
    await rename(partial, file);
    return { file, bytes: size, workspaces, sha256: complete.sha256 };
  } catch (error) {
    output.destroy();
    await rm(partial, { force: true });
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof CliError) throw error;
    const what = code === "ENOSPC" ? "no space is left" : code;
    throw new CliError(`${file} cannot be written: ${what}; nothing is left behind`, {
      next: `name a file in a folder that you can write to, with room in it; this was ${dirname(file)}`,
      cause: error,
    });
  }
}

/** The dump of one workspace, line by line. A connection that breaks ends the backup: half a workspace is none. */
async function copy(options: BackupOptions, name: string, add: (json: string) => Promise<void>) {
  const { target } = options;
  const url = new URL(name === "default" ? "backup" : `w/${name}/backup`, target.url);
  const response = await fetch(url, { headers: bearer(target.token) });
  if (!response.ok || !response.body) throw await refusalOf(response);
  let rows = 0;
  let expected = 0;
  let ended: { rows: Readonly<Record<string, number>> } | undefined;
  try {
    for await (const json of linesOf(Readable.fromWeb(response.body as never))) {
      const line = JSON.parse(json) as Line;
      if ("workspace" in line) expected = Object.values(line.rows).reduce((sum, count) => sum + count, 0);
      if ("end" in line) ended = line.end;
      if ("table" in line) {
        rows += line.rows.length;
        options.progress(name, Math.min(rows, expected), expected);
      }
      await add(json);
    }
  } catch (error) {
    if (error instanceof CliError || (error as NodeJS.ErrnoException).code === "ENOSPC") throw error;
    throw new CliError(`the server went away in the middle of the workspace ${name}: ${(error as Error).message}`, {
      next: "try again; nothing was left behind",
      exit: 7,
      cause: error,
    });
  }
  if (!ended)
    throw new CliError(`the server went away in the middle of the workspace ${name}`, {
      next: "try again; nothing was left behind",
      exit: 7,
    });
  return { name, tasks: ended.rows.tasks ?? 0, events: ended.rows.events ?? 0 };
}

/** The workspaces that have a database in this machine's data folder; of a server elsewhere only the one that is asked for. */
async function workspacesOf({ target, folder }: BackupOptions): Promise<string[]> {
  const record = readLock(folder);
  if (record?.url === undefined || new URL(record.url).href !== target.url) return [target.workspace];
  const ids = databaseFiles(folder).map((file) => file.id);
  const names: string[] = [];
  for (let at = 0; at < ids.length; at += 100) {
    const query = new URLSearchParams(ids.slice(at, at + 100).map((id) => ["id", id] as [string, string]));
    const response = await fetch(new URL(`workspaces?${query}`, target.url), { headers: bearer(target.token) });
    if (!response.ok) throw await refusalOf(response);
    const { workspaces } = (await response.json()) as { workspaces: { id: string; name: string; error?: string }[] };
    const shut = workspaces.find((one) => one.error !== undefined);
    if (shut) {
      // left out without a word it would be missed on the day on which it is needed
      throw new CliError(`the database ${shut.id}.sqlite cannot be opened, so not everything can be backed up: ${shut.error}`, {
        next: "see what is wrong with it: coord doctor; meanwhile back the others up one by one with --workspace NAME",
      });
    }
    const nameless = workspaces.find((one) => one.name === "");
    if (nameless) {
      throw new CliError(`the database ${nameless.id} does not know its workspace's name: it was not opened since this version runs`, {
        next: "open each old workspace once, then try again: coord info --workspace NAME",
      });
    }
    names.push(...workspaces.map((one) => one.name));
  }
  return names.sort();
}

async function refusalOf(response: Response): Promise<CliError> {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as { error?: { message?: string; data?: { remedy?: string } } };
    if (error?.message)
      return new CliError(error.message, {
        exit: response.status === 401 || response.status === 403 ? 5 : 1,
        ...(error.data?.remedy ? { next: error.data.remedy } : {}),
      });
  } catch {
    // no answer of coord's
  }
  return new CliError(`the server answered ${response.status}: ${text.slice(0, 200)}`, {
    next: "is it a coord server of this version? coord status",
  });
}
