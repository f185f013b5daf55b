import { dataDir } from "../config.ts";
import { CliError } from "../errors.ts";
import { holderLives, killOrphan, readLock, removeDeadLock } from "./lock.ts";
import { killNow, waitUntilGone } from "./processes.ts";
import { dbFlag } from "./settings.ts";

export interface StopFlags {
  db?: string;
  json?: boolean;
}

/** A server promises to end within 3 s; one that takes longer than this is stuck. In milliseconds. */
const PATIENCE_MS = 5000;

export interface StopResult {
  readonly stopped: boolean;
  /** The server's process, where one ran. */
  readonly pid?: number;
  readonly url?: string;
  /** It had to be killed. Answered requests are on disk all the same. */
  readonly killed?: boolean;
  readonly db: string;
}

/** Ends the server of a data folder and waits until it is gone; a workerd that outlived its server is ended too. */
export async function stopServer(folder: string): Promise<StopResult> {
  const record = readLock(folder);
  if (record === undefined) return { stopped: false, db: folder };
  const about = { pid: record.pid, ...(record.url === undefined ? {} : { url: record.url }), db: folder };
  if (!holderLives(record)) {
    const orphan = await killOrphan(folder, record);
    removeDeadLock(folder, record);
    return orphan ? { ...about, stopped: true, killed: true } : { stopped: false, db: folder };
  }
  try {
    process.kill(record.pid, "SIGTERM");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ESRCH") {
      throw new CliError(`the server (pid ${record.pid}) belongs to another user`, {
        next: `end it as that user: coord stop${dbFlag(folder)}`,
        cause,
        data: { pid: record.pid },
      });
    }
  }
  const inTime = await waitUntilGone(record.pid, record.identity, PATIENCE_MS);
  if (!inTime) {
    killNow(record.pid);
    await waitUntilGone(record.pid, record.identity, PATIENCE_MS);
  }
  // Nothing is left of it in the normal case; after a SIGKILL workerd's watcher needs a moment.
  const left = readLock(folder);
  if (left?.token === record.token) {
    await killOrphan(folder, left);
    removeDeadLock(folder, left);
  }
  return { ...about, stopped: true, ...(inTime ? {} : { killed: true }) };
}

/** `coord stop`. Resolves with the exit code: 0 also when nothing ran. */
export async function stop(flags: StopFlags): Promise<number> {
  const folder = dataDir(flags.db);
  const result = await stopServer(folder);
  if (flags.json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else if (!result.stopped) process.stdout.write(`no server runs on ${folder}\n`);
  else
    process.stdout.write(
      `stopped the server${result.url ? ` at ${result.url}` : ""} (pid ${result.pid})${result.killed ? ", by force" : ""}\n`,
    );
  return 0;
}
