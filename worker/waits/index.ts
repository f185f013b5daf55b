import {
  defaultState,
  type Event,
  type EventFilter,
  foldCase,
  type RpcId,
  type State,
  type TaskSnapshot,
  wantedStates,
} from "../../protocol/index.ts";
import type { Outcome } from "../core/turn.ts";

/**
 * A standing question. What is needed to answer it after a sleep is plain data, kept in the socket's attachment;
 * `owner` is the socket or held request that it came by.
 */
export interface Waiter {
  readonly id: RpcId;
  /** wait: one match · all: every one of `filter.ids` · next: a job to claim · list: a held `tasks/list` · events: a held `events/list` · inbox: whatever concerns one agent · subscription: stays. */
  readonly kind: "wait" | "all" | "next" | "list" | "events" | "inbox" | "subscription";
  readonly filter: EventFilter;
  /** Place in the line, first come first; unique within an object. */
  readonly order: number;
  /** When it is answered as timed out, in milliseconds; null: never. */
  readonly deadline: number | null;
  readonly agent_id?: string;
  readonly lease_seconds?: number;
  readonly page?: boolean;
  /** Of an inbox. */
  readonly inbox?: InboxWait;
  /** Idempotency key and fingerprint of the call that waits. */
  readonly key?: { readonly key: string; readonly call: string };
  readonly principal: { readonly id: string; readonly role: "owner" | "admin" | "member" | "viewer" };
}

export interface InboxWait {
  /** `filter` is asked for besides what concerns the agent. */
  readonly matching: boolean;
  /** Set where a hook waits so as to wake the agent; `since` in milliseconds. */
  readonly wake?: { readonly host: string; readonly since: number; readonly session?: string };
}

/** A waiter with its way back to whoever asked. */
export interface LiveWaiter extends Waiter {
  /** Answers and forgets it. @returns false where nobody is there to hear it */
  settle(outcome: Outcome<unknown>): boolean;
}

/**
 * Finds the waiters that an event may concern without looking at the others. Each waiter is filed under the most telling field
 * of its filter (an id, a piece of the name, a holder, … a kind), combined with each state it wants; an event looks only into
 * the drawers that its own task opens. `examined` counts what was taken out, for tests and metrics.
 */
export class WaitIndex<W extends Waiter> {
  readonly #drawers = new Map<string, Set<W>>();
  readonly #filed = new Map<W, string[]>();
  /** How many are filed under each piece of a name. */
  readonly #pieces = new Map<string, number>();
  examined = 0;

  get size(): number {
    return this.#filed.size;
  }

  [Symbol.iterator](): IterableIterator<W> {
    return this.#filed.keys();
  }

  add(waiter: W): void {
    // a filter may give a value twice
    const keys = [...new Set(this.#keysOf(waiter))];
    this.#filed.set(waiter, keys);
    for (const key of keys) {
      const drawer = this.#drawers.get(key);
      if (drawer) drawer.add(waiter);
      else this.#drawers.set(key, new Set([waiter]));
      this.#count(key, 1);
    }
  }

  /** @returns whether it was there */
  remove(waiter: W): boolean {
    const keys = this.#filed.get(waiter);
    if (!keys) return false;
    this.#filed.delete(waiter);
    for (const key of keys) {
      const drawer = this.#drawers.get(key)!;
      drawer.delete(waiter);
      if (drawer.size === 0) this.#drawers.delete(key);
      this.#count(key, -1);
    }
    return true;
  }

  /** Those whose filter may fit the event, each once, the longest waiting first. The caller decides. */
  candidates(event: Event): W[] {
    const found = new Set<W>();
    for (const key of this.#keysFor(event)) {
      const drawer = this.#drawers.get(key);
      if (drawer) for (const waiter of drawer) found.add(waiter);
    }
    this.examined += found.size;
    return [...found].sort((a, b) => a.order - b.order);
  }

  #count(key: string, by: number): void {
    if (!key.startsWith("name:")) return;
    const piece = key.slice("name:".length, key.lastIndexOf("|"));
    const left = (this.#pieces.get(piece) ?? 0) + by;
    if (left > 0) this.#pieces.set(piece, left);
    else this.#pieces.delete(piece);
  }

  #keysOf(waiter: W): string[] {
    if (waiter.kind !== "inbox") return this.#filterKeys(waiter);
    const own = [`mention:${waiter.agent_id}|*`, `feedback:${waiter.agent_id}|*`, `assignee:${waiter.agent_id}|pending`];
    return waiter.inbox?.matching ? [...own, ...this.#filterKeys(waiter)] : own;
  }

  #filterKeys(waiter: W): string[] {
    const { filter } = waiter;
    const states = waiter.kind === "next" ? (["pending"] as const) : wantedStates(filter);
    const withStates = (keys: string[]) =>
      states ? keys.flatMap((key) => states.map((state) => `${key}|${state}`)) : keys.map((key) => `${key}|*`);
    // every change of one of its tasks can complete or undo an `all`
    if (waiter.kind === "all") return filter.ids!.map((id) => `id:${id}|*`);
    if (filter.ids) return withStates(filter.ids.map((id) => `id:${id}`));
    if (filter.name_contains !== undefined) {
      const piece = this.#rarest(trigramsOf(filter.name_contains));
      if (piece !== undefined) return withStates([`name:${piece}`]);
    }
    for (const field of ["claimed_by", "assignee", "created_by", "label"] as const) {
      const values = filter[field];
      if (values) return withStates(values.map((value) => `${field}:${value}`));
    }
    if (filter.mentions) return filter.mentions.map((handle) => `mention:${handle}|*`);
    if (filter.agent_id) return filter.agent_id.map((id) => `agent:${id}|*`);
    if (filter.kind) {
      const defaults = (waiter.kind === "wait" || waiter.kind === "inbox") && !filter.state;
      return defaults
        ? filter.kind.map((kind) => `kind:${kind}|${defaultState(kind)}`)
        : withStates(filter.kind.map((kind) => `kind:${kind}`));
    }
    if (filter.type) return filter.type.map((type) => `type:${type}|*`);
    if (filter.priority) return withStates(filter.priority.map((priority) => `priority:${priority}`));
    return withStates(["any:"]);
  }

  *#keysFor(event: Event): Iterable<string> {
    const task = event.data.task as TaskSnapshot | undefined;
    yield "any:|*";
    yield `type:${event.type}|*`;
    if (Array.isArray(event.data.mentions)) for (const handle of event.data.mentions) yield `mention:${handle}|*`;
    if (typeof event.data.worker === "string") yield `feedback:${event.data.worker}|*`;
    if (event.agent_id !== undefined) yield `agent:${event.agent_id}|*`;
    if (!task) return;
    const both = function* (key: string, state: State) {
      yield `${key}|${state}`;
      yield `${key}|*`;
    };
    yield `any:|${task.state}`;
    yield* both(`id:${task.id}`, task.state);
    yield* both(`kind:${task.kind}`, task.state);
    yield* both(`priority:${task.priority}`, task.state);
    if (task.claimed_by !== null) yield* both(`claimed_by:${task.claimed_by}`, task.state);
    if (task.assignee !== null) yield* both(`assignee:${task.assignee}`, task.state);
    if (task.created_by !== null) yield* both(`created_by:${task.created_by}`, task.state);
    for (const label of task.labels) yield* both(`label:${label}`, task.state);
    if (this.#pieces.size > 0) for (const piece of trigramsOf(task.name)) yield* both(`name:${piece}`, task.state);
  }

  /** The piece of a name under which the fewest others are filed, so that near misses spread out. */
  #rarest(pieces: ReadonlySet<string>): string | undefined {
    let best: string | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (const piece of pieces) {
      const filed = this.#pieces.get(piece) ?? 0;
      if (filed < fewest) {
        best = piece;
        fewest = filed;
      }
    }
    return best;
  }
}

function trigramsOf(text: string): Set<string> {
  const folded = foldCase(text);
  const pieces = new Set<string>();
  for (let at = 0; at + 3 <= folded.length; at += 1) pieces.add(folded.slice(at, at + 3));
  return pieces;
}
