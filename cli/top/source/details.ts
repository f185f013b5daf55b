import type { Event } from "../../../protocol/events.ts";
import type { Result } from "../../../protocol/index.ts";
import type { Task } from "../../../protocol/records.ts";
import type { Session } from "../../client/types.ts";
import { type Detail, relatedIds } from "../model/detail.ts";
import type { Row } from "../model/row.ts";

/** A selection that moves on within this time is not looked up: holding `j` must not read the whole board. */
const SETTLE_MS = 80;

/** A task, at least as new as this revision. */
type Wanted = Pick<Row, "id" | "rev">;

/** The one task that is looked at, in full. Read when it is selected and again when it has changed; nothing else is kept. */
export class Details {
  readonly #session: Session;
  readonly #onChange: () => void;
  #wanted: Wanted | undefined;
  #current: Detail | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isReading = false;
  #isStale = false;

  constructor(session: Session, onChange: () => void) {
    this.#session = session;
    this.#onChange = onChange;
  }

  /** The detail of that task as far as it has been read; it may be of an older revision, never of another task. */
  of(id: string | null): Detail | undefined {
    return this.#current?.task.id === id ? this.#current : undefined;
  }

  /** Says which task is looked at; null: none. */
  want(row: Wanted | null): void {
    this.#wanted = row ?? undefined;
    if (!row || this.#isFresh(row) || this.#isReading || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#read();
    }, SETTLE_MS);
  }

  /** Events that came: one about the task in view makes it be read again, also where its row stayed as it was. */
  heard(events: readonly Event[]): void {
    const id = this.#current?.task.id;
    if (id !== undefined && events.some((event) => event.task_id === id)) this.#isStale = true;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#wanted = undefined;
  }

  /** Reads a task in full, at once. Undefined where there is none any more. */
  async read(row: Wanted): Promise<Detail | undefined> {
    const [task, history] = await Promise.all([
      this.#session.call("tasks/get", { id: row.id }),
      this.#session.call("tasks/history", { id: row.id }),
    ]);
    if (!task) return undefined;
    const ids = relatedIds(task, history);
    const related = ids.length === 0 ? [] : ((await this.#session.call("tasks/list", { ids, limit: ids.length })) as Task[]);
    this.#current = {
      task,
      history: brief(history),
      related: related.map(({ id, number, name, kind, state }) => ({ id, number, name, kind, state })),
    };
    return this.#current;
  }

  #isFresh(row: Wanted): boolean {
    return !this.#isStale && this.#current?.task.id === row.id && this.#current.task.rev >= row.rev;
  }

  async #read(): Promise<void> {
    const row = this.#wanted;
    if (!row || this.#session.state !== "open") return;
    this.#isReading = true;
    this.#isStale = false;
    try {
      await this.read(row);
    } catch {
      // The connection broke, or the workspace was replaced: the header says so, and the next change of the selection asks again.
    } finally {
      this.#isReading = false;
    }
    this.#onChange();
    const next = this.#wanted;
    if (next && next.id !== row.id) this.want(next);
  }
}

/** One record is kept, and its story is told from the beginning: only what was passed around for months is cut, at its older end. */
const MOST_EVENTS = 2_000;

function brief(history: Result<"tasks/history">): Result<"tasks/history"> {
  return {
    ...history,
    events: history.events.slice(-MOST_EVENTS),
    claims: history.claims.slice(-MOST_EVENTS),
    attempts: history.attempts.slice(-MOST_EVENTS),
  };
}
