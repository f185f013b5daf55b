import type { Target } from "../client/types.ts";
import { mayAutostart } from "../config.ts";
import { CliError } from "../errors.ts";
import { urlOf } from "./address.ts";
import { startDetached } from "./detach.ts";
import { health } from "./health.ts";
import { holderLives, type LockRecord, readLock } from "./lock.ts";
import { dbFlag, serverSettings } from "./settings.ts";

/** As long as a server may take to start: beyond it, whoever holds the lock has failed. In milliseconds. */
const WAIT_MS = 30_000;

function nothingThere(target: Target): CliError {
  return new CliError(`no coord server answers at ${target.url}`, {
    next: "start one with coord serve, or name another with --url",
    data: { url: target.url },
  });
}

/** Follows the server that holds the lock until it answers; undefined when it ended instead, so that another may be started. */
async function follow(folder: string, deadline: number): Promise<LockRecord | undefined> {
  for (;;) {
    const record = readLock(folder);
    if (record === undefined || !holderLives(record)) return undefined;
    if (record.url !== undefined && (await health(record.url, { connect_ms: 1000, response_ms: 2000 })).state === "up") return record;
    if (performance.now() > deadline) {
      throw new CliError(`the server (pid ${record.pid}) that holds the data folder does not answer`, {
        next: `end it with coord stop${dbFlag(folder)}, then try again`,
        data: { pid: record.pid },
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/**
 * Makes sure that a server answers at the default URL: to be called after a connection to it was refused, never before.
 * Starts one in the background unless another process is doing so already; of several that start one at once, the folder's
 * lock picks one, and all return when it answers. Says on stderr that it did so, unless `quiet`.
 * Throws `CliError` when autostart is off, the URL is not the default one, or the server does not start.
 */
export async function ensureServer(target: Target, { quiet = false } = {}): Promise<void> {
  if (!mayAutostart(target)) throw nothingThere(target);
  const settings = serverSettings({});
  if (settings.address.port === 0) throw nothingThere(target); // Nobody would know where it listens.
  const deadline = performance.now() + WAIT_MS;
  while (performance.now() < deadline) {
    const running = await follow(settings.folder, deadline);
    if (running?.url !== undefined) {
      if (running.url === urlOf(settings.address)) return;
      throw new CliError(`the data folder is served at ${running.url}, not at ${target.url}`, {
        next: `use that server: --url ${running.url}, or end it with coord stop`,
        data: { url: running.url, pid: running.pid },
      });
    }
    try {
      const ready = await startDetached(settings);
      if (!quiet) process.stderr.write(`coord: started a server at ${ready.url}; coord stop ends it\n`);
      return;
    } catch (error) {
      // Somebody was faster: the next turn follows that one.
      if (!(error instanceof CliError && error.data.code === "already_served")) throw error;
    }
  }
  throw nothingThere(target);
}
