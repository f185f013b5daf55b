/**
 * What one client asked and what it was told. The times are the monotonic clock of the machine, in microseconds, the same for all
 * processes on it: two operations of which one was completed before the other was invoked happened in that order.
 */
export interface Operation {
  /** Place in the history; unique. */
  readonly key: number;
  /** One line of calls, one at a time; a client with several lines has several names. */
  readonly client: string;
  /** A method of the protocol. */
  readonly method: string;
  /** Parameters in snake_case. An idempotency key makes all tries under it one operation. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly invoked: number;
  /** Infinity where no answer came. */
  readonly completed: number;
  /** By the wall clock, in milliseconds since the epoch: leases are decided by it. */
  readonly invokedAt: number;
  readonly completedAt: number;
  /** unknown: asked, and never told what came of it; it may have happened, once or not at all. */
  readonly outcome: "answered" | "refused" | "unknown";
  readonly result?: unknown;
  readonly refusal?: Refused;
  /** Of an unknown one: lost: its client or its connection died · open: it was still waiting, on a living connection, when the run ended. */
  readonly fate?: "lost" | "open";
}

/** A JSON-RPC error as it came. */
export interface Refused {
  readonly code: number;
  readonly message: string;
  readonly data?: { readonly reason?: string; readonly holder?: string | null; readonly [name: string]: unknown };
}

/** What a subscription was given, over all its connections. */
export interface Followed {
  readonly client: string;
  readonly after: number;
  readonly seqs: readonly number[];
  readonly cursor: number;
}

/** An operation's parameters by their usual names; absent ones are undefined. */
export interface Asked {
  readonly id?: string;
  readonly name?: string;
  readonly kind?: string;
  readonly agent_id?: string;
  readonly claim_id?: string;
  readonly lease_seconds?: number;
  readonly reason?: string;
  readonly after?: number;
  readonly rev?: number;
  readonly decision?: string;
  readonly review?: string;
  readonly depends_on?: readonly string[];
  readonly post_ack?: boolean;
  readonly filter?: Readonly<Record<string, unknown>>;
}

export function asked(operation: Operation): Asked {
  return operation.params as Asked;
}
