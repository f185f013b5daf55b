import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { CliError } from "../errors.ts";
import { diskFull } from "../surroundings.ts";
import { layout, replaceFile } from "./folder.ts";
import { isSameProcess, killNow, lookUp, waitUntilGone } from "./processes.ts";

/**
 * `coord.lock`: who serves this data folder. Written when a server starts, amended when workerd runs and again when it
 * answers, removed when the server ends. After a crash it stays behind and names dead processes; the next server takes it over.
 */
export interface LockRecord {
  /** The `coord serve` process. */
  readonly pid: number;
  /** When that process began, as the system tells it: the id alone may have been given to another since. */
  readonly identity: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Says whose lock this is; whoever removes it must know the token. */
  readonly token: string;
  readonly workerdPid?: number;
  readonly workerdIdentity?: string;
  /** Set once the server answers requests. */
  readonly url?: string;
}

export interface Lock {
  readonly record: LockRecord;
  /** Amends the file; refuses when the lock is no longer ours (somebody removed it by hand). */
  update(changes: Pick<Partial<LockRecord>, "workerdPid" | "workerdIdentity" | "url">): void;
  /** Removes the file if it is still ours. */
  release(): void;
}

/**
 * What a lock without sense counts as: one of a dead process. A power failure can leave an empty file behind. Where the
 * file system has no hard links it can also be a lock in the making, so `take` looks again before it believes this.
 */
const UNREADABLE: LockRecord = { pid: 0, identity: "", startedAt: 0, token: "unreadable" };

function readRecord(path: string): LockRecord | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new CliError(`${path} cannot be read: ${(error as Error).message}`, {
      next: "see its owner and rights: coord doctor",
      cause: error,
    });
  }
  try {
    const record = JSON.parse(text) as LockRecord;
    if (typeof record.pid === "number" && typeof record.token === "string") return record;
  } catch {
    // An empty or torn file: see UNREADABLE.
  }
  return UNREADABLE;
}

/** The lock of a data folder as it stands, undefined when there is none. Its processes may be dead: see `holderLives`. */
export function readLock(folder: string): LockRecord | undefined {
  return readRecord(layout(folder).lock);
}

/** Whether the `coord serve` that wrote the lock still runs. */
export function holderLives(record: LockRecord): boolean {
  return isSameProcess(record.pid, record.identity);
}

/** workerd's id when it outlived its `coord serve` and is certainly the one of this folder. */
export function orphanOf(folder: string, record: LockRecord): number | undefined {
  if (record.workerdPid === undefined || holderLives(record)) return undefined;
  const facts = lookUp(record.workerdPid);
  if (facts === undefined || (record.workerdIdentity && facts.identity !== record.workerdIdentity)) return undefined;
  return facts.command.includes(layout(folder).databases) ? record.workerdPid : undefined;
}

/** Kills a workerd that outlived its `coord serve`. Data are safe: every answer was on disk before it was given. */
export async function killOrphan(folder: string, record: LockRecord): Promise<boolean> {
  const orphan = orphanOf(folder, record);
  if (orphan === undefined) return false;
  killNow(orphan);
  if (!(await waitUntilGone(orphan, record.workerdIdentity, 5000))) {
    throw new CliError(`a workerd that outlived its server (pid ${orphan}) still has the data folder open and does not die`, {
      next: `kill -9 ${orphan}`,
      data: { pid: orphan },
    });
  }
  return true;
}

/** Creates the file with its whole content if there is none. False when there is one. */
function create(path: string, record: LockRecord): boolean {
  const text = `${JSON.stringify(record)}\n`;
  const temporary = `${path}.${record.token}`;
  try {
    writeFileSync(temporary, text, { mode: 0o600 });
    linkSync(temporary, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (diskFull(error, path)) throw error;
    // A file system without hard links: exclusive creation, which a reader could see empty for a moment.
    try {
      writeFileSync(path, text, { flag: "wx", mode: 0o600 });
      return true;
    } catch (second) {
      if ((second as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw second;
    }
  } finally {
    rmSync(temporary, { force: true });
  }
}

function removeIfOurs(path: string, token: string): void {
  try {
    if (readRecord(path)?.token === token) rmSync(path, { force: true });
  } catch {
    // Unreadable or rewritten by hand: not ours to remove.
  }
}

function heldBy(record: LockRecord): CliError {
  const data = { code: "already_served", pid: record.pid, ...(record.url === undefined ? {} : { url: record.url }) };
  return record.url === undefined
    ? new CliError(`another coord serve (pid ${record.pid}) is starting on this data folder`, { next: "coord status", data })
    : new CliError(`this data folder is already served at ${record.url} (pid ${record.pid})`, {
        next: "use that server, stop it with coord stop, or give this one another folder with --db",
        data,
      });
}

/**
 * Takes `path` for `record`, over a dead holder if need be. Two who find the same dead lock at once must not remove each
 * other's new one. So a dead lock is only removed under a second lock, named after the dead one's token, and only if it is
 * still the same dead lock then. That second lock is taken in the same way: its holder, too, may have died.
 */
async function take(path: string, record: LockRecord, onStale: (dead: LockRecord) => Promise<void>): Promise<LockRecord | undefined> {
  const moment = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  for (let looks = 0; ; ) {
    if (create(path, record)) return undefined;
    const holder = readRecord(path);
    if (holder === undefined) continue; // Released in between.
    if (holder === UNREADABLE && ++looks < 20) {
      await moment(50);
      continue;
    }
    if (holderLives(holder)) return holder;
    const guard = `${path}.over-${holder.token}`;
    if ((await take(guard, record, async () => {})) !== undefined) {
      // A living process is at it right now; it needs a moment to end the orphan.
      await moment(20);
      continue;
    }
    try {
      if (readRecord(path)?.token !== holder.token) continue;
      await onStale(holder);
      rmSync(path, { force: true });
      if (create(path, record)) return undefined;
    } finally {
      removeIfOurs(guard, record.token);
    }
  }
}

/**
 * Takes the lock of a data folder for this process. A lock of dead processes is taken over, and a workerd that outlived
 * its server is killed first. Throws `CliError` with the server's URL when a living server holds it.
 */
export async function takeLock(folder: string, now: () => number): Promise<Lock> {
  const path = layout(folder).lock;
  const identity = lookUp(process.pid)?.identity ?? "";
  let record: LockRecord = { pid: process.pid, identity, startedAt: now(), token: randomUUID() };
  const holder = await take(path, record, async (dead) => {
    await killOrphan(folder, dead);
  });
  if (holder !== undefined) throw heldBy(holder);
  return {
    get record() {
      return record;
    },
    update(changes) {
      if (readRecord(path)?.token !== record.token) {
        throw new CliError(`the lock ${path} was removed or replaced while this server ran`, {
          next: "stop it, then start anew: coord serve",
        });
      }
      record = { ...record, ...changes };
      replaceFile(path, `${JSON.stringify(record)}\n`);
    },
    release() {
      removeIfOurs(path, record.token);
    },
  };
}

/** Removes the lock that a dead server left behind; `coord stop` calls it after it made sure that nothing lives. */
export function removeDeadLock(folder: string, record: LockRecord): void {
  if (!holderLives(record)) removeIfOurs(layout(folder).lock, record.token);
}
