import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { digest, type HostName } from "./hosts.ts";

const FORGET_AFTER_MS = 30 * 24 * 3600 * 1000;

export interface TabKey {
  readonly host: HostName;
  readonly session: string;
  readonly url: string;
  readonly workspace: string;
}

/**
 * What the hooks of one tab remember from one turn to the next, in a folder of its own under the user's data folder: the cursor up to
 * which the tab was told, the claims that it was reminded of, which process waits for it, and how often in a row a hook made it go on.
 * Each is a file that is replaced whole, and each has one writer, so a crash leaves the old value or the new one. Losing all of it
 * repeats what was said once; it loses nothing.
 */
export class TabState {
  readonly #folder: string;

  /** @param root the user's data folder */
  constructor(root: string, { host, session, url, workspace }: TabKey) {
    this.#folder = join(root, "hooks", `${host}-${digest(session, url, workspace)}`);
  }

  get cursor(): number | undefined {
    const cursor = Number(this.#read("cursor") ?? Number.NaN);
    return Number.isSafeInteger(cursor) && cursor >= 0 ? cursor : undefined;
  }

  /** Undefined: the board's log is another one than it was. */
  set cursor(cursor: number | undefined) {
    if (cursor === undefined) rmSync(join(this.#folder, "cursor"), { force: true });
    else this.#write("cursor", String(cursor));
  }

  get reminded(): ReadonlySet<string> {
    return new Set(this.#read("reminded")?.split("\n"));
  }

  /** @param claims those that are held now: what has ended is forgotten */
  set reminded(claims: ReadonlySet<string>) {
    this.#write("reminded", [...claims].join("\n"));
  }

  /** Turns in a row that a hook brought about. */
  get continued(): number {
    return Number(this.#read("continued") ?? 0) || 0;
  }

  set continued(turns: number) {
    if (turns !== this.continued) this.#write("continued", String(turns));
  }

  /** Makes this process the one that waits for the tab. @returns whether it still is */
  becomeWaiter(): () => boolean {
    const mine = randomUUID();
    this.#write("waiter", mine);
    return () => this.#read("waiter") === mine;
  }

  #read(name: string): string | undefined {
    try {
      return readFileSync(join(this.#folder, name), "utf8");
    } catch {
      return undefined; // nothing remembered yet
    }
  }

  #write(name: string, text: string): void {
    const path = join(this.#folder, name);
    const temporary = `${path}.${process.pid}.new`;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    writeFileSync(temporary, text, { mode: 0o600 });
    renameSync(temporary, path);
  }
}

/** Forgets tabs that no hook has been run for in thirty days. */
export function forgetOldTabs(root: string, now: number): void {
  for (const folder of [join(root, "hooks"), join(root, "tabs")]) forgetOld(folder, now);
}

function forgetOld(folder: string, now: number): void {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return; // there never was a tab
  }
  for (const name of names) {
    const path = join(folder, name);
    try {
      if (now - statSync(path).mtimeMs > FORGET_AFTER_MS) rmSync(path, { recursive: true, force: true });
    } catch {
      // another hook was faster
    }
  }
}
