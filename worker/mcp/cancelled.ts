/** Calls that wait for the object at this moment, by who asked. */
const waiting = new Map<string, Cancellable>();

const keyOf = (session: string, id: unknown): string => `${session} ${typeof id} ${String(id)}`;

/**
 * A call that another request may cancel. The older era cancels with a request of its own (MCP 2025-11-25, Cancellation), which over HTTP
 * comes beside the one that it is about. Plain data, because neither request may touch the other's streams and stubs. Where the two meet
 * different isolates the call goes on to its end, and its answer is not read.
 */
export class Cancellable {
  readonly #key: string;
  readonly inner = new Set<string>();
  isCancelled = false;

  /** @param id the JSON-RPC id of the call, which is the client's own: two clients' calls differ by their sessions */
  constructor(session: string, id: unknown) {
    this.#key = keyOf(session, id);
  }

  /** The object is asked something for this call, under this name. */
  begins(requestId: string): void {
    this.inner.add(requestId);
    waiting.set(this.#key, this);
  }

  ended(requestId: string): void {
    this.inner.delete(requestId);
    if (this.inner.size === 0 && waiting.get(this.#key) === this) waiting.delete(this.#key);
  }
}

/** Marks a call as cancelled. @returns what the object is to forget for it. */
export function cancel(session: string, id: unknown): string[] {
  const call = waiting.get(keyOf(session, id));
  if (!call) return [];
  call.isCancelled = true;
  return [...call.inner];
}
