import type { Principal } from "../protocol/index.ts";
import type { Delivery } from "./a2a/push/courier.ts";
import type { ParsedCall } from "./core/parse.ts";
import type { Sql, Transaction } from "./core/sql.ts";
import type { Outcome, Turn } from "./core/turn.ts";
import type { Caller, WaitCall } from "./dispatch.ts";
import type { Metrics } from "./metrics.ts";
import type { Socket } from "./session/session.ts";

/** What the engine needs of its surroundings; the Durable Object gives it, a test may give something else. */
export interface Surroundings {
  readonly sql: Sql;
  readonly transaction: Transaction;
  /** Milliseconds since the epoch. */
  clock(): number;
  /** Calls back once nothing has been added for a moment to what waits: then a group of commands is complete. */
  gather(waiting: () => Waiting, callback: () => void): void;
  /** Calls back after at least `ms`; returns what takes the call back. */
  after(ms: number, callback: () => void): () => void;
  /** Wakes the engine by `alarm()` at a time, even out of sleep. */
  setAlarm(at: number): void;
  /** Whether the runtime has answered a ping on the socket by itself. */
  hasPinged(socket: Socket): boolean;
  /** Calls a webhook once. @returns what went wrong, as the end of "because …"; undefined where it was taken */
  deliver(delivery: Delivery): Promise<string | undefined>;
  /** A bug, for the log. */
  report(error: unknown, method: string): void;
  /** A command was answered, for the log. */
  note(command: CommandNote): void;
  /** The database is only read, verified or filled: no lease lapses and no webhook is called. */
  readonly still?: boolean;
  readonly metrics: Metrics;
  readonly workspace: string;
  readonly schema: number;
  readonly defaultLeaseSeconds: number;
}

/** The commands in the queue. */
export interface Waiting {
  readonly all: number;
  /** Those that came by HTTP. */
  readonly byHttp: number;
}

/** What the log says of one command; times in milliseconds. */
export interface CommandNote {
  readonly method: string;
  /** `ok`, or the refusal. */
  readonly outcome: string;
  /** Spent on applying it; for claims that are applied together, on all of them. */
  readonly took_ms: number;
  /** Spent in the queue. */
  readonly queued_ms: number;
  readonly principal: string;
  readonly agent?: string;
  readonly task?: string;
}

/** One command on its way through the queue. */
export interface Job {
  readonly call: ParsedCall;
  readonly principal: Principal;
  readonly caller: Caller;
  /** In place of the call's method: a command that is none of coord's own, such as an A2A one; run in one transaction. */
  readonly run?: (turn: Turn) => Outcome<unknown>;
  /** Takes the outcome; returns whether anybody was there. */
  reply(outcome: Outcome<unknown>): boolean;
  /** Keeps the call waiting; returns a refusal where there is no room. */
  hold(turn: Turn, call: WaitCall): Outcome<unknown> | undefined;
}
