import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MethodName } from "../../protocol/index.ts";
import { CliError } from "../errors.ts";
import { ConnectionLost } from "./failures.ts";
import type { CallOptions, Session } from "./types.ts";
import { type WaitOutcome, waitFor } from "./wait.ts";

const TARGET = { url: "http://127.0.0.1:1/", workspace: "default" };

/**
 * A server with one task that matches or does not, its log, and a line to it that a test breaks and mends.
 * Calls made while the line is broken wait for it, as a session's do.
 */
class Board {
  readonly asked: { method: MethodName; after: unknown; timeoutMs: unknown }[] = [];
  /** Seqs at which the task came to match. */
  readonly #matchedAt: number[] = [];
  #head = 10;
  #matches: boolean;
  #broken = false;
  /** The log was lost with the server, and another one begun. */
  #oldest = 0;
  #standing = new Set<{ after: number | undefined; resolve: (answer: WaitOutcome) => void; reject: (error: unknown) => void }>();
  #held: (() => void)[] = [];

  constructor(matches: boolean) {
    this.#matches = matches;
  }

  get head(): number {
    return this.#head;
  }

  change(matches: boolean): void {
    this.#head++;
    this.#matches = matches;
    if (!matches) return;
    this.#matchedAt.push(this.#head);
    for (const waiting of this.#standing) waiting.resolve(this.#answer(false));
    this.#standing.clear();
  }

  break(): void {
    this.#broken = true;
    for (const waiting of this.#standing) waiting.reject(new ConnectionLost(TARGET, "broken"));
    this.#standing.clear();
  }

  mend(): void {
    this.#broken = false;
    for (const go of this.#held.splice(0)) go();
  }

  beginAnotherLog(): void {
    this.#head = 0;
    this.#oldest = Number.POSITIVE_INFINITY;
    this.#matchedAt.length = 0;
  }

  readonly session = {
    state: "open",
    onState: () => {},
    subscribe: () => Promise.reject(new Error("not played")),
    close: async () => {},
    call: async (method: MethodName, params: { after?: number; timeout_ms?: number }, options: CallOptions) => {
      await this.#line(options.signal);
      this.asked.push({ method, after: params.after, timeoutMs: params.timeout_ms });
      return method === "workspace/info" ? { head: this.#head } : this.#wait(params, options.signal);
    },
  } as unknown as Session;

  #answer(timedOut: boolean): WaitOutcome {
    return { task: null, cursor: this.#head, timed_out: timedOut };
  }

  async #line(signal: AbortSignal | undefined): Promise<void> {
    if (!this.#broken) return;
    await new Promise<void>((resolve, reject) => {
      this.#held.push(resolve);
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }

  #wait({ after, timeout_ms }: { after?: number; timeout_ms?: number }, signal: AbortSignal | undefined): Promise<WaitOutcome> {
    if (after !== undefined && after < this.#oldest && this.#oldest > 0) throw new CliError("expired", { exit: 6 });
    const isThere = after === undefined ? this.#matches : this.#matchedAt.some((seq) => seq > after);
    if (isThere) return Promise.resolve(this.#answer(false));
    if (timeout_ms === 0) return Promise.resolve(this.#answer(true));
    return new Promise((resolve, reject) => {
      this.#standing.add({ after, resolve, reject });
      signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }

  /** Until the wait stands on the server, or is over. */
  async settled(outcome: Promise<unknown>): Promise<void> {
    let over = false;
    outcome.then(
      () => (over = true),
      () => (over = true),
    );
    for (let turns = 0; this.#standing.size === 0 && !over && !(this.#broken && this.#held.length > 0) && turns < 1_000; turns++) {
      await new Promise((next) => setTimeout(next, 1));
    }
  }
}

describe("waitFor", () => {
  test("answers at once where a match is there", async () => {
    expect((await waitFor(new Board(true).session, {})).timed_out).toBe(false);
  });

  test("takes the log's head ahead of its first look", async () => {
    const board = new Board(true);
    await waitFor(board.session, {});
    expect(board.asked.map(({ method }) => method)).toEqual(["workspace/info", "tasks/wait"]);
  });

  test("finds a match that came and moved on while the line was broken", async () => {
    const board = new Board(false);
    const outcome = waitFor(board.session, {});
    await board.settled(outcome);
    board.break();
    board.change(true);
    board.change(false);
    board.mend();
    expect((await outcome).timed_out).toBe(false);
    expect(board.asked.at(-1)).toEqual({ method: "tasks/wait", after: 10, timeoutMs: 0 });
  });

  test("finds a match that the broken line swallowed the answer about", async () => {
    const board = new Board(false);
    const outcome = waitFor(board.session, { after: 10 });
    await board.settled(outcome);
    board.break();
    board.change(true);
    board.mend();
    expect((await outcome).cursor).toBe(11);
    expect(board.asked.map(({ after }) => after)).toEqual([10, 10]);
  });

  test("with a cursor of its own, what is there already does not count", async () => {
    const board = new Board(true);
    const outcome = waitFor(board.session, { after: 10 });
    await board.settled(outcome);
    board.change(true);
    expect((await outcome).cursor).toBe(11);
  });

  test("begins anew where the server came back with another log", async () => {
    const board = new Board(false);
    const outcome = waitFor(board.session, {});
    await board.settled(outcome);
    board.break();
    board.beginAnotherLog();
    board.mend();
    await board.settled(outcome);
    board.change(true);
    expect((await outcome).timed_out).toBe(false);
  });

  test("a cursor of the caller's from another log is the caller's to know", async () => {
    const board = new Board(false);
    board.beginAnotherLog();
    await expect(waitFor(board.session, { after: 10 })).rejects.toMatchObject({ exit: 6 });
  });

  test("times out with the cursor to go on from, also while the line is broken", async () => {
    const board = new Board(false);
    const outcome = waitFor(board.session, { timeoutMs: 20 });
    await board.settled(outcome);
    board.break();
    expect(await outcome).toEqual({ task: null, cursor: 10, timed_out: true });
  });

  test("gives up when its caller does", async () => {
    const board = new Board(false);
    const gone = new AbortController();
    const outcome = waitFor(board.session, { signal: gone.signal });
    await board.settled(outcome);
    gone.abort(new Error("enough"));
    await expect(outcome).rejects.toThrow("enough");
  });

  test("whatever breaks and whenever, a match since the wait began is found, and none is made up", async () => {
    const step = fc.constantFrom("on", "off", "break", "mend", "settle");
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(step, { maxLength: 12 }), async (startsMatching, steps) => {
        const board = new Board(startsMatching);
        const gone = new AbortController();
        const outcome = waitFor(board.session, { signal: gone.signal });
        outcome.catch(() => {});
        await board.settled(outcome);
        let matched = startsMatching;
        for (const each of steps) {
          if (each === "break") board.break();
          else if (each === "mend") board.mend();
          else if (each === "settle") await board.settled(outcome);
          else {
            board.change(each === "on");
            matched ||= each === "on";
          }
        }
        board.mend();
        if (matched) return void expect((await outcome).timed_out).toBe(false);
        await board.settled(outcome);
        gone.abort(new Error("nothing came"));
        await expect(outcome).rejects.toThrow("nothing came");
      }),
      { numRuns: 60 },
    );
  });
});
