import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { lookUp } from "../server/processes.ts";
import { digest } from "./hosts.ts";
import { hostProcess, isAlive, type Known } from "./tab.ts";

/**
 * One tab, one handle. A host starts hooks and `coord mcp` apart from each other, in whichever order, and tells neither of the other;
 * what they have in common is the host's process. So the handle lies in a file named after that process. Whoever comes first writes it,
 * the other takes it over; what a user named (`--as`, COORD_AS) goes before what was made up.
 */
interface TabFile {
  readonly handle: string;
  /** The session whose hooks use it, digested. */
  readonly session?: string;
  /** The `coord mcp` that acts under it. */
  readonly server?: Known;
}

/** Where the file of the tab around this process is; undefined where the system does not tell processes apart. */
function tabFile(root: string): string | undefined {
  const host = hostProcess();
  return host && join(root, "tabs", `${host.pid}-${digest(host.identity)}`);
}

/**
 * The handle of a hook's session: that of the tab's living `coord mcp`, else the one that this session had, else its own.
 * @param root the user's data folder
 * @param own made from the session, or given by the user
 * @param isGiven the user named it
 */
export function handleOfSession(root: string, session: string, own: string, isGiven: boolean): string {
  return settle(root, own, (there) => {
    const server = there?.server && isAlive(there.server) ? there.server : undefined;
    const had = server || there?.session === digest(session) ? there?.handle : undefined;
    return { handle: isGiven ? own : (had ?? own), session: digest(session), ...(server ? { server } : {}) };
  });
}

/**
 * The handle of a `coord mcp`: that of the tab's session where its hooks came first, else its own. A second server of one host, as an
 * editor with two windows has it, keeps its own.
 */
export function handleOfServer(root: string, own: string, isGiven: boolean): string {
  const me = { pid: process.pid, identity: lookUp(process.pid)?.identity ?? "" };
  return settle(root, own, (there) => {
    if (there?.server && there.server.pid !== me.pid && isAlive(there.server)) return undefined;
    const session = there?.session === undefined ? {} : { session: there.session };
    return { handle: !isGiven && there?.session !== undefined ? there.handle : own, ...session, server: me };
  });
}

/** Reads the tab's file, decides, and writes it. Whatever cannot be read or written leaves each with its own handle. */
function settle(root: string, own: string, decide: (there: TabFile | undefined) => TabFile | undefined): string {
  try {
    const path = tabFile(root);
    if (path === undefined) return own;
    const there = read(path);
    const wanted = decide(there);
    if (!wanted) return own;
    if (JSON.stringify(wanted) === JSON.stringify(there)) return wanted.handle;
    if (write(path, wanted, there === undefined)) return wanted.handle;
    // the other was faster by a moment
    const now = decide(read(path));
    if (now) write(path, now, false);
    return now?.handle ?? own;
  } catch {
    return own; // a folder that cannot be written: two handles are a nuisance, no reason to fail
  }
}

function read(path: string): TabFile | undefined {
  try {
    const file = JSON.parse(readFileSync(path, "utf8")) as TabFile;
    return typeof file.handle === "string" ? file : undefined;
  } catch {
    return undefined; // nobody was here yet
  }
}

/** @returns false where `isNew` and there is one by now */
function write(path: string, file: TabFile, isNew: boolean): boolean {
  const temporary = `${path}.${process.pid}.new`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(temporary, JSON.stringify(file), { mode: 0o600 });
  if (!isNew) {
    renameSync(temporary, path);
    return true;
  }
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}
