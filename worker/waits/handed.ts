import { endClaim } from "../commands/hold.ts";
import { forget } from "../core/idempotency.ts";
import type { TaskRow } from "../core/tasks.ts";
import type { Turn } from "../core/turn.ts";

/** A job that a request which waited in line was handed. */
export interface Handed {
  readonly number: number;
  readonly claim_id: string;
  /** Idempotency key of the call that waited. */
  readonly key: string | undefined;
}

/** So many are remembered; a request whose client has gone is told of within a second. */
const MOST = 1_000;

/**
 * What was handed to requests that waited, the latest of it: whether the client of one is still there is known only once its answer
 * is about to be written. In memory: after an eviction a claim that nobody heard of ends with its lease.
 */
export class HandedOver {
  readonly #byRequest = new Map<string, Handed[]>();
  readonly #byKey = new Map<string, string>();

  note(requestId: string, handed: Handed): void {
    this.#byRequest.set(requestId, [...(this.#byRequest.get(requestId) ?? []), handed]);
    if (handed.key !== undefined) this.#byKey.set(handed.key, requestId);
    if (this.#byRequest.size > MOST) this.take(this.#byRequest.keys().next().value!);
  }

  has(requestId: string): boolean {
    return this.#byRequest.has(requestId);
  }

  /** What the request was handed, once. */
  take(requestId: string): readonly Handed[] {
    const all = this.#byRequest.get(requestId) ?? [];
    this.#byRequest.delete(requestId);
    for (const { key } of all) if (key !== undefined && this.#byKey.get(key) === requestId) this.#byKey.delete(key);
    return all;
  }

  /** The call was made again under its key, and its answer is the first one's: somebody has heard of that claim. */
  askedAgain(key: string): void {
    const requestId = this.#byKey.get(key);
    if (requestId === undefined) return;
    const others = this.take(requestId).filter((one) => one.key !== key);
    for (const one of others) this.note(requestId, one);
  }
}

/** Ends a claim of which nobody has heard: the job is pending again, and its key means nothing. Within a transaction. */
export function giveBack(turn: Turn, row: TaskRow, key: string | undefined): void {
  const back = endClaim(turn, row, "released", "pending");
  turn.appendFor(back, "task.released", row.claimed_by, { claim_id: row.claim_id, reason: "the waiter was gone" });
  if (key !== undefined) forget(turn.sql, key);
}
