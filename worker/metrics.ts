import { METHODS } from "../protocol/index.ts";
import type { Outcome } from "./core/turn.ts";

/** Upper bounds of the latency histogram, in seconds; the last bucket has none. */
export const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] as const;

/** How often a method had an outcome: `ok`, or what refused it: the code, or the reason where that is a conflict. */
export interface CommandCount {
  readonly method: string;
  readonly outcome: string;
  readonly times: number;
}

/** What a workspace's counters and gauges say at one moment. */
export interface Measured {
  readonly commands: readonly CommandCount[];
  /** Commands by latency: one number for each of `BOUNDS` and one for those beyond, not cumulative. */
  readonly latency: readonly number[];
  /** Seconds that all of them took together. */
  readonly seconds: number;
  readonly waits: { readonly answered: number; readonly timed_out: number };
  readonly lapsed: number;
  readonly waiters: number;
  readonly sessions: number;
  readonly queue: number;
  readonly database_bytes: number;
  /** The number of the log's last line. */
  readonly head: number;
}

/**
 * What a workspace did since this process started. It lives beside the objects, not in them: an object that was evicted and built
 * anew goes on counting where it was. On Cloudflare an object may come back in another process and then begins at 0, as a counter may.
 */
export class Metrics {
  readonly #commands = new Map<string, { -readonly [K in keyof CommandCount]: CommandCount[K] }>();
  readonly #latency: number[] = new Array<number>(BOUNDS.length + 1).fill(0);
  #milliseconds = 0;
  readonly waits = { answered: 0, timed_out: 0 };
  lapsed = 0;

  /** A command was answered so long after it came, waits left out of the latency: theirs is another's doing. */
  answered(method: string, outcome: Outcome<unknown>, ms: number): string {
    const how = nameOf(outcome);
    // what a caller makes up must not become a series
    const known = Object.hasOwn(METHODS, method) || method.startsWith("a2a/") ? method : "unknown";
    const key = `${known} ${how}`;
    const entry = this.#commands.get(key);
    if (entry) entry.times += 1;
    else this.#commands.set(key, { method: known, outcome: how, times: 1 });
    const bucket = BOUNDS.findIndex((bound) => ms <= bound * 1000);
    this.#latency[bucket === -1 ? BOUNDS.length : bucket]! += 1;
    this.#milliseconds += ms;
    return how;
  }

  read(gauges: Pick<Measured, "waiters" | "sessions" | "queue" | "database_bytes" | "head">): Measured {
    return {
      commands: [...this.#commands.values()].map((count) => ({ ...count })),
      latency: [...this.#latency],
      seconds: this.#milliseconds / 1000,
      waits: { ...this.waits },
      lapsed: this.lapsed,
      ...gauges,
    };
  }
}

function nameOf(outcome: Outcome<unknown>): string {
  return outcome.ok ? "ok" : (outcome.refusal.reason ?? outcome.refusal.code);
}

const byWorkspace = new Map<string, Metrics>();

/** The counters of a workspace in this process. */
export function metricsOf(workspace: string): Metrics {
  const known = byWorkspace.get(workspace);
  if (known) return known;
  const fresh = new Metrics();
  byWorkspace.set(workspace, fresh);
  return fresh;
}
