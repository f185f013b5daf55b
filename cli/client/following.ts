import type { Event } from "../../protocol/index.ts";
import type { CliError } from "../errors.ts";
import type { EventFilterIn, SubscribeOptions } from "./types.ts";

/** Of one `events` notification, as a subscription sees it. */
export interface EventBatch {
  readonly events: readonly Event[];
  readonly cursor: number;
}

/** The notification's parameters, or undefined where they do not have their shape. */
export function eventBatch(params: unknown): (EventBatch & { subscription: number }) | undefined {
  const { subscription, events, cursor } = (typeof params === "object" && params !== null ? params : {}) as Record<string, unknown>;
  if (typeof subscription !== "number" || !Number.isSafeInteger(cursor) || !Array.isArray(events)) return undefined;
  const wellFormed = events.every((event) => typeof event === "object" && event !== null && Number.isSafeInteger((event as Event).seq));
  return wellFormed ? { subscription, events: events as Event[], cursor: cursor as number } : undefined;
}

/**
 * One subscription as its reader sees it, across any number of connections: every event once, in the log's order.
 * What was delivered is known by `cursor` alone; whatever arrives at or below it is a repetition, and is dropped.
 */
export class Following {
  readonly filter: EventFilterIn | undefined;
  /** Its number on the present connection; undefined while it has none. */
  subscription: number | undefined;
  stopped = false;
  #cursor: number | undefined;
  #gapAt: number | undefined;
  readonly #onEvents: (events: Event[], cursor: number) => void;
  readonly #onLost: ((error: CliError) => void) | undefined;

  constructor(options: SubscribeOptions, onEvents: (events: Event[], cursor: number) => void) {
    this.filter = options.filter;
    this.#cursor = options.after;
    this.#onEvents = onEvents;
    this.#onLost = options.onLost;
  }

  /** Where to resume; undefined before the first answer of a subscription that asked for no replay. */
  get cursor(): number | undefined {
    return this.#cursor;
  }

  /** The server took the subscription. Its cursor counts only where the reader had none: with `after`, the replay is still to come. */
  begun(subscription: number, cursor: number): void {
    this.subscription = subscription;
    this.#cursor ??= cursor;
  }

  /**
   * Hands on what is new. Answers `gap` where an unfiltered log misses a line: the reader's cursor stays, and the caller
   * subscribes anew from it. A gap that is there again at the same place is how the log is, and is passed over.
   */
  deliver(batch: EventBatch): "delivered" | "gap" {
    if (this.stopped) return "delivered";
    const from = this.#cursor ?? 0;
    const fresh: Event[] = [];
    let last = from;
    for (const event of batch.events) {
      if (event.seq <= last) continue;
      if (!this.filter && event.seq !== last + 1 && this.#gapAt !== last) {
        this.#hand(fresh, last);
        this.#gapAt = last;
        return "gap";
      }
      fresh.push(event);
      last = event.seq;
    }
    this.#hand(fresh, Math.max(last, batch.cursor));
    return "delivered";
  }

  lost(error: CliError): void {
    if (this.stopped) return;
    this.stopped = true;
    this.#onLost?.(error);
  }

  #hand(events: Event[], cursor: number): void {
    if (cursor <= (this.#cursor ?? -1)) return;
    this.#cursor = cursor;
    if (events.length > 0) this.#onEvents(events, cursor);
  }
}
