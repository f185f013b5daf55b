import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CliError } from "../errors.ts";
import { diskFull } from "../surroundings.ts";
import { compareVersions } from "./installation.ts";

/** The class's key in workerd: it names the folder of the databases and seeds their ids. Changing it would orphan all data. */
export const UNIQUE_KEY = "coord-Workspace";

/** Version of the data folder's layout as laid out below; the databases inside number their own migrations. */
export const LAYOUT_SCHEMA = 1;

/** Where things are in a data folder. */
export function layout(folder: string) {
  return {
    lock: join(folder, "coord.lock"),
    runtime: join(folder, "runtime.json"),
    log: join(folder, "coord.log"),
    /** workerd's configuration and the worker's code of the running server, written anew at every start. */
    run: join(folder, "run"),
    config: join(folder, "run", "coord.capnp"),
    worker: join(folder, "run", "worker.js"),
    databases: join(folder, "do"),
  };
}

/** What a server writes before it answers: its configuration and the worker. */
const PROBE_BYTES = 64 * 1024;

/** The remedy shared by all that can be wrong with the folder. */
const OTHER_FOLDER = "give a folder you can write to with --db or COORD_DB";

/** Makes the data folder, private to its owner. Throws `CliError` when it is a file or cannot be written. */
export function prepareFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!statSync(folder).isDirectory()) throw new CliError(`${folder} is a file, not a folder`, { next: OTHER_FOLDER });
    const { run, databases } = layout(folder);
    mkdirSync(run, { recursive: true, mode: 0o700 });
    mkdirSync(databases, { recursive: true, mode: 0o700 });
    const probe = join(run, `probe.${process.pid}`);
    try {
      // a full disk still makes files, empty ones
      writeFileSync(probe, Buffer.alloc(PROBE_BYTES));
    } finally {
      rmSync(probe, { force: true });
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" || code === "ENOTDIR") {
      throw new CliError(`${folder} cannot be the data folder: it, or something above it, is a file`, { next: OTHER_FOLDER, cause: error });
    }
    const full = diskFull(error, folder);
    if (full) throw full;
    throw new CliError(`the data folder ${folder} cannot be written: ${code ?? message}`, { next: OTHER_FOLDER, cause: error });
  }
}

/** Replaces a file in one step: a crash leaves the old or the new text, never a part. Where it fails, nothing is left behind. */
export function replaceFile(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.new`;
  try {
    writeFileSync(temporary, text, { mode: 0o600 });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** What a data folder remembers of the runtime that wrote it last. */
export interface RuntimeRecord {
  readonly workerd: string;
  readonly uniqueKey: string;
  readonly schema: number;
}

/** Reads `runtime.json`; undefined in a new folder. Throws `CliError` when it is not what coord writes. */
export function readRuntimeRecord(folder: string): RuntimeRecord | undefined {
  const path = layout(folder).runtime;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new CliError(`${path} cannot be read: ${(error as Error).message}`, { next: OTHER_FOLDER, cause: error });
  }
  try {
    const { workerd, uniqueKey, schema } = JSON.parse(text) as Partial<RuntimeRecord>;
    if (typeof workerd === "string" && /^\d+(\.\d+)*$/.test(workerd) && typeof uniqueKey === "string" && typeof schema === "number") {
      return { workerd, uniqueKey, schema };
    }
  } catch {
    // Refused below, as is JSON of another shape.
  }
  throw new CliError(`${path} is not what coord writes there, so it is unknown which runtime wrote the data`, {
    next: `put the file back from a backup; if the data is from this version of coord, remove it: rm '${path}'`,
  });
}

/**
 * Why this workerd must not open the folder, or undefined when it may. An older workerd than the last one could misread
 * what the newer wrote: its storage format promises nothing backwards.
 */
export function refusalOf(record: RuntimeRecord | undefined, workerd: string): CliError | undefined {
  if (record === undefined) return undefined;
  const data = { recorded: record, workerd };
  if (record.uniqueKey !== UNIQUE_KEY) {
    return new CliError(`the data folder was written under the key ${record.uniqueKey}, this coord uses ${UNIQUE_KEY}`, {
      next: "start the coord that wrote it, or give another folder with --db",
      data,
    });
  }
  if (record.schema > LAYOUT_SCHEMA) {
    return new CliError(`the data folder was laid out by a newer coord (layout ${record.schema}, this one knows ${LAYOUT_SCHEMA})`, {
      next: "update coord: npm install -g coord@latest",
      data,
    });
  }
  if (compareVersions(workerd, record.workerd) < 0) {
    return new CliError(`the data was last written by workerd ${record.workerd}; this one is older (${workerd}) and might damage it`, {
      next: "update coord: npm install -g coord@latest, or give another folder with --db",
      data,
    });
  }
  return undefined;
}

/** Refuses an older runtime, then records this one; call it with the lock held and before workerd starts. */
export function recordRuntime(folder: string, workerd: string): void {
  const record = readRuntimeRecord(folder);
  const refusal = refusalOf(record, workerd);
  if (refusal) throw refusal;
  if (record?.workerd === workerd && record.schema === LAYOUT_SCHEMA) return;
  const next: RuntimeRecord = { workerd, uniqueKey: UNIQUE_KEY, schema: LAYOUT_SCHEMA };
  replaceFile(layout(folder).runtime, `${JSON.stringify(next)}\n`);
}

/** The workspaces' databases in a data folder, by the ids that workerd gave them. */
export function databaseFiles(folder: string): { readonly id: string; readonly path: string }[] {
  const home = join(layout(folder).databases, UNIQUE_KEY);
  let names: string[];
  try {
    names = readdirSync(home);
  } catch {
    return []; // no server has run on it yet
  }
  const ids = names.filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name)).map((name) => name.slice(0, -".sqlite".length));
  return ids.sort().map((id) => ({ id, path: join(home, `${id}.sqlite`) }));
}

/** Bytes that the databases take on disk, 0 when there are none yet. */
export function databaseBytes(folder: string): number {
  let bytes = 0;
  try {
    for (const entry of readdirSync(layout(folder).databases, { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
    }
  } catch {
    // No folder yet, or a file that went away while it was counted (a log being folded in): what was counted stands.
  }
  return bytes;
}
