import { type Delivery, ON_ITS_WAY_MS } from "../../mcp/deliveries.ts";

/** Calls that wait for the object at this moment, by who asked. */
const waiting = new Map<string, Cancellable>();
/** Calls that wait no more, the earliest first: their answers may still be on their way. */
const over = new Map<string, Cancellable>();

const MOST_OVER = 1_000;

const keyOf = (session: string, id: unknown): string => `${session} ${typeof id} ${String(id)}`;

/**
 * A call that another request may cancel. The older era cancels with a request of its own (MCP 2025-11-25, Cancellation), which over HTTP
 * comes beside the one that it is about, and, where the two cross, after its answer. Plain data, because neither request may touch the
 * other's streams and stubs. Where the two meet different isolates the call goes on to its end, and its answer is not read.
 */
export class Cancellable {
  readonly #key: string;
  readonly inner = new Set<string>();
  isCancelled = false;
  /** The claim that its answer carries. */
  delivery: Delivery | undefined;
  #endedAt = 0;

  /** @param id the JSON-RPC id of the call, which is the client's own: two clients' calls differ by their sessions */
  constructor(session: string, id: unknown) {
    this.#key = keyOf(session, id);
  }

  /** Whether its answer may not have arrived yet. */
  isOnItsWay(now: number): boolean {
    return now - this.#endedAt < ON_ITS_WAY_MS;
  }

  /** The object is asked something for this call, under this name. */
  begins(requestId: string): void {
    this.inner.add(requestId);
    over.delete(this.#key);
    waiting.set(this.#key, this);
  }

  /** @param now in milliseconds */
  ended(requestId: string, now = Date.now()): void {
    this.inner.delete(requestId);
    if (this.inner.size > 0 || waiting.get(this.#key) !== this) return;
    waiting.delete(this.#key);
    this.#endedAt = now;
    over.set(this.#key, this);
    for (const [key, call] of over) {
      if (over.size <= MOST_OVER && call.isOnItsWay(now)) break;
      over.delete(key);
    }
  }
}

/**
 * Marks a call as cancelled.
 * @param now in milliseconds
 * @returns what the object is to forget for it, and what it is to be given back
 */
export function cancel(session: string, id: unknown, now = Date.now()): { readonly forgotten: string[]; readonly delivery?: Delivery } {
  const key = keyOf(session, id);
  const call = waiting.get(key) ?? over.get(key);
  over.delete(key);
  if (!call || call.isCancelled) return { forgotten: [] };
  call.isCancelled = true;
  const { delivery } = call;
  return { forgotten: [...call.inner], ...(delivery && call.isOnItsWay(now) ? { delivery } : {}) };
}
