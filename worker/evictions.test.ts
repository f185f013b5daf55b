import { evictDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { check } from "../faults/checker/check.ts";
import { story } from "../faults/checker/violation.ts";
import type { Operation } from "../faults/history/operation.ts";
import type { Event, Task } from "../protocol/index.ts";
import type { Answer, Session } from "../tests/scenarios/client.ts";
import { HttpClient, SessionClient } from "./testing/pool.ts";

/** What one client does next, drawn by the property. */
const call = fc.record({
  client: fc.nat(3),
  method: fc.constantFrom(
    ...[
      "send",
      "send",
      "send",
      "claim",
      "claim",
      "next",
      "complete",
      "complete",
      "release",
      "fail",
      "extend",
      "get",
      "wait",
      "wait",
      "retry",
    ],
  ),
  at: fc.nat(100),
  ack: fc.boolean(),
});
type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;
const calls = fc.array(call, { minLength: 1, maxLength: 6 });
const step = fc.oneof(
  { weight: 6, arbitrary: calls },
  { weight: 3, arbitrary: fc.record({ client: fc.nat(3), batch: calls }) },
  { weight: 2, arbitrary: fc.constant("evict" as const) },
);

/** Records what four sessions ask and are told while their object comes and goes. */
class Run {
  readonly board = new HttpClient();
  readonly operations: Operation[] = [];
  readonly #sessions: Session[] = [];
  readonly #open: Promise<void>[] = [];
  readonly #tasks: Task[] = [];
  #time = 0;

  async open(): Promise<this> {
    for (let n = 0; n < 4; n += 1) this.#sessions.push(await SessionClient.open(this.board.name));
    return this;
  }

  /** Asks, and does not wait for the answer. */
  ask(call: Call): void {
    const { method, params } = this.#request(call);
    const told = this.#record(call.client, method, params);
    this.#open.push(this.#sessions[call.client]!.raw(method, params).then(told));
  }

  /** Asks for all in one frame, which is answered by one frame when the last of them has its answer. */
  askTogether(client: number, batch: readonly Call[]): void {
    const asked = batch.map((call) => {
      const { method, params } = this.#request({ ...call, client });
      return { method, params, id: `${this.operations.length}`, told: this.#record(client, method, params) };
    });
    const session = this.#sessions[client]!;
    session.frame(JSON.stringify(asked.map(({ method, params, id }) => ({ jsonrpc: "2.0", id, method, params }))));
    const mine = (frame: readonly Answer[]) => Array.isArray(frame) && asked.some(({ id }) => id === frame[0]?.id);
    this.#open.push(
      session.next<readonly Answer[]>(mine).then((frame) => {
        for (const { id, told } of asked) told(frame.find((answer) => answer.id === id)!);
      }),
    );
  }

  #request({ client, method, at, ack }: Call): { method: string; params: Record<string, unknown> } {
    const id = this.#tasks[at % Math.max(1, this.#tasks.length)]?.id;
    const agent_id = `agent-${client}`;
    if (method === "send" || !id) {
      const name = `job ${this.operations.length}`;
      return { method: "tasks/send", params: { name, agent_id, ...(ack && at % 3 === 0 ? { kind: "ack" } : {}) } };
    }
    if (method === "wait") return { method: "tasks/wait", params: { filter: at % 2 ? { kind: "ack" } : {}, after: at % 7 } };
    if (method === "next") return { method: "tasks/next", params: { agent_id, lease_seconds: 60 } };
    const also: Record<string, Record<string, unknown>> = {
      claim: { lease_seconds: 60 },
      extend: { lease_seconds: 60 },
      complete: { result: at, post_ack: ack },
      retry: {},
      release: { reason: `${at}` },
      fail: { reason: `${at}` },
    };
    return { method: `tasks/${method}`, params: method === "get" ? { id } : { id, agent_id, ...also[method] } };
  }

  async evict(): Promise<void> {
    try {
      await evictDurableObject(this.board.stub, { webSockets: "hibernate" });
    } catch (error) {
      // two evictions in a row: nothing has woken it since the first
      if (!/not currently running/.test(String(error))) throw error;
    }
  }

  /** Every wait has its match in the end; every call its answer. */
  async finish(): Promise<void> {
    await this.board.call("tasks/send", { name: "the last job" });
    await this.board.call("tasks/send", { name: "the last ack", kind: "ack" });
    await Promise.all(this.#open);
  }

  /** Puts a call on record; what it returns puts the answer there. */
  #record(client: number, method: string, params: Record<string, unknown>): (answer: Answer) => void {
    const key = this.operations.length;
    this.#time += 1;
    const asked = { key, client: `c${client}`, method, params, invoked: this.#time, invokedAt: Date.now() };
    this.operations.push({
      ...asked,
      completed: Number.POSITIVE_INFINITY,
      completedAt: Number.POSITIVE_INFINITY,
      outcome: "unknown",
      fate: "open",
    });
    return (answer) => {
      this.#time += 1;
      const told = answer.error
        ? { outcome: "refused" as const, refusal: answer.error as never }
        : { outcome: "answered" as const, result: answer.result };
      this.operations[key] = { ...asked, completed: this.#time, completedAt: Date.now(), ...told };
      if (method === "tasks/send" && !answer.error) this.#tasks.push(answer.result as Task);
    };
  }

  async history() {
    const log: Event[] = await this.board.log();
    // what `finish` sent by HTTP is on no client's record
    const sent = log.filter((event) => /^the last/.test((event.data.task as Task | undefined)?.name ?? ""));
    const mine = sent.map(
      (event, n): Operation => ({
        key: this.operations.length + n,
        client: "last",
        method: "tasks/send",
        params: { name: (event.data.task as Task).name },
        invoked: 0,
        completed: Number.POSITIVE_INFINITY,
        invokedAt: 0,
        completedAt: Number.POSITIVE_INFINITY,
        outcome: "unknown",
        fate: "lost",
      }),
    );
    return {
      operations: [...this.operations, ...mine],
      followed: [],
      log,
      tasks: (await this.board.call("tasks/list", { state: "any", limit: 500 })) as Task[],
    };
  }
}

describe("an object that is evicted while claims, waits and batches are in flight", () => {
  it("loses no call, no wait and no place: what anybody was told fits one board", { timeout: 60_000 }, async () => {
    let evictions = 0;
    let batches = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 24 }), async (steps) => {
        const run = await new Run().open();
        for (const one of steps) {
          if (one === "evict") {
            evictions += 1;
            await run.evict();
          } else if ("batch" in one) {
            batches += 1;
            run.askTogether(one.client, one.batch);
          } else for (const each of one) run.ask(each);
        }
        await run.evict();
        await run.finish();
        const { violations, undecided } = check(await run.history());
        expect(violations.map(story)).toEqual([]);
        expect(undecided).toBe(0);
      }),
      { numRuns: 15, interruptAfterTimeLimit: 40_000 },
    );
    expect(evictions).toBeGreaterThan(10);
    expect(batches).toBeGreaterThan(10);
  });
});
