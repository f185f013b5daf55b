import { LIMITS, type Principal, type Task } from "../../protocol/index.ts";
import { timedOut, type WaitFor } from "../commands/wait.ts";
import type { ParsedCall } from "../core/parse.ts";
import type { Presence } from "../core/presence.ts";
import { answer, type Outcome, type Turn } from "../core/turn.ts";
import type { WaitCall } from "../dispatch.ts";
import type { Job, Surroundings } from "../job.ts";
import type { WaitBook } from "./book.ts";
import { type Handed, HandedOver } from "./handed.ts";
import type { LiveWaiter } from "./index.ts";

/** So many requests whose clients left are remembered. */
const MOST_FORGOTTEN = 1_000;

/** One question held open by a request. */
interface HttpWaiter extends LiveWaiter {
  readonly requestId: string;
}

/**
 * The HTTP requests that wait for an answer, what `Sessions` is for sockets. A request keeps the object awake, so nothing of it is
 * stored: it ends with its answer, with its time, or when its client is found to be gone.
 */
export class HeldRequests {
  readonly #book: WaitBook<LiveWaiter>;
  readonly #presence: Presence;
  readonly #world: Surroundings;
  readonly #newTurn: () => Turn;
  readonly #held = new Map<string, Set<HttpWaiter>>();
  readonly #handedOver = new HandedOver();
  /** Requests whose clients left, the latest of them: a question of theirs may still be on its way here. */
  readonly #forgotten = new Set<string>();

  constructor(book: WaitBook<LiveWaiter>, presence: Presence, world: Surroundings, newTurn: () => Turn) {
    this.#book = book;
    this.#presence = presence;
    this.#world = world;
    this.#newTurn = newTurn;
  }

  /** Files a call's question under its request. @returns an answer where its client is gone already */
  hold(
    turn: Turn,
    { wait, key }: WaitCall,
    call: ParsedCall,
    principal: Principal,
    requestId: string,
    reply: Job["reply"],
  ): Outcome<unknown> | undefined {
    if (this.#forgotten.has(requestId)) return answer(timedOut(turn, wait.kind, wait.page));
    const ms = Math.min(wait.timeout_ms ?? LIMITS.wait_ms.value, LIMITS.wait_ms.value);
    const { timeout_ms: _timeout, ...rest } = wait;
    const held = this.#held.get(requestId) ?? new Set<HttpWaiter>();
    const waiter: HttpWaiter = {
      ...rest,
      ...(key ? { key } : {}),
      id: call.id,
      order: this.#book.place(key),
      // its own timer, since the request keeps the object awake anyway: no alarm is written for it
      deadline: null,
      principal,
      requestId,
      settle: (outcome) => {
        cancelTimer();
        held.delete(waiter);
        if (held.size === 0) this.#held.delete(requestId);
        if (wait.agent_id) this.#presence.detach(this.#world.sql, wait.agent_id, this.#world.clock());
        if (wait.kind === "next" && outcome.ok && outcome.value !== null) {
          const { number, claim } = outcome.value as Task;
          this.#handedOver.note(requestId, { number, claim_id: claim!.claim_id, key: key?.key });
        }
        return reply(outcome);
      },
    };
    const cancelTimer = this.#world.after(ms, () => {
      if (this.#end(this.#newTurn(), waiter)) this.#world.metrics.waits.timed_out += 1;
    });
    this.#held.set(requestId, held.add(waiter));
    if (wait.agent_id) this.#presence.attach(wait.agent_id);
    this.#book.add(turn, waiter);
    return undefined;
  }

  /** The request's client is gone, or must be let go: its questions leave the book, answered as timed out. */
  forget(requestId: string): void {
    this.#forgotten.add(requestId);
    if (this.#forgotten.size > MOST_FORGOTTEN) this.#forgotten.delete(this.#forgotten.values().next().value!);
    const turn = this.#newTurn();
    for (const waiter of this.#held.get(requestId) ?? []) this.#end(turn, waiter);
  }

  forgetAll(): void {
    for (const requestId of [...this.#held.keys()]) this.forget(requestId);
  }

  /** Whether the request waited in line and was handed a job. */
  hasHandedOver(requestId: string): boolean {
    return this.#handedOver.has(requestId);
  }

  /** What the request was handed, once. */
  takeHanded(requestId: string): readonly Handed[] {
    return this.#handedOver.take(requestId);
  }

  /** A call was made again under its key. */
  askedAgain(key: string): void {
    this.#handedOver.askedAgain(key);
  }

  #end(turn: Turn, waiter: HttpWaiter): boolean {
    const isThere = this.#book.remove(waiter);
    if (isThere) waiter.settle(answer(timedOut(turn, waiter.kind as WaitFor["kind"], waiter.page)));
    return isThere;
  }
}
