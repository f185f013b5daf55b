import type { Event, EventFilter, MethodName, ParamsIn, Result } from "../../protocol/index.ts";
import type { CliError } from "../errors.ts";

/** Where a workspace is and how to speak to it. */
export interface Target {
  /** Base URL of the server, with a trailing slash: `http://127.0.0.1:7777/`. */
  readonly url: string;
  /** `default` is served at the base URL itself, any other at `w/<workspace>/` below it. */
  readonly workspace: string;
  /** Bearer token, where the server wants one. */
  readonly token?: string | undefined;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /**
   * What a broken connection does to a call in flight. `resend` (default): it is asked again on the next connection, a mutation
   * under the same idempotency key. `reject`: it fails with `ConnectionLost`, for callers whose second question differs from the first.
   */
  readonly onBreak?: "resend" | "reject";
}

export type SessionState = "connecting" | "open" | "reconnecting" | "closed";

export interface SubscribeOptions {
  /** Replay what came after this seq; without it, only what comes from now on. */
  readonly after?: number;
  readonly filter?: EventFilterIn;
  /** The subscription is over and cannot resume: `cursor_ahead`, `cursor_expired`, or the session closed for good. */
  readonly onLost?: (error: CliError) => void;
}

export interface Subscription {
  /** The seq up to which everything has been delivered. */
  readonly cursor: number;
  stop(): Promise<void>;
}

/**
 * One WebSocket to a workspace (`GET /session`), carrying JSON-RPC both ways.
 * A call is refused with `CliError` built from the refusal (exit code and remedy from the protocol's table).
 */
export interface Session {
  call<M extends MethodName>(method: M, params: ParamsIn<M>, options?: CallOptions): Promise<Result<M>>;
  /** Replays from `after`, then follows live; survives reconnects by its own cursor. Returns what ends it. */
  subscribe(options: SubscribeOptions, onEvents: (events: Event[], cursor: number) => void): Promise<Subscription>;
  /** Sends the close frame and does not wait for the server's. Calls in flight are rejected. */
  close(): Promise<void>;
  /** `open`, `reconnecting` (with backoff, calls wait), or `closed` for good. */
  readonly state: SessionState;
  onState(listener: (state: SessionState) => void): void;
}

export type EventFilterIn = import("zod").input<typeof import("../../protocol/index.ts").EventFilter>;
export type { EventFilter };
