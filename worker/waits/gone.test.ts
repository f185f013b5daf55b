import { describe, expect, it } from "vitest";
import type { Task } from "../../protocol/index.ts";
import { OWNER } from "../core/authorize.ts";
import type { Socket } from "../session/session.ts";
import { type Bench, onBench } from "../testing/engine.ts";

/** A socket in the test's hands: `broken` is a client that is gone although nobody has noticed yet. */
class FakeSocket implements Socket {
  readonly sent: { id?: unknown; result?: unknown }[] = [];
  broken = false;
  #attachment: unknown = null;

  send(text: string): void {
    if (this.broken) throw new TypeError("Can't call WebSocket send() after close().");
    this.sent.push(JSON.parse(text));
  }
  close(): void {}
  serializeAttachment(value: unknown): void {
    this.#attachment = structuredClone(value);
  }
  deserializeAttachment(): unknown {
    return this.#attachment;
  }
}

async function inLine(bench: Bench, agent_id: string, more: object = {}): Promise<FakeSocket> {
  const socket = new FakeSocket();
  bench.engine.sessions.open(socket, OWNER);
  const call = { jsonrpc: "2.0", id: 1, method: "tasks/next", params: { agent_id, wait_ms: 600_000, ...more } };
  const done = bench.engine.sessions.message(socket, JSON.stringify(call), (job) => bench.engine.submit(job));
  bench.run(false);
  await done;
  return socket;
}

describe("a waiter in line that is gone without a word", () => {
  it(
    "is passed over: the job is given back and handed to the next",
    onBench(async (bench) => {
      const gone = await inLine(bench, "gone");
      const here = await inLine(bench, "here");
      gone.broken = true;
      const { id } = await bench.call("tasks/send", { name: "job" });
      expect((here.sent[0]!.result as Task).id).toBe(id);
      expect((await bench.call("tasks/get", { id }))!.claimed_by).toBe("here");
      const { claims } = await bench.call("tasks/history", { id });
      expect(claims.map((claim) => [claim.agent_id, claim.end])).toEqual([
        ["gone", "released"],
        ["here", null],
      ]);
      expect((await bench.call("workspace/info", {})).waiters).toBe(0);
    }),
  );

  it(
    "leaves the job pending when nobody else is there, and it is not lost to whoever comes next",
    onBench(async (bench) => {
      (await inLine(bench, "gone")).broken = true;
      const { id } = await bench.call("tasks/send", { name: "job" });
      expect((await bench.call("tasks/get", { id }))!.state).toBe("pending");
      expect((await bench.call("tasks/next", { agent_id: "later" }))!.id).toBe(id);
    }),
  );

  it(
    "gets a hold that is real when it comes back with its idempotency key",
    onBench(async (bench) => {
      const call = { idempotency_key: "k" };
      (await inLine(bench, "gone", call)).broken = true;
      const { id } = await bench.call("tasks/send", { name: "job" });
      expect((await bench.call("tasks/get", { id }))!.state).toBe("pending");
      const back = await inLine(bench, "gone", call);
      const got = back.sent[0]!.result as Task;
      const now = (await bench.call("tasks/get", { id }))!;
      expect([got.id, now.state, now.claimed_by]).toEqual([id, "claimed", "gone"]);
      const done = await bench.call("tasks/complete", { id, claim_id: got.claim!.claim_id });
      expect(done.task.state).toBe("completed");
    }),
  );
});
