import { closeSync, createReadStream, existsSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { backup } from "../backup/backup.ts";
import { CliError } from "../errors.ts";
import { databaseFiles, layout, UNIQUE_KEY } from "../server/folder.ts";
import { bearer } from "../server/health.ts";
import {
  copyDatabase,
  copyDatabases,
  type PrivateRuntime,
  privateRuntime,
  refuseServed,
  type Scratch,
  scratch,
} from "../server/private.ts";
import { readBeads } from "./beads.ts";
import { readCoord } from "./coord.ts";
import { rowsOfCsv } from "./csv.ts";
import { Reading, type System } from "./draft.ts";
import { type Fields, objectsOf } from "./lines.ts";
import { recordsOf } from "./records.ts";
import { isVibeKanban, openSqlite, readVibeKanban, tablesOf } from "./sqlite.ts";
import { cardsOfCsv, cardsOfTables, readCards } from "./vibe-kanban.ts";
import { fileInZip } from "./zip.ts";

export interface SourceOptions {
  /** A file, a folder, or `-` for standard input. */
  readonly source: string;
  /** What it is; found out by looking where it is not said. */
  readonly from: System | undefined;
  /** Of a source with several workspaces. */
  readonly workspace: string | undefined;
  readonly keepAssignees: boolean;
  readonly now: number;
}

const UNKNOWN = "give what coord export or coord backup wrote, a coord data folder, .beads/issues.jsonl, or what Vibe Kanban exported";

/** Reads a source of any kind, without changing it. @throws CliError where it cannot be read at all */
export async function readSource(options: SourceOptions): Promise<Reading> {
  const { source, from } = options;
  if (source === "-") return lines(process.stdin, "standard input", options);
  const path = resolve(source);
  const found = fileIn(path, from);
  if (found === "data") return dataFolder(path, options);
  const kind = kindOf(found);
  const name = basename(found);
  const expects = (system: System) => {
    if (from !== undefined && from !== system)
      throw new CliError(`${source} is from ${system}, not from ${from}`, { next: `say --from ${system}, or nothing` });
  };
  if (kind === "gzip") {
    expects("coord");
    return coordBackup(found, `${name}`, options.workspace);
  }
  if (kind === "sqlite") return sqlite(found, options, expects);
  if (kind === "zip") {
    expects("vibe-kanban");
    return csv(unzipped(found), `${name}/issues.csv`);
  }
  if (kind === "csv") {
    expects("vibe-kanban");
    return csv(readFileSync(found), name);
  }
  return lines(createReadStream(found), name, options);
}

/** The file that a path means: itself, or what one looks for in a folder; `data` is a coord data folder. */
function fileIn(path: string, from: System | undefined): string {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (cause) {
    throw new CliError(`${path} cannot be read: ${(cause as NodeJS.ErrnoException).code ?? (cause as Error).message}`, {
      next: UNKNOWN,
      cause,
    });
  }
  if (!isFolder) return path;
  const candidates: [System, string][] = [
    ["coord", layout(path).databases],
    ["beads", join(path, "issues.jsonl")],
    ["beads", join(path, ".beads", "issues.jsonl")],
    ["vibe-kanban", join(path, "issues.csv")],
    ["vibe-kanban", join(path, "db.sqlite")],
  ];
  const found = candidates.filter(([system, file]) => existsSync(file) && (from === undefined || from === system));
  if (found.length === 0) throw new CliError(`there is nothing in ${path} that can be imported`, { next: UNKNOWN });
  const systems = new Set(found.map(([system]) => system));
  if (systems.size > 1)
    throw new CliError(`${path} has something of ${[...systems].join(" and of ")}`, { next: "say which: --from SYSTEM" });
  const [system, file] = found[0]!;
  return system === "coord" ? "data" : file;
}

function kindOf(path: string): "gzip" | "sqlite" | "zip" | "csv" | "lines" {
  const start = Buffer.alloc(64);
  let length: number;
  try {
    const file = openSync(path, "r");
    try {
      length = readSync(file, start);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw new CliError(`${path} cannot be read: ${(cause as NodeJS.ErrnoException).code}`, { next: "see its owner and rights", cause });
  }
  const head = start.subarray(0, length);
  if (head[0] === 0x1f && head[1] === 0x8b) return "gzip";
  if (head.toString("latin1").startsWith("SQLite format 3\0")) return "sqlite";
  if (head[0] === 0x50 && head[1] === 0x4b) return "zip";
  return /^(\ufeff)?"?Issue ID"?,/.test(head.toString("utf8")) ? "csv" : "lines";
}

/** Lines of JSON: the first one tells whose. */
async function lines(stream: Readable, name: string, { from, keepAssignees }: SourceOptions): Promise<Reading> {
  const reading = new Reading(from ?? "beads", name);
  const objects = objectsOf(stream, reading);
  const first = await objects.next();
  const all = (async function* () {
    if (!first.done) yield first.value;
    yield* objects;
  })();
  const isCoord = !first.done && first.value.fields.record === "coord_export";
  if (from === "coord" || isCoord) {
    if (from !== undefined && from !== "coord")
      throw new CliError(`${name} is from coord, not from ${from}`, { next: "say --from coord, or nothing" });
    const read = await readCoord(all, name);
    read.mistakes.unshift(...reading.mistakes);
    return read;
  }
  if (from === "vibe-kanban")
    throw new CliError(`${name} is no Vibe Kanban export`, { next: "it writes a .zip with issues.csv; its local data are in db.sqlite" });
  const looks = first.done || "title" in first.value.fields || "_type" in first.value.fields || "_schema" in first.value.fields;
  if (!looks && from === undefined && reading.mistakes.length === 0)
    throw new CliError(`it is not clear what ${name} is: its first line is neither coord's nor an issue of Beads`, { next: UNKNOWN });
  return readBeads(all, name, { keepAssignees }, reading);
}

async function coordBackup(file: string, name: string, workspace: string | undefined): Promise<Reading> {
  return readCoord(numbered(recordsOf(file, workspace)), name);
}

async function* numbered(records: AsyncIterable<unknown>): AsyncGenerator<{ line: number; fields: Fields }> {
  let line = 0;
  for await (const fields of records) {
    line += 1;
    yield { line, fields: fields as Fields };
  }
}

function csv(bytes: Buffer, name: string): Reading {
  const reading = new Reading("vibe-kanban", name);
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    readCards(cardsOfCsv(rowsOfCsv(text), reading), name, reading);
  } catch (error) {
    reading.wrong(Number(/^line (\d+)/.exec((error as Error).message)?.[1] ?? 1), (error as Error).message);
  }
  return reading;
}

function unzipped(path: string): Buffer {
  let found: Buffer | undefined;
  try {
    found = fileInZip(readFileSync(path), "issues.csv");
  } catch (cause) {
    throw new CliError(`${path} cannot be unpacked: ${(cause as Error).message}`, {
      next: "export it again; or unpack it and import issues.csv",
      cause,
    });
  }
  if (found) return found;
  throw new CliError(`${path} has no issues.csv, so it is no Vibe Kanban export`, { next: UNKNOWN });
}

async function sqlite(file: string, options: SourceOptions, expects: (system: System) => void): Promise<Reading> {
  const folder = resolve(dirname(file), "../..");
  if (layout(folder).databases === dirname(dirname(file))) refuseServed(folder, (url) => throughServer(url));
  const name = basename(file);
  {
    await using database = await openSqlite(file);
    const tables = await tablesOf(database);
    if (isVibeKanban(tables)) {
      expects("vibe-kanban");
      const { tasks, attempts } = await readVibeKanban(database, tables);
      return readCards(cardsOfTables(tasks, attempts), name);
    }
    if (!tables.has("_migrations") || !tables.has("events"))
      throw new CliError(`${file} is a SQLite database of neither coord nor Vibe Kanban`, { next: UNKNOWN });
  }
  expects("coord");
  using copy = scratch();
  return await fromFiles(copy, [file], name, options);
}

/** A data folder of coord's, which nobody serves. */
async function dataFolder(folder: string, options: SourceOptions): Promise<Reading> {
  refuseServed(folder, throughServer);
  const files = databaseFiles(folder).map(({ path }) => path);
  if (files.length === 0) throw new CliError(`there is no workspace in ${folder}`, { next: UNKNOWN });
  using copy = scratch();
  copyDatabases(folder, join(copy.folder, "data"));
  const named = await (async () => {
    await using runtime = await privateRuntime(join(copy.folder, "data"), { unready: true });
    const ids = files.map((file) => basename(file, ".sqlite"));
    const query = new URLSearchParams(ids.map((id) => ["id", id] as [string, string]));
    const { workspaces } = await ask<{ workspaces: { id: string; name: string }[] }>(runtime, `workspaces?${query}`);
    return workspaces;
  })();
  const names = named.map(({ name }) => name || "(without a name)");
  const chosen = named.length === 1 && options.workspace === undefined ? named[0] : named.find(({ name }) => name === options.workspace);
  if (chosen === undefined)
    throw new CliError(`there are the workspaces ${names.join(", ")} in ${folder}`, {
      next: "say which one: --from-workspace NAME",
      data: { workspaces: names },
    });
  const source = `${folder}, workspace ${chosen.name || chosen.id}`;
  using single = scratch();
  return await fromFiles(single, [files.find((file) => basename(file, ".sqlite") === chosen.id)!], source, {
    ...options,
    workspace: undefined,
  });
}

const throughServer = (url: string) => `ask its server instead: coord export board.jsonl --url ${url}, then import that`;

/** One database of coord's, by a copy of its own: whatever its file is called, and whether it knows its workspace's name. */
async function fromFiles(copy: Scratch, [file]: readonly string[], name: string, { now }: SourceOptions): Promise<Reading> {
  const folder = join(copy.folder, "one");
  await using runtime = await privateRuntime(folder, { unready: true });
  const { workspaces } = await ask<{ workspaces: { id: string }[] }>(runtime, "workspaces?name=imported");
  copyDatabase(file!, join(layout(folder).databases, UNIQUE_KEY, `${workspaces[0]!.id}.sqlite`));
  const dump = join(copy.folder, "dump.gz");
  await backup({ target: runtime.target("imported"), file: dump, workspace: "imported", folder: "", force: true, progress: () => {}, now });
  return readCoord(numbered(recordsOf(dump, "imported")), name);
}

async function ask<T>(runtime: PrivateRuntime, path: string): Promise<T> {
  const { url, token } = runtime.target("");
  const response = await fetch(new URL(path, url), { headers: bearer(token) });
  if (response.ok) return (await response.json()) as T;
  throw new CliError(`the data cannot be opened: ${(await response.text()).slice(0, 300)}`, {
    next: "see what is wrong with them: coord doctor --db FOLDER",
  });
}
