import { randomUUID } from "node:crypto";
import * as disk from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { CliError } from "../cli/errors.ts";

/** Who keeps a vault. */
export interface LockOwner {
  readonly pid: number;
  /** When that process began, as the system tells it: the id alone may have been given to another since. */
  readonly identity: string;
  readonly host: string;
  readonly token: string;
}

/** What the system says of a living process; undefined where there is none. */
export type LookUp = (pid: number) => { readonly identity: string } | undefined;

export interface VaultLock {
  /** The lock was a dead process's: the run before this one did not end by itself. */
  readonly wasLeftBehind: boolean;
  /** The machine has, or may have, been started anew since then: files that were not synced may be gone. */
  readonly mayHaveLostFiles: boolean;
  /** Frees the vault, if the lock is still ours. */
  release(): Promise<void>;
}

const OWNER = "owner.json";

/**
 * Takes a vault for this process. The lock is a folder, `.coord/lock`, that comes into being with its owner's name in it by one
 * rename, which fails where such a folder is already there. A dead owner's folder is renamed to a name of its own and stays there
 * until the vault is freed: a second process that saw the same dead owner fails to rename, and cannot take the new lock for the old.
 * @param folder the vault's `.coord`, which exists.
 * @throws CliError where a living process keeps the vault, or one on another machine may.
 */
export async function takeLock(folder: string, lookUp: LookUp, host = hostname()): Promise<VaultLock> {
  const path = join(folder, "lock");
  const mine: LockOwner = { pid: process.pid, identity: lookUp(process.pid)?.identity ?? "", host, token: randomUUID() };
  const making = join(folder, `lock.new-${mine.token}`);
  let dead: LockOwner | undefined;
  await disk.mkdir(making);
  try {
    await disk.writeFile(join(making, OWNER), `${JSON.stringify(mine)}\n`);
    while (!(await moved(making, path))) {
      const owner = await readOwner(path);
      if (owner === undefined) continue; // freed in between
      if (owner.host !== host || isAlive(owner, lookUp)) throw heldBy(owner, host, path);
      dead = owner;
      await moved(path, join(folder, `lock.dead-${owner.token}`));
    }
  } catch (error) {
    await disk.rm(making, { recursive: true, force: true });
    throw error;
  }
  return {
    wasLeftBehind: dead !== undefined,
    mayHaveLostFiles: dead !== undefined && !sameBoot(dead.identity, mine.identity),
    release: async () => {
      if ((await readOwner(path))?.token !== mine.token) return;
      const names = await disk.readdir(folder);
      for (const name of names) if (/^lock\.(dead|new)-/.test(name)) await disk.rm(join(folder, name), { recursive: true, force: true });
      await disk.rm(path, { recursive: true, force: true });
    },
  };
}

/** Renames a folder to a place where nothing is. False where something is, or the folder is gone. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await disk.rename(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTEMPTY" || code === "EEXIST" || code === "ENOENT") return false;
    if (code === "EPERM" && process.platform === "win32") return false; // how Windows says that something is there
    throw error;
  }
}

async function readOwner(path: string): Promise<LockOwner | undefined> {
  try {
    const { pid, identity, host, token } = JSON.parse(await disk.readFile(join(path, OWNER), "utf8")) as Partial<LockOwner>;
    if (typeof pid === "number" && typeof identity === "string" && typeof host === "string" && typeof token === "string")
      return { pid, identity, host, token };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (code !== undefined) throw error;
  }
  throw new CliError(`${path} is not a lock of coord`, { next: `look at it, and remove it if nothing keeps this vault: rm -r '${path}'` });
}

function isAlive(owner: LockOwner, lookUp: LookUp): boolean {
  const facts = lookUp(owner.pid);
  return facts !== undefined && (owner.identity === "" || facts.identity === "" || facts.identity === owner.identity);
}

/** An identity begins with the boot's id on Linux; elsewhere it cannot be told. */
function sameBoot(a: string, b: string): boolean {
  const boot = (identity: string) => /^(.+)\//.exec(identity)?.[1];
  return boot(a) !== undefined && boot(a) === boot(b);
}

function heldBy(owner: LockOwner, host: string, path: string): CliError {
  const data = { code: "vault_in_use", pid: owner.pid, host: owner.host };
  if (owner.host === host)
    return new CliError(`another process (pid ${owner.pid}) keeps this vault`, {
      next: `let it, or end it: kill ${owner.pid}`,
      data,
      exit: 3,
    });
  return new CliError(`this vault is kept from another machine (${owner.host}, pid ${owner.pid})`, {
    next: `end it there; if nothing keeps it any more: rm -r '${path}'`,
    data,
    exit: 3,
  });
}
