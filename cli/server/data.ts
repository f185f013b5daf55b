import { closeSync, fstatSync, openSync, readSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CliError } from "../errors.ts";
import type { Check } from "./doctor.ts";
import { databaseBytes, databaseFiles, layout, UNIQUE_KEY } from "./folder.ts";
import { ask, bearer } from "./health.ts";
import { holderLives, type LockRecord, orphanOf } from "./lock.ts";
import { copyDatabases, privateRuntime, scratch } from "./private.ts";
import { dbFlag } from "./settings.ts";
import { formatBytes } from "./status.ts";
import { verifyWorkspace } from "./verify.ts";

/** Time to open a database and tell its name, in milliseconds. */
const OPEN_MS = 60_000;

/** Ids asked for in one request; the server takes so many. */
const AT_ONCE = 100;

type DatabaseFile = ReturnType<typeof databaseFiles>[number];

/**
 * Verifies every workspace of a data folder: the SQLite file, its references, and the log against the tables. By the server that has the
 * folder open, where one runs; else by a copy, so that what is broken stays as it was found.
 */
export async function examineData(folder: string, record: LockRecord | undefined, token: string | undefined): Promise<Check[]> {
  const files = databaseFiles(folder);
  if (files.length === 0) return [];
  if (record !== undefined && holderLives(record)) {
    if (record.url === undefined) return []; // said already: it is still starting
    return guarded(folder, () => throughServer(folder, files, record.url!, token));
  }
  if (record !== undefined && orphanOf(folder, record) !== undefined) {
    return [
      {
        name: "data",
        level: "warn",
        message: "not verified: a workerd without its server has them open",
        next: `coord stop${dbFlag(folder)}, then coord doctor${dbFlag(folder)}`,
      },
    ];
  }
  const torn = files.flatMap((file) => {
    const what = shapeOf(file.path);
    return what === undefined ? [] : [unreadable(folder, `${file.id}.sqlite ${what}`)];
  });
  if (torn.length > 0) return torn;
  return guarded(folder, async () => {
    const { bavail, bsize } = statfsSync(tmpdir());
    const need = databaseBytes(folder);
    if (bavail * bsize < need * 1.1) {
      return [
        {
          name: "data",
          level: "warn",
          message: `not verified: a copy of ${formatBytes(need)} is needed, and ${tmpdir()} has ${formatBytes(bavail * bsize)}`,
          next: `name a place with room: TMPDIR=FOLDER coord doctor${dbFlag(folder)}`,
        },
      ];
    }
    using copy = scratch();
    const there = join(copy.folder, "data");
    copyDatabases(folder, there);
    await using runtime = await privateRuntime(there, { unready: true });
    return await throughServer(folder, files, runtime.target("").url, runtime.token);
  });
}

async function guarded(folder: string, run: () => Promise<Check[]>): Promise<Check[]> {
  try {
    return await run();
  } catch (error) {
    const next = error instanceof CliError && error.next !== undefined ? error.next : `read the log: coord logs${dbFlag(folder)}`;
    return [{ name: "data", level: "fail", message: `cannot be verified: ${(error as Error).message}`, next }];
  }
}

async function throughServer(folder: string, files: readonly DatabaseFile[], url: string, token: string | undefined): Promise<Check[]> {
  const checks: Check[] = [];
  for (let at = 0; at < files.length; at += AT_ONCE) {
    const query = new URLSearchParams(files.slice(at, at + AT_ONCE).map(({ id }) => ["id", id] as [string, string]));
    const { status, body } = await ask(new URL(`workspaces?${query}`, url), { headers: bearer(token), response_ms: OPEN_MS });
    if (status === 401 || status === 403)
      return [
        {
          name: "data",
          level: "warn",
          message: "not verified: the server asks for a token",
          next: `COORD_TOKEN=… coord doctor${dbFlag(folder)}`,
        },
      ];
    if (status !== 200)
      throw new CliError(`the server answered ${status} to GET /workspaces`, { next: "is it of this version? coord status" });
    const { workspaces } = JSON.parse(body) as { workspaces: { id: string; name: string; error?: string }[] };
    for (const one of workspaces) checks.push(await verified(folder, one, url, token));
    const unknown = files.slice(at, at + AT_ONCE).filter(({ id }) => !workspaces.some((one) => one.id === id));
    for (const { id } of unknown)
      checks.push({
        name: "data",
        level: "warn",
        message: `${id}.sqlite is no database of this coord's`,
        next: "move it out of the data folder",
      });
  }
  return checks;
}

async function verified(
  folder: string,
  { id, name, error }: { id: string; name: string; error?: string },
  url: string,
  token: string | undefined,
): Promise<Check> {
  if (error !== undefined) return unopened(folder, `${id}.sqlite`, error);
  if (name === "") {
    return {
      name: "data",
      level: "warn",
      message: `${id}.sqlite does not know its workspace's name, as none did before this version, and was not verified`,
      next: "open it once by its name: coord info --workspace NAME",
    };
  }
  try {
    const { checked, problems, schema } = await verifyWorkspace(url, name, token);
    const [first] = problems;
    if (first === undefined)
      return { name: "data", level: "ok", message: `workspace ${name}: ${checked} tasks, as its log tells (schema ${schema})` };
    const more = problems.length > 1 ? `, and ${problems.length - 1} more` : "";
    const file = problems.some(({ what }) => /database file is damaged|refers to a row/.test(what));
    const message = `workspace ${name}: ${first.what}${more}`;
    return file ? unreadable(folder, message) : inconsistent(folder, message, id, name);
  } catch (caught) {
    return unopened(folder, `workspace ${name}`, (caught as Error).message);
  }
}

function unopened(folder: string, what: string, message: string): Check {
  if (/written by a newer coord/.test(message))
    return { name: "data", level: "fail", message: `${what}: ${message}`, next: "update coord: npm install -g coord@latest" };
  const why = /internal error|malformed|not a database|disk image/i.test(message) ? "the file is damaged" : message;
  return unreadable(folder, `${what} cannot be opened: ${why}`);
}

/** What to do about a file that cannot be read: the last backup. The other workspaces of the folder can still be exported. */
function unreadable(folder: string, message: string): Check {
  const next = [
    "put your last backup in its place, and keep the damaged folder; what other workspaces did since can be saved before, with coord export:",
    `coord stop${dbFlag(folder)}`,
    `mv '${folder}' '${folder}.damaged'`,
    `coord restore BACKUP.gz${dbFlag(folder)}`,
    `coord serve --detach${dbFlag(folder)}`,
  ];
  return { name: "data", level: "fail", message, next: next.join("\n") };
}

/** What to do about tables that do not say what the log says: what is there can be read, and put into a new file. */
function inconsistent(folder: string, message: string, id: string, workspace: string): Check {
  const file = join(layout(folder).databases, UNIQUE_KEY, `${id}.sqlite`);
  const next = [
    "save what is there, put the file aside and begin a new one with it (or restore your last backup: coord restore); and report this, it should not happen:",
    `coord export rescue.jsonl --workspace ${workspace}`,
    `coord stop${dbFlag(folder)}`,
    `mkdir -p '${folder}.damaged' && mv '${file}'* '${folder}.damaged'`,
    `coord serve --detach${dbFlag(folder)}`,
    `coord import rescue.jsonl --workspace ${workspace}`,
  ];
  return { name: "data", level: "fail", message, next: next.join("\n") };
}

/** What is wrong with a file as far as its first page and its length tell (SQLite's file format §1.3); undefined where nothing is. */
function shapeOf(path: string): string | undefined {
  const header = Buffer.alloc(100);
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    if (size === 0) return undefined; // made and never written to: its log has all
    if (readSync(file, header) < header.length || !header.toString("latin1").startsWith("SQLite format 3\0"))
      return "is no SQLite file any more";
    const page = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
    const pages = header.readUInt32BE(28);
    // the count is valid where it was written by the version that wrote last
    const valid = pages > 0 && header.readUInt32BE(24) === header.readUInt32BE(92);
    if (valid && size < pages * page) return `was cut off: it has ${size} bytes of ${pages * page}`;
    return undefined;
  } finally {
    closeSync(file);
  }
}
