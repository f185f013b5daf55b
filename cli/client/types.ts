import type { Event, EventFilter, MethodName, ParamsIn, Result } from "../../protocol/index.ts";

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
}

/**
 * One WebSocket to a workspace (`GET /session`), carrying JSON-RPC both ways.
 * A call is refused with `CliError` built from the refusal (exit code and remedy from the protocol's table).
 */
export interface Session {
  call<M extends MethodName>(method: M, params: ParamsIn<M>, options?: CallOptions): Promise<Result<M>>;
  /** Replays from `after`, then follows live; survives reconnects by its own cursor. Returns what ends it. */
  subscribe(
    options: { after?: number; filter?: EventFilterIn },
    onEvents: (events: Event[], cursor: number) => void,
  ): Promise<{ cursor: number; stop(): Promise<void> }>;
  /** Sends the close frame and does not wait for the server's. Calls in flight are rejected. */
  close(): Promise<void>;
  /** `open`, `reconnecting` (with backoff, calls wait), or `closed` for good. */
  readonly state: "connecting" | "open" | "reconnecting" | "closed";
  onState(listener: (state: Session["state"]) => void): void;
}

export type EventFilterIn = import("zod").input<typeof import("../../protocol/index.ts").EventFilter>;
export type { EventFilter };
