import { randomBytes } from "node:crypto";
import { constants, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { Target } from "../client/types.ts";
import { CliError } from "../errors.ts";
import { diskFull } from "../surroundings.ts";
import { layout, UNIQUE_KEY } from "./folder.ts";
import { holderLives, orphanOf, readLock } from "./lock.ts";
import { startRuntime } from "./runtime.ts";
import { dbFlag } from "./settings.ts";

/** A server that only this process can ask: it wants a token that nobody else knows. */
export interface PrivateRuntime extends AsyncDisposable {
  readonly token: string;
  /** How clients reach one of its workspaces. */
  target(workspace: string): Target;
}

interface PrivateOptions {
  /** Another worker than coord's own. */
  readonly workerModule?: string;
  /** Do without opening the default workspace, which may be the one that is damaged. */
  readonly unready?: boolean;
}

/**
 * Serves a folder on a free port of this machine to this process alone, to fill, read or verify it. Nothing happens in it by itself: no
 * lease lapses, no webhook is called.
 */
export async function privateRuntime(folder: string, options: PrivateOptions = {}): Promise<PrivateRuntime> {
  const token = randomBytes(24).toString("hex");
  const runtime = await startRuntime({
    folder,
    address: { host: "127.0.0.1", port: 0, loopback: true },
    token,
    passed: { COORD_STILL: "1" },
    log: () => {},
    ...options,
  });
  return {
    token,
    target: (workspace) => ({ url: runtime.url, workspace, token }),
    [Symbol.asyncDispose]: () => runtime[Symbol.asyncDispose](),
  };
}

/** What ends a program that is asked to. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A private folder that is gone when it is disposed of. */
export interface Scratch extends Disposable {
  readonly folder: string;
}

/** @throws CliError where the disk has no room */
export function scratch(): Scratch {
  try {
    const folder = mkdtempSync(join(tmpdir(), "coord-copy-"));
    const remove = () => {
      process.off("exit", remove);
      for (const signal of SIGNALS) process.off(signal, end);
      rmSync(folder, { recursive: true, force: true });
    };
    const end = (signal: NodeJS.Signals) => {
      remove();
      process.kill(process.pid, signal);
    };
    // also where the program ends in the middle: a reader of its output that is gone, an interrupt
    process.on("exit", remove);
    for (const signal of SIGNALS) process.on(signal, end);
    return { folder, [Symbol.dispose]: remove };
  } catch (error) {
    throw noCopy(tmpdir(), error);
  }
}

/**
 * Refuses a data folder that a server has open: its files are half of what it knows, and a second reader is what damages such files.
 * @throws CliError with the way to read it through that server
 */
export function refuseServed(folder: string, through: (url: string) => string): void {
  const record = readLock(folder);
  if (record === undefined) return;
  if (holderLives(record)) {
    throw new CliError(
      `${folder} is served${record.url ? ` at ${record.url}` : ""} (pid ${record.pid}); its files are not read meanwhile`,
      {
        next: record.url ? through(record.url) : "wait until it has started",
      },
    );
  }
  const orphan = orphanOf(folder, record);
  if (orphan !== undefined) {
    throw new CliError(`a workerd that outlived its server (pid ${orphan}) still has ${folder} open`, {
      next: `end it: coord stop${dbFlag(folder)}`,
    });
  }
}

/** Copies the databases of a data folder, and which runtime wrote them; not its alarms, which would ring. The original is only read. */
export function copyDatabases(from: string, to: string): void {
  const [source, goal] = [layout(from), layout(to)];
  const home = join(source.databases, UNIQUE_KEY);
  mkdirSync(join(goal.databases, UNIQUE_KEY), { recursive: true, mode: 0o700 });
  for (const name of readdirSync(home)) {
    if (/^[0-9a-f]{64}\.sqlite(-wal)?$/.test(name)) copy(join(home, name), join(goal.databases, UNIQUE_KEY, name));
  }
  if (readdirSync(from).includes(basename(source.runtime))) copy(source.runtime, goal.runtime);
}

/** Copies one SQLite file, with what its log holds that is not in it yet. */
export function copyDatabase(file: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
  copy(file, to);
  if (readdirSync(dirname(file)).includes(`${basename(file)}-wal`)) copy(`${file}-wal`, `${to}-wal`);
}

function copy(from: string, to: string): void {
  try {
    copyFileSync(from, to, constants.COPYFILE_FICLONE);
  } catch (error) {
    throw noCopy(from, error);
  }
}

function noCopy(what: string, error: unknown): unknown {
  const full = diskFull(error, tmpdir());
  if (full) return full;
  return new CliError(`${what} cannot be copied to look into it: ${(error as Error).message}`, {
    next: "see its owner and rights, or name another place for the copy in TMPDIR",
    cause: error,
  });
}
