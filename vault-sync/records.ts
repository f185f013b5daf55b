import type { Session } from "../cli/client/types.ts";
import type { Task } from "../protocol/index.ts";
import type { TaskState } from "./model.ts";
import { recordOf, type TaskRecord } from "./record.ts";

/** What the vault asks of the server: the session's calls, or a test's. */
export type Board = Pick<Session, "call" | "subscribe">;

const FIRST_PAGE = 8;
const MOST_PAGE = 100;
/** An answer of about this size keeps the server busy for a few milliseconds, so that it never delays who works. */
const PAGE_BYTES = 1024 * 1024;
const CACHE_BYTES = 32 * 1024 * 1024;

/**
 * Reads tasks' records a page at a time, one call after the other. Keeps the latest in memory up to a bound: what a note shows of a record
 * changes only with an event, and `read` is told of each.
 */
export class Records {
  readonly #board: Board;
  readonly #cache = new Map<string, { record: TaskRecord; bytes: number }>();
  #cached = 0;
  #page = FIRST_PAGE;

  constructor(board: Board) {
    this.#board = board;
  }

  /** How many tasks the next call should ask for, by the size of those before. */
  get page(): number {
    return this.#page;
  }

  /** Reads records anew, whatever is in memory. Tasks that the server does not know are missing in the answer. */
  async read(tasks: readonly TaskState[]): Promise<Map<string, TaskRecord>> {
    const answers = new Map<string, TaskRecord>();
    for (let from = 0; from < tasks.length; ) {
      const page = tasks.slice(from, from + this.#page);
      from += page.length;
      const listed = (await this.#board.call("tasks/list", {
        ids: page.map((task) => task.id),
        state: "any",
        limit: page.length,
      })) as Task[];
      const byId = new Map(listed.map((task) => [task.id, task]));
      let bytes = 0;
      for (const state of page) {
        const task = byId.get(state.id);
        this.#forget(state.id);
        if (!task) continue;
        const record = recordOf(task, await this.#history(state));
        const size = JSON.stringify(record).length;
        bytes += size;
        answers.set(state.id, record);
        this.#remember(state.id, record, size);
      }
      this.#page =
        bytes > PAGE_BYTES ? Math.max(1, this.#page >> 1) : bytes < PAGE_BYTES / 4 ? Math.min(MOST_PAGE, this.#page * 2) : this.#page;
    }
    return answers;
  }

  /** The records of so many tasks, from memory where they are there. */
  async get(tasks: readonly TaskState[]): Promise<Map<string, TaskRecord>> {
    const known = new Map<string, TaskRecord>();
    for (const { id } of tasks) {
      const cached = this.#cache.get(id);
      if (cached) known.set(id, cached.record);
    }
    const missing = tasks.filter(({ id }) => !known.has(id));
    for (const [id, record] of await this.read(missing)) known.set(id, record);
    return known;
  }

  /** Attempts, reviews and notes, for the few tasks whose log says that they have more to tell than their last result. */
  async #history(task: TaskState) {
    const has = task.now.attempt > 1 || task.story.some((entry) => /^(review|note)\.|^task\.submitted$/.test(entry.type));
    return has ? this.#board.call("tasks/history", { id: task.id }) : undefined;
  }

  #remember(id: string, record: TaskRecord, bytes: number): void {
    this.#cache.set(id, { record, bytes });
    this.#cached += bytes;
    for (const oldest of this.#cache.keys()) {
      if (this.#cached <= CACHE_BYTES) break;
      this.#forget(oldest);
    }
  }

  #forget(id: string): void {
    this.#cached -= this.#cache.get(id)?.bytes ?? 0;
    this.#cache.delete(id);
  }
}
