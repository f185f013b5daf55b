import { lstatSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import type { CliError } from "../../cli/errors.ts";
import type { Board } from "../records.ts";
import { keepVault, type VaultOptions, type VaultReporter, type VaultStatus } from "../run.ts";

/** A new empty folder that is removed when the test ends. */
export function temporaryVault(): Disposable & { readonly root: string; path(...parts: string[]): string } {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "coord-vault-")));
  return { root, path: (...parts) => join(root, ...parts), [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

/** Every file of a vault but its own state, as bytes by path. */
export function contents(root: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const walk = (folder: string) => {
    for (const name of readdirSync(folder).sort()) {
      const path = join(folder, name);
      const key = relative(root, path).split("\\").join("/");
      if (key === ".coord") continue;
      if (lstatSync(path).isDirectory()) walk(path);
      else files.set(key, readFileSync(path));
    }
  };
  walk(root);
  return files;
}

/** The same as text, for comparisons that a person has to read. */
export function texts(root: string): Record<string, string> {
  return Object.fromEntries([...contents(root)].map(([path, bytes]) => [path, bytes.toString("utf8")]));
}

export interface Told {
  readonly notes: string[];
  readonly troubles: CliError[];
  readonly statuses: VaultStatus[];
}

export const alive = () => ({ identity: "test/1" });

/** Quick enough for a test, in milliseconds. */
const TIMES = { gather: 0, round: 0, retry_first: 5, retry_last: 20 };

function options(board: Board, root: string, told: Told, given: Partial<VaultOptions>): VaultOptions {
  const report: VaultReporter = {
    progress: () => {},
    current: (status) => void told.statuses.push(status),
    note: (text) => void told.notes.push(text),
    trouble: (error) => void told.troubles.push(error),
  };
  return { root, workspace: "default", board, lookUp: alive, report, signal: new AbortController().signal, times: TIMES, ...given };
}

/** Brings a vault up to date and ends. */
export async function catchUp(board: Board, root: string, given: Partial<VaultOptions> = {}): Promise<VaultStatus & Told> {
  const told: Told = { notes: [], troubles: [], statuses: [] };
  const status = await keepVault(options(board, root, told, { once: true, ...given }));
  return { ...status, ...told };
}

/** Follows a board in the background until `stop`. */
export function follow(
  board: Board,
  root: string,
  given: Partial<VaultOptions> = {},
): Told & { stop(): Promise<void>; readonly ended: Promise<unknown> } {
  const told: Told = { notes: [], troubles: [], statuses: [] };
  const end = new AbortController();
  const ended = keepVault(options(board, root, told, { signal: end.signal, ...given })).catch((error: unknown) => error);
  return {
    ...told,
    ended,
    stop: async () => {
      end.abort();
      await ended;
    },
  };
}
