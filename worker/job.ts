import type { Principal } from "../protocol/index.ts";
import type { ParsedCall } from "./core/parse.ts";
import type { Sql } from "./core/sql.ts";
import type { Outcome, Turn } from "./core/turn.ts";
import type { Caller, WaitCall } from "./dispatch.ts";

/** What the engine needs of its surroundings; the Durable Object gives it, a test may give something else. */
export interface Surroundings {
  readonly sql: Sql;
  /** Runs the body in one transaction: committed when it returns, undone when it throws. */
  transaction<T>(body: () => T): T;
  /** Milliseconds since the epoch. */
  clock(): number;
  /** Calls back once nothing has been added for a moment to what waits: then a group of commands is complete. */
  gather(waiting: () => number, callback: () => void): void;
  /** Calls back after at least `ms`; returns what takes the call back. */
  after(ms: number, callback: () => void): () => void;
  /** Wakes the engine by `alarm()` at a time, even out of sleep. */
  setAlarm(at: number): void;
  /** A bug, for the log. */
  report(error: unknown, method: string): void;
  readonly workspace: string;
  readonly schema: number;
  readonly defaultLeaseSeconds: number;
}

/** One command on its way through the queue. */
export interface Job {
  readonly call: ParsedCall;
  readonly principal: Principal;
  readonly caller: Caller;
  /** Takes the outcome; returns whether anybody was there. */
  reply(outcome: Outcome<unknown>): boolean;
  /** Keeps the call waiting; returns a refusal where there is no room. */
  hold(turn: Turn, call: WaitCall): Outcome<unknown> | undefined;
}
