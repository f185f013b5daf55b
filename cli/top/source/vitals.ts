import { LIMITS } from "../../../protocol/limits.ts";
import type { Task } from "../../../protocol/records.ts";
import type { Session } from "../../client/types.ts";
import type { Board } from "../model/board.ts";
import type { Row } from "../model/row.ts";

/** How often what the log does not tell is looked up. */
const REFRESH_MS = 5_000;
/** A lease that is over by what is known here is looked up at once, but not more often than this. */
const OVERDUE_MS = 1_000;
/** Held jobs in one refresh: those whose leases end first. */
const MOST_HELD = 50;

/**
 * What the log leaves out, and a screen must show all the same. Every change of a task comes by the subscription; these do not:
 *
 * - that an agent is still there (a heartbeat is no event): `agents/list`, every 5 s
 * - that a lease was extended (a deadline is state, not history): the held jobs whose leases end first, every 5 s, and a job whose
 *   lease is over by what is known here within a second: it was extended, or its `task.lapsed` is on the way
 * - what a job created just now depends on, where it is held: once, when it appears
 * - the counts, where a task was cancelled that this screen does not have: once
 *
 * Each is one bounded call, none while the last is unanswered, and none at all while nothing of the kind is on the board.
 */
export class Vitals {
  readonly #session: Session;
  readonly #onChange: () => void;
  #isAsking = false;
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #overdueAt = Number.NEGATIVE_INFINITY;

  constructor(session: Session, onChange: () => void) {
    this.#session = session;
    this.#onChange = onChange;
  }

  /** After a reconnect everything may have changed: the next tick asks at once. */
  expire(): void {
    this.#refreshedAt = Number.NEGATIVE_INFINITY;
  }

  /** Looks whether anything is due, and asks for it. Rejects with what the session refuses; a lost connection is asked again later. */
  async tick(board: Board, now: number): Promise<void> {
    if (this.#isAsking || this.#session.state !== "open") return;
    this.#isAsking = true;
    try {
      const isDue = now - this.#refreshedAt >= REFRESH_MS;
      if (isDue) {
        this.#refreshedAt = now;
        board.meet(await this.#session.call("agents/list", {}, { onBreak: "reject" }));
      }
      const wanted = this.#wanted(board, now, isDue);
      if (wanted.length > 0) await this.#read(board, wanted);
      if (!board.areCountsSure) {
        const { counts, head } = await this.#session.call("workspace/info", {}, { onBreak: "reject" });
        board.recount(counts, head);
      }
      if (isDue || wanted.length > 0) this.#onChange();
    } finally {
      this.#isAsking = false;
    }
  }

  #wanted(board: Board, now: number, isDue: boolean): string[] {
    const leased: (Row & { leaseUntil: number })[] = [];
    const partial: string[] = [];
    let isOverdue = false;
    for (const row of board.rows.values()) {
      if (row.state === "claimed" && row.leaseUntil !== null) {
        leased.push(row as Row & { leaseUntil: number });
        isOverdue ||= row.leaseUntil <= now;
      } else if (row.isPartial && row.state === "pending" && !row.ready && partial.length < LIMITS.filter_ids.value - MOST_HELD)
        partial.push(row.id);
    }
    const mayHurry = isOverdue && now - this.#overdueAt >= OVERDUE_MS;
    if (!isDue && !mayHurry) return partial;
    this.#overdueAt = now;
    const soonest = leased.sort((a, b) => a.leaseUntil - b.leaseUntil).slice(0, MOST_HELD);
    return [...soonest.map((row) => row.id), ...partial];
  }

  async #read(board: Board, ids: string[]): Promise<void> {
    const tasks = await this.#session.call("tasks/list", { ids, limit: ids.length }, { onBreak: "reject" });
    board.put(tasks as Task[]);
  }
}
