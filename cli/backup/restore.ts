import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statfsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { CliError } from "../errors.ts";
import { layout } from "../server/folder.ts";
import { bearer } from "../server/health.ts";
import { type PrivateRuntime, privateRuntime } from "../server/private.ts";
import { verifyWorkspace } from "../server/verify.ts";
import { type Page, readBackup, type WorkspaceHead } from "./file.ts";

export interface RestoreReport {
  readonly folder: string;
  readonly made_at: string;
  readonly workspaces: readonly { readonly name: string; readonly tasks: number; readonly events: number }[];
}

export interface RestoreOptions {
  readonly file: string;
  /** The data folder to make; it may exist, but must be empty. */
  readonly folder: string;
  /** Only read the file and check it. */
  readonly dryRun: boolean;
  readonly progress: (workspace: string, rows: number, of: number) => void;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Rows a request, in characters of JSON: well below what a server takes in one part of a backup. */
const PART_CHARS = 512 * 1024;

/** Where a restore failed with less room than this on the disk, the disk is why, whatever the part that failed says of it; in bytes. */
const LITTLE_ROOM = 1024 * 1024;

/** What a workspace's last turn said: which earlier rows count no more, and what stands in their place. */
export interface Ending {
  readonly head: WorkspaceHead;
  readonly touched: ReadonlySet<number>;
  readonly pages: ReadonlyMap<string, readonly Page[]>;
  readonly rows: Readonly<Record<string, number>>;
}

/**
 * Makes a data folder out of a backup. The file is read twice: first to see that it is whole, then to load it, by a private server, into a
 * folder beside the new one. Only when all is loaded, counted and verified does that folder get its name: a restore that fails, or is
 * killed, leaves no half of one.
 */
export async function restore(options: RestoreOptions): Promise<RestoreReport> {
  const file = resolve(options.file);
  const folder = resolve(options.folder);
  if (!options.dryRun) refuseUsed(folder);
  const { at, endings } = await endingsOf(file);
  const workspaces = endings.map(({ head, rows }) => ({ name: head.workspace, tasks: rows.tasks ?? 0, events: rows.events ?? 0 }));
  const report = { folder, made_at: at, workspaces };
  if (options.dryRun) return report;
  const beside = `${folder}.restoring`;
  rmSync(beside, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  try {
    await loadAll(beside, file, endings, options);
    rmSync(layout(beside).log, { force: true });
    if (existsSync(folder)) rmdirSync(folder);
    renameSync(beside, folder);
  } catch (error) {
    const room = roomAt(dirname(folder));
    rmSync(beside, { recursive: true, force: true });
    if (room >= LITTLE_ROOM) throw error;
    throw new CliError(`the disk of ${dirname(folder)} is full; nothing was restored`, {
      next: "make room (df -h shows where), or restore to another disk with --db",
      data: { code: "disk_full" },
      cause: error,
    });
  }
  return report;
}

/** Bytes that are free where the folder is. */
function roomAt(folder: string): number {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY; // not there: then that is what is wrong
  }
}

function refuseUsed(folder: string): void {
  let entries: string[];
  try {
    entries = readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw new CliError(`${folder} cannot be the data folder: ${(error as Error).message}`, {
      next: "name another with --db",
      cause: error,
    });
  }
  if (entries.length === 0) return;
  throw new CliError(`${folder} is not empty; a backup is never mixed with what is there`, {
    next: `restore beside it, look, then put it in place: coord restore FILE --db '${folder}-restored'`,
  });
}

/** The first reading: refuses what is not whole, and keeps of each workspace what its last turn said. */
export async function endingsOf(file: string): Promise<{ at: string; endings: Ending[] }> {
  const endings: Ending[] = [];
  let at = "";
  let head: WorkspaceHead | undefined;
  let final: { touched: ReadonlySet<number>; pages: Map<string, Page[]> } | undefined;
  for await (const line of readBackup(file)) {
    if ("coord_backup" in line) at = line.at;
    else if ("workspace" in line) head = line;
    else if ("final" in line) final = { touched: new Set(line.final.touched), pages: new Map() };
    else if ("table" in line) final?.pages.set(line.table, [...(final.pages.get(line.table) ?? []), line]);
    else if ("end" in line && head && final) {
      endings.push({ head, ...final, rows: line.end.rows });
      head = final = undefined;
    }
  }
  return { at, endings };
}

async function loadAll(folder: string, file: string, endings: readonly Ending[], options: RestoreOptions): Promise<void> {
  await using runtime = await privateRuntime(folder, { unready: true });
  let ending: Ending | undefined;
  let loader: Loader | undefined;
  for await (const line of readBackup(file)) {
    if ("workspace" in line) {
      ending = endings.find((one) => one.head.workspace === line.workspace)!;
      loader = new Loader(runtime, ending, options.progress);
      await loader.begin();
    } else if ("table" in line && loader) await loader.page(line);
    else if ("final" in line && loader) {
      await loader.end();
      loader = undefined; // what follows is in the ending already
    }
  }
  for (const { head } of endings) {
    const { problems } = await verifyWorkspace(runtime.target("").url, head.workspace, runtime.token);
    if (problems.length === 0) continue;
    throw new CliError(`the workspace ${head.workspace} does not hold together: ${problems[0]!.what}; nothing was restored`, {
      next: "use another backup, and report this one: it should not have been written",
      data: { problems },
    });
  }
}

/** Sends one workspace to the private server, table after table, each with its newer rows in place of the older. */
class Loader {
  readonly #url: URL;
  readonly #token: string;
  readonly #ending: Ending;
  readonly #progress: RestoreOptions["progress"];
  readonly #tables: string[];
  readonly #total: number;
  #rows = 0;

  constructor(runtime: PrivateRuntime, ending: Ending, progress: RestoreOptions["progress"]) {
    this.#url = new URL(`w/${ending.head.workspace}/restore`, runtime.target("").url);
    this.#token = runtime.token;
    this.#ending = ending;
    this.#progress = progress;
    this.#tables = Object.keys(ending.head.tables);
    this.#total = Object.values(ending.rows).reduce((sum, count) => sum + count, 0);
  }

  async begin(): Promise<void> {
    await this.#post({ begin: { schema: this.#ending.head.schema } });
  }

  /** A page of the first part. */
  async page(page: Page): Promise<void> {
    await this.#finishUpTo(page.table);
    const { touched, head } = this.#ending;
    const number = head.tables[page.table] === "number" ? page.columns.indexOf("number") : -1;
    await this.#load(number === -1 ? page : { ...page, rows: page.rows.filter((row) => !touched.has(row[number] as number)) });
  }

  async end(): Promise<void> {
    await this.#finishUpTo(undefined);
    await this.#post({ end: { rows: this.#ending.rows } });
  }

  /** Every table before this one gets its newer rows: they refer to no table after it. */
  async #finishUpTo(table: string | undefined): Promise<void> {
    while (this.#tables.length > 0 && this.#tables[0] !== table) {
      for (const page of this.#ending.pages.get(this.#tables.shift()!) ?? []) await this.#load(page);
    }
  }

  async #load(page: Page): Promise<void> {
    let rows: Page["rows"][number][] = [];
    let size = 0;
    const flush = async () => {
      if (rows.length > 0) await this.#post({ table: page.table, columns: page.columns, rows });
      this.#rows += rows.length;
      this.#progress(this.#ending.head.workspace, this.#rows, this.#total);
      [rows, size] = [[], 0];
    };
    for (const row of page.rows) {
      const length = row.reduce<number>((sum, value) => sum + (typeof value === "string" ? value.length : 8), 0);
      if (size + length > PART_CHARS) await flush();
      rows.push(row);
      size += length;
    }
    await flush();
  }

  async #post(part: unknown): Promise<void> {
    const response = await fetchOr(this.#url, {
      method: "POST",
      headers: { "content-type": "application/json", ...bearer(this.#token) },
      body: JSON.stringify(part),
    });
    const text = await response.text();
    if (response.ok) return;
    throw new CliError(`${messageIn(text) ?? `the private server answered ${response.status}`}; nothing was restored`, {
      next: /disk .*full/i.test(text) ? "make room (df -h shows where), then restore again" : "use another backup, or a newer coord",
    });
  }
}

/** As `fetch`; a private server that went away is told as such. */
async function fetchOr(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    throw new CliError(`the private server that filled the folder went away: ${(cause as Error).message}; nothing was restored`, {
      next: "is there room on the disk? df -h; then try again",
      cause,
    });
  }
}

/** What a refusal says; undefined where the text is none. */
function messageIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { error?: { message?: string } }).error?.message;
  } catch {
    return undefined; // no answer of coord's
  }
}
