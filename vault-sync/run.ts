import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ConnectionLost } from "../cli/client/failures.ts";
import type { Subscription } from "../cli/client/types.ts";
import { CliError } from "../cli/errors.ts";
import type { Event } from "../protocol/index.ts";
import { type Disk, Files } from "./files.ts";
import { Journal, type JournalLine } from "./journal.ts";
import { type LookUp, takeLock } from "./lock.ts";
import { Model, noDirt } from "./model.ts";
import { type Board, Records } from "./records.ts";
import { type Place, placesOf } from "./render/file.ts";
import { assureSameBoard, otherBoard, type Phase, Sync } from "./sync.ts";
import { fileTrouble, isFileTrouble } from "./trouble.ts";

/** How a vault stands once it is at rest for the first time. */
export interface VaultStatus {
  readonly vault: string;
  readonly workspace: string;
  /** The seq up to which the vault tells the log. */
  readonly cursor: number;
  readonly tasks: number;
  readonly agents: number;
  /** Files written in this run. */
  readonly written: number;
  /** Places where something lies that is not the vault's own, and was not touched. */
  readonly foreign: readonly string[];
}

export interface VaultReporter {
  progress(what: Phase, done: number, total: number): void;
  /** At rest for the first time. */
  current(status: VaultStatus): void;
  note(text: string): void;
  trouble(error: CliError): void;
}

export interface VaultOptions {
  /** Absolute path of the vault's folder; made when missing. */
  readonly root: string;
  readonly workspace: string;
  readonly board: Board;
  readonly lookUp: LookUp;
  readonly report: VaultReporter;
  /** Ends it; every file is whole, and the next run goes on from there. */
  readonly signal: AbortSignal;
  /** Forget what the journal says and make every file anew. */
  readonly rebuild?: boolean;
  /** End as soon as the vault tells everything that the log held when it began. */
  readonly once?: boolean;
  /** For tests: a disk that fails. */
  readonly disk?: Disk;
  readonly times?: Partial<typeof TIMES>;
}

/** In milliseconds. */
const TIMES = {
  /** Events that come together are written together. */
  gather: 40,
  /** The least between two rounds under a steady stream: the home note and the canvas are written in each. */
  round: 200,
  retry_first: 1_000,
  retry_last: 30_000,
};
/** A replay is written in one go, unless it is longer than this. */
const MOST_GATHERED = 50_000;

const FOLDERS = [".", "tasks", "decisions", "agents", "log"];

/**
 * Keeps a vault until the signal, or with `once` until it is current. A server that goes away is waited for, and so is a disk that refuses.
 * @throws CliError: the vault is kept by another process (exit 3), cannot be used at all, was made from another board, or its `.coord` was removed.
 */
export async function keepVault(options: VaultOptions): Promise<VaultStatus> {
  const { root, lookUp } = options;
  const state = join(root, ".coord");
  try {
    await mkdir(root, { recursive: true });
    await mkdir(state, { recursive: true });
    const lock = await takeLock(state, lookUp);
    try {
      return await new Keeper(options, join(state, "journal.jsonl")).run(lock.mayHaveLostFiles);
    } finally {
      await lock.release();
    }
  } catch (error) {
    throw isFileTrouble(error) ? fileTrouble(root, error) : error;
  }
}

class Keeper {
  readonly #options: VaultOptions;
  readonly #journalPath: string;
  readonly #files: Files;
  readonly #times: typeof TIMES;
  #incoming: Event[] = [];
  #wake: () => void = () => {};
  #lost: CliError | undefined;

  constructor(options: VaultOptions, journalPath: string) {
    this.#options = options;
    this.#journalPath = journalPath;
    this.#files = new Files(options.root, options.disk);
    this.#times = { ...TIMES, ...options.times };
  }

  async run(mayHaveLostFiles: boolean): Promise<VaultStatus> {
    const { board, root, workspace, rebuild = false, report, signal } = this.#options;
    await this.#files.cleanUp(FOLDERS);
    const old = await Journal.read(this.#journalPath, this.#options.disk);
    if (old && !rebuild && old.header.workspace !== workspace) throw otherBoard(root);
    const isNew = rebuild || old === undefined;
    const journal = isNew ? await Journal.create(this.#journalPath, workspace, this.#options.disk) : old.journal;
    const sync = new Sync({
      workspace,
      files: this.#files,
      journal,
      records: new Records(board),
      onProgress: (what, done, total) => report.progress(what, done, total),
      onForeign: (path) => report.note(`${path} is not the vault's own and stays as it is; move it away to have the vault's there`),
    });
    if (!isNew) {
      const first = old.lines.find((line) => "entry" in line);
      const { events } = await board.call("events/list", { after: 0, limit: 1 });
      assureSameBoard(events[0], first && "entry" in first ? first.entry : undefined, root);
      sync.load(old.lines);
    } else if (old) sync.load(old.lines.filter((line) => "wrote" in line));
    if (isNew || mayHaveLostFiles) sync.refresh();
    const subscription = await this.#follow(sync);
    try {
      return await this.#rounds(sync, rebuild ? placesBefore(old?.lines ?? []) : undefined);
    } finally {
      if (!signal.aborted) await subscription.stop();
    }
  }

  async #follow(sync: Sync): Promise<Subscription> {
    const { board, root, signal } = this.#options;
    signal.addEventListener("abort", () => this.#wake(), { once: true });
    const onLost = (error: CliError) => {
      this.#lost = error.data.code === "cursor_ahead" ? otherBoard(root) : error;
      this.#wake();
    };
    try {
      return await board.subscribe({ after: sync.model.cursor, onLost }, (events) => {
        this.#incoming.push(...events);
        this.#wake();
      });
    } catch (error) {
      throw error instanceof CliError && error.data.code === "cursor_ahead" ? otherBoard(root) : error;
    }
  }

  /** Rounds of writing, until the end. A round that fails is repeated with a growing pause; what it had to do is not forgotten. */
  async #rounds(sync: Sync, before: ReadonlyMap<string, Place> | undefined): Promise<VaultStatus> {
    const { board, once = false, report, signal } = this.#options;
    const { head } = await board.call("workspace/info", {});
    let toPrune = before;
    let wasCurrent = false;
    let failures = 0;
    let said: string | undefined;
    while (!signal.aborted) {
      if (this.#lost) throw this.#lost;
      const began = performance.now();
      await this.#gather(sync.model.cursor, head);
      const events = this.#incoming;
      this.#incoming = [];
      for (const event of events) sync.take(event);
      try {
        await sync.flush(signal);
        if (toPrune && sync.model.cursor >= head && !sync.hasWork) {
          await this.#prune(toPrune, sync.model);
          toPrune = undefined;
        }
        if (said !== undefined) report.note("the vault is written again");
        failures = 0;
        said = undefined;
      } catch (error) {
        const trouble = passing(this.#options.root, error);
        const kind = `${trouble.data.code} ${trouble.data.errno}`;
        if (said !== kind) report.trouble(trouble);
        said = kind;
        const pause = Math.min(this.#times.retry_last, this.#times.retry_first * 2 ** Math.min(failures++, 10));
        await this.#pause(pause);
        continue;
      }
      const isAtRest = sync.model.cursor >= head && !sync.hasWork;
      if (isAtRest && !wasCurrent) {
        wasCurrent = true;
        report.current(this.#status(sync));
      }
      if (isAtRest && once) break;
      await this.#pause(this.#times.round - (performance.now() - began));
      while (!signal.aborted && !this.#lost && this.#incoming.length === 0 && !sync.hasWork) await this.#woken();
    }
    return this.#status(sync);
  }

  /** Waits until what is to be replayed is here, and what comes together has come. */
  async #gather(cursor: number, head: number): Promise<void> {
    const { report, signal } = this.#options;
    const reached = () => this.#incoming.at(-1)?.seq ?? cursor;
    const total = head - cursor;
    while (!signal.aborted && !this.#lost && reached() < head && this.#incoming.length < MOST_GATHERED) {
      report.progress("replaying", reached() - cursor, total);
      await this.#woken();
    }
    if (total > 0) report.progress("replaying", Math.min(total, reached() - cursor), total);
    await this.#pause(this.#times.gather);
  }

  /** Notes of tasks and agents that the board no longer has, after a rebuild from another one. */
  async #prune(before: ReadonlyMap<string, Place>, model: Model): Promise<void> {
    const { report } = this.#options;
    const now = placesOf(model);
    const into = join(".coord", "replaced");
    for (const [path, place] of before) {
      if (now.has(path)) continue;
      const outcome = await this.#files.putAside(path, into, place.isOwn);
      if (outcome === "kept") report.note(`${path} is of a task that the board does not have; it stays, because somebody wrote in it`);
    }
  }

  #status(sync: Sync): VaultStatus {
    const { root, workspace } = this.#options;
    const { cursor, tasks, agents } = sync.model;
    return { vault: root, workspace, cursor, tasks: tasks.size, agents: agents.size, written: sync.written, foreign: sync.foreign };
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#options;
    if (ms <= 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener("abort", end, { once: true });
    });
  }
}

/** The files of a vault as its journal knew them. */
function placesBefore(lines: readonly JournalLine[]): ReadonlyMap<string, Place> {
  const model = new Model();
  for (const line of lines) if ("entry" in line) model.apply(line.entry, noDirt());
  return placesOf(model);
}

/** Trouble that may pass, in words; any other is thrown. */
function passing(root: string, error: unknown): CliError {
  if (error instanceof ConnectionLost) return error;
  if (isFileTrouble(error)) return fileTrouble(root, error);
  throw error;
}
