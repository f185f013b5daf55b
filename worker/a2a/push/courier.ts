import { StreamResponse, Task } from "@a2a-js/sdk";
import { V03PushNotificationSerializer } from "@a2a-js/sdk/compat/v0_3/server";
import { LIMITS } from "../../../protocol/index.ts";
import { taskByNumber } from "../../core/tasks.ts";
import type { Turn } from "../../core/turn.ts";
import type { Surroundings } from "../../job.ts";
import { TOLD_LIST, updatesAfter } from "../board/updates.ts";
import { subjectOf, viewTask } from "../board/view.ts";
import { isOver, type WireStreamResponse } from "../wire.ts";
import { configRow, type PushRow } from "./configs.ts";

/** One call of a webhook. */
export interface Delivery {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Calls under way at a time, so that a hundred slow receivers do not fill the object. */
const MOST_AT_ONCE = 16;

/** Events read for one receiver in one go. */
const EVENTS_AT_ONCE = 20;

/** Pauses between tries: the first, doubled each time up to the last; in milliseconds. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15 * 60_000;

/** A call that an eviction cut off is made again after this long, in milliseconds: more than any call takes. */
const SAFETY_MS = 30_000;

/**
 * Carries updates to webhooks (A2A 1.0 §4.3): to each in the log's order, each at least once. What was delivered is a cursor in SQLite, so
 * a crash repeats the update it interrupted and loses none. A receiver that fails is tried again after growing pauses, by the object's alarm,
 * and given up after `push_failures` tries in a row or `push_hours`, with a note on the task.
 */
export class Courier {
  readonly #world: Surroundings;
  readonly #rearm: () => void;
  readonly #giveUp: (number: number, text: string) => void;
  /** Tasks with a receiver that still gets updates. */
  #watched = new Set<number>();
  /** Whose calls are under way. */
  readonly #busy = new Set<string>();
  /** When each receiver is to be looked at next: a pause, or the safety after an eviction. */
  readonly #due = new Map<string, number>();
  #all = true;

  constructor(world: Surroundings, rearm: () => void, giveUp: (number: number, text: string) => void) {
    this.#world = world;
    this.#rearm = rearm;
    this.#giveUp = giveUp;
    this.reload();
  }

  /** Reads anew who is to be told: at the start, and when the database was filled from a backup. */
  reload(): void {
    const rows = this.#world.sql.all<{ number: number }>("SELECT DISTINCT number FROM a2a_push WHERE ended_at IS NULL");
    this.#watched = new Set(rows.map((row) => row.number));
    this.#all = true;
  }

  /** The earliest time at which there is something to do, in milliseconds; Infinity where there is nothing. */
  get deadline(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#due.values());
  }

  /** A receiver may have been added to a task. */
  watch(taskId: string): void {
    const row = this.#world.sql.first<{ number: number }>(
      "SELECT number FROM tasks t WHERE id = ? AND EXISTS (SELECT 1 FROM a2a_push p WHERE p.number = t.number AND p.ended_at IS NULL)",
      taskId,
    );
    if (row) this.#watched.add(row.number);
  }

  /** After a turn: what it told goes to those who asked to hear of it, and so does what has waited long enough. */
  run(turn: Turn): void {
    if (this.#watched.size === 0) return;
    const told = this.#all
      ? [...this.#watched]
      : [...new Set(turn.log.flatMap(({ number }) => (number !== null && this.#watched.has(number) ? [number] : [])))];
    this.#all = false;
    const late = [...this.#due].filter(([, at]) => at <= turn.now).map(([key]) => Number(key.slice(0, key.indexOf(":"))));
    if (told.length > 0 || late.length > 0) this.#start([...new Set([...told, ...late])], turn.now);
  }

  #start(numbers: readonly number[], now: number): void {
    const rows = this.#world.sql.all<PushRow>(
      `SELECT p.* FROM a2a_push p WHERE p.number IN (SELECT value FROM json_each(?)) AND p.ended_at IS NULL
         AND EXISTS (SELECT 1 FROM events e WHERE e.number = p.number AND e.seq > p.cursor AND e.type IN (${TOLD_LIST})) ORDER BY p.cursor`,
      JSON.stringify(numbers),
    );
    for (const key of this.#due.keys()) if (numbers.includes(numberIn(key)) && !this.#busy.has(key)) this.#due.delete(key);
    for (const row of rows) {
      const key = keyOf(row);
      if (this.#busy.has(key)) {
        // its own end looks again; the alarm need not ring for it meanwhile
        if (this.#due.get(key)! <= now) this.#due.set(key, now + SAFETY_MS);
        continue;
      }
      if (row.next_at !== null && row.next_at > now) this.#due.set(key, row.next_at);
      else if (this.#busy.size >= MOST_AT_ONCE) this.#due.set(key, now + FIRST_PAUSE_MS);
      else this.#deliver(row, key);
    }
  }

  #deliver(row: PushRow, key: string): void {
    this.#busy.add(key);
    this.#due.set(key, this.#world.clock() + SAFETY_MS);
    this.#carry(row, key)
      .then((next) => this.#settle(key, next))
      .catch((error) => {
        this.#world.report(error, "push");
        this.#settle(key, this.#world.clock() + LONGEST_PAUSE_MS);
      });
  }

  /** @param next when to look again; undefined: when something happens */
  #settle(key: string, next: number | undefined): void {
    this.#busy.delete(key);
    if (next === undefined) this.#due.delete(key);
    else this.#due.set(key, next);
    this.#rearm();
  }

  /** Delivers until there is nothing more, or a call fails. @returns when to try again */
  async #carry({ number, config_id }: PushRow, key: string): Promise<number | undefined> {
    for (;;) {
      const { sql } = this.#world;
      const row = configRow(sql, number, config_id);
      if (!row || row.ended_at !== null) return undefined;
      const task = taskByNumber(sql, number)!;
      const { updates } = updatesAfter(sql, subjectOf(sql, task, row.uri), row.cursor, EVENTS_AT_ONCE);
      if (updates.length === 0) return undefined;
      for (const update of updates) {
        for (const response of update.responses) {
          const problem = await this.#world.deliver(this.#delivery(row, response));
          if (problem !== undefined) return this.#failed(row, problem);
          this.#due.set(key, this.#world.clock() + SAFETY_MS);
        }
        const over = isOver(update.state);
        const kept = sql.all(
          `UPDATE a2a_push SET cursor = ?, failures = 0, failing_since = NULL, next_at = NULL, ended_at = ?, ended = ?
             WHERE number = ? AND config_id = ? AND cursor = ? AND url = ? RETURNING 1`,
          update.seq,
          over ? this.#world.clock() : null,
          over ? "delivered" : null,
          number,
          config_id,
          row.cursor,
          row.url,
        );
        // deleted or replaced meanwhile: begin again with what is there now
        if (kept.length === 0) break;
        row.cursor = update.seq;
        if (over) return this.#forget(number);
      }
    }
  }

  #failed(row: PushRow, problem: string): number | undefined {
    const now = this.#world.clock();
    const failures = row.failures + 1;
    const since = row.failing_since ?? now;
    const { push_failures, push_hours } = LIMITS;
    const over = failures >= push_failures.value || now - since >= push_hours.value * 3_600_000;
    const next = now + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
    this.#world.sql.run(
      "UPDATE a2a_push SET failures = ?, failing_since = ?, next_at = ?, ended_at = ?, ended = ? WHERE number = ? AND config_id = ? AND url = ?",
      failures,
      since,
      over ? null : next,
      over ? now : null,
      over ? "gave_up" : null,
      row.number,
      row.config_id,
      row.url,
    );
    if (!over) return next;
    this.#giveUp(
      row.number,
      `Updates to the webhook at ${new URL(row.url).origin} have stopped: ${failures} tries failed in a row, the last one because ${problem}. Register it again to go on.`,
    );
    return this.#forget(row.number);
  }

  #forget(number: number): undefined {
    if (!this.#world.sql.first("SELECT 1 FROM a2a_push WHERE number = ? AND ended_at IS NULL LIMIT 1", number))
      this.#watched.delete(number);
    return undefined;
  }

  #delivery(row: PushRow, response: WireStreamResponse): Delivery {
    const { body, type } =
      row.wire === "0.3" ? this.#legacyBody(row, response) : { body: JSON.stringify(response), type: "application/a2a+json" };
    return {
      url: row.url,
      body,
      headers: {
        "content-type": type,
        ...(row.scheme ? { authorization: row.credentials ? `${row.scheme} ${row.credentials}` : row.scheme } : {}),
        ...(row.token ? { "x-a2a-notification-token": row.token } : {}),
      },
    };
  }

  /** 0.3 sends the whole task each time (0.3 §9.5). */
  #legacyBody(row: PushRow, response: WireStreamResponse): { body: string; type: string } {
    const task = viewTask(this.#world.sql, taskByNumber(this.#world.sql, row.number)!, row.uri, { artifacts: true });
    const { body, contentType } = new V03PushNotificationSerializer().serialize(StreamResponse.fromJSON(response), Task.fromJSON(task));
    return { body, type: contentType };
  }
}

function keyOf(row: PushRow): string {
  return `${row.number}:${row.config_id}`;
}

function numberIn(key: string): number {
  return Number(key.slice(0, key.indexOf(":")));
}
