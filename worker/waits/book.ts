import type { Event, Result } from "../../protocol/index.ts";
import { take } from "../commands/claim.ts";
import { told } from "../commands/inbox.ts";
import { eventMatches } from "../commands/reads.ts";
import { answerTo, timedOut, type WaitFor } from "../commands/wait.ts";
import { failure } from "../core/failure.ts";
import { remember } from "../core/idempotency.ts";
import { rowMatches } from "../core/query.ts";
import { byNumber } from "../core/refs.ts";
import type { Transaction } from "../core/sql.ts";
import { type TaskRow, taskByNumber, toClaimedTask } from "../core/tasks.ts";
import { answer, type Logged, refused, type Turn } from "../core/turn.ts";
import { giveBack } from "./handed.ts";
import { type LiveWaiter, WaitIndex } from "./index.ts";

/** Runs a step of a turn; a bug in it is reported, what it logged is taken back, and the others go on. */
export type Attempt = <T>(what: string, turn: Turn, body: () => T, otherwise: (error: unknown) => T) => T;

/**
 * All standing questions of a workspace: who waits, in which order, and what wakes them. It holds no truth of its own: what
 * came by a session is in that socket's attachment, what came by HTTP ends with its request.
 */
export class WaitBook<W extends LiveWaiter> {
  readonly #index = new WaitIndex<W>();
  readonly #byKey = new Map<string, W>();
  /** The waits that would wake an agent, by agent; one for each session of its host. */
  readonly #wakes = new Map<string, Set<W>>();
  readonly #transaction: Transaction;
  readonly #attempt: Attempt;
  /** How many ended, and how. */
  readonly #counts: { answered: number; timed_out: number };
  #order = 0;
  /** The earliest deadline that is known; never later than the true one. */
  #due = Number.POSITIVE_INFINITY;

  constructor(transaction: Transaction, attempt: Attempt, counts: { answered: number; timed_out: number }) {
    this.#transaction = transaction;
    this.#attempt = attempt;
    this.#counts = counts;
  }

  /** Those who wait for one answer, and those who follow the log. */
  get size(): number {
    return this.#index.size;
  }

  get examined(): number {
    return this.#index.examined;
  }

  [Symbol.iterator](): IterableIterator<W> {
    return this.#index[Symbol.iterator]();
  }

  /** The fingerprint of the call that waits under a key. */
  waiting(key: string): string | undefined {
    return this.#byKey.get(key)?.key?.call;
  }

  /** A place in line: its old one for a call that is asked again under its key, else the end. */
  place(key?: { key: string }): number {
    const earlier = key && this.#byKey.get(key.key);
    if (earlier) return earlier.order;
    this.#order += 1;
    return this.#order;
  }

  /**
   * Files a waiter. One that asks again under the same idempotency key, as a client does after its socket broke, takes the
   * place of the first: one call never gets two jobs.
   */
  add(turn: Turn | undefined, waiter: W): void {
    this.#order = Math.max(this.#order, waiter.order);
    if (waiter.key) {
      const earlier = this.#byKey.get(waiter.key.key);
      if (earlier) {
        this.remove(earlier);
        if (turn) earlier.settle(answer(timedOut(turn, waitKind(earlier), earlier.page)));
      }
      this.#byKey.set(waiter.key.key, waiter);
    }
    this.#arm(turn, waiter);
    this.#index.add(waiter);
    if (waiter.deadline !== null) this.#due = Math.min(this.#due, waiter.deadline);
  }

  remove(waiter: W): boolean {
    if (waiter.key && this.#byKey.get(waiter.key.key) === waiter) this.#byKey.delete(waiter.key.key);
    const wakes = this.#wakes.get(waiter.agent_id ?? "");
    if (wakes?.delete(waiter) && wakes.size === 0) this.#wakes.delete(waiter.agent_id!);
    return this.#index.remove(waiter);
  }

  /** What would wake the agent now: of several tabs under one handle, the one that has waited longest. */
  wakeOf(agent_id: string): { host: string; since: number } | undefined {
    const wakes = [...(this.#wakes.get(agent_id) ?? [])].map((waiter) => waiter.inbox!.wake!);
    return wakes.sort((a, b) => a.since - b.since)[0];
  }

  /** A session's new wake ends its old one, so that one event wakes a tab once. */
  #arm(turn: Turn | undefined, waiter: W): void {
    const { agent_id, inbox } = waiter;
    if (agent_id === undefined || !inbox?.wake) return;
    const { session } = inbox.wake;
    const earlier = [...(this.#wakes.get(agent_id) ?? [])].find((one) => session !== undefined && one.inbox!.wake!.session === session);
    if (earlier) {
      this.remove(earlier);
      if (turn) earlier.settle(answer({ ...(timedOut(turn, "inbox") as object), replaced: true }));
    }
    const wakes = this.#wakes.get(agent_id) ?? new Set<W>();
    this.#wakes.set(agent_id, wakes.add(waiter));
  }

  /**
   * Answers everybody whom the log's entries from `from` on concern; what that adds to the log (a job handed over) is looked at too.
   * @param follow gets each event for each subscription that it fits
   * @returns how far the log has been looked at
   */
  wake(turn: Turn, from: number, follow: (subscription: W, event: Event) => void): number {
    if (this.#index.size === 0) return turn.log.length;
    let at = from;
    for (; at < turn.log.length; at += 1) {
      const logged = turn.log[at]!;
      const line: W[] = [];
      for (const waiter of this.#index.candidates(logged.event)) {
        if (waiter.kind === "next") line.push(waiter);
        else this.#attemptFor(waiter, turn, () => this.#meet(turn, waiter, logged, follow), true);
      }
      for (const waiter of line) if (!this.#attemptFor(waiter, turn, () => this.#handOver(turn, waiter, logged), true)) break;
    }
    return at;
  }

  /** A waiter that cannot be matched is told that this is a bug, and keeps nobody else asleep. */
  #attemptFor<T>(waiter: W, turn: Turn, body: () => T, otherwise: T): T {
    return this.#attempt("wake", turn, body, (error) => {
      if (this.remove(waiter)) waiter.settle(refused(failure(error)));
      return otherwise;
    });
  }

  #meet(turn: Turn, waiter: W, logged: Logged, follow: (subscription: W, event: Event) => void): boolean {
    if (waiter.kind === "subscription") {
      if (eventMatches(turn.sql, waiter.filter, logged.event, logged.number)) follow(waiter, logged.event);
    } else {
      const value = answerTo(turn, waiter as WaitFor & W, logged);
      if (value !== undefined && this.remove(waiter)) {
        this.#counts.answered += 1;
        const isHeard = waiter.settle(answer(value));
        if (isHeard && waiter.kind === "inbox") this.#noteTold(turn, waiter, value as Result<"agents/inbox">);
      }
    }
    return true;
  }

  #noteTold(turn: Turn, waiter: W, value: Result<"agents/inbox">): void {
    this.#transaction(() => told(turn, waiter.agent_id!, waiter.inbox?.wake !== undefined, value));
  }

  /**
   * Offers a job that became claimable to the next in line. One that turns out to be gone leaves the line, and the claim made for
   * it is given back at once.
   * @returns whether the job is still to be had
   */
  #handOver(turn: Turn, waiter: W, { number }: Logged): boolean {
    const job = number === null ? undefined : taskByNumber(turn.sql, number);
    if (job?.state !== "pending" || job.blocked > 0) return false;
    if (!rowMatches(turn.sql, job.number, { ...waiter.filter, state: undefined, ready: undefined }, false)) return true;
    const row = this.#claimFor(turn.as(waiter.principal), waiter, job);
    if (!row) return true;
    this.remove(waiter);
    if (waiter.settle(answer(toClaimedTask(turn.sql, row)))) {
      this.#counts.answered += 1;
      return false;
    }
    this.#transaction(() => giveBack(turn, row, waiter.key?.key));
    return true;
  }

  #claimFor(turn: Turn, waiter: W, job: TaskRow): TaskRow | undefined {
    return this.#transaction(() => {
      const row = take(turn, byNumber(job), waiter.agent_id!, waiter.lease_seconds);
      if (row && waiter.key) remember(turn, waiter.key.key, waiter.key.call, answer(toClaimedTask(turn.sql, row)));
      return row;
    });
  }

  /** Answers those whose time is up. @returns the earliest deadline among the others, Infinity where nobody has one */
  expire(turn: Turn): number {
    if (turn.now < this.#due) return this.#due;
    this.#due = Number.POSITIVE_INFINITY;
    for (const waiter of [...this.#index]) {
      if (waiter.deadline === null) continue;
      if (waiter.deadline <= turn.now) {
        this.remove(waiter);
        this.#counts.timed_out += 1;
        waiter.settle(answer(timedOut(turn, waitKind(waiter), waiter.page)));
      } else this.#due = Math.min(this.#due, waiter.deadline);
    }
    return this.#due;
  }
}

function waitKind(waiter: LiveWaiter): WaitFor["kind"] {
  return waiter.kind as WaitFor["kind"];
}
