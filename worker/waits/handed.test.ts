import { describe, expect, it } from "vitest";
import type { Task } from "../../protocol/index.ts";
import { OWNER } from "../core/authorize.ts";
import { type Bench, onBench } from "../testing/engine.ts";
import { HandedOver } from "./handed.ts";

/** A request in line for a job; its answer once there is one. */
function inLine(bench: Bench, requestId: string, agent_id: string, more: object = {}): Promise<Task> {
  const call = { jsonrpc: "2.0", id: 1, method: "tasks/next", params: { agent_id, wait_ms: 60_000, ...more } };
  const answer = bench.engine.request(JSON.stringify(call), OWNER, requestId);
  bench.run(false);
  return answer.then((text) => JSON.parse(text!).result);
}

async function takeBack(bench: Bench, requestId: string): Promise<void> {
  const taken = bench.engine.takeBack(requestId);
  bench.run(false);
  await taken;
}

describe("a job that was handed to a request whose client has gone", () => {
  it(
    "is taken back, and goes to the next in line",
    onBench(async (bench) => {
      const gone = inLine(bench, "r1", "gone");
      const here = inLine(bench, "r2", "here");
      const { id } = await bench.call("tasks/send", { name: "job" });
      expect([(await gone).id, bench.engine.hasHandedOver("r1"), bench.engine.hasHandedOver("r2")]).toEqual([id, true, false]);
      await takeBack(bench, "r1");
      expect((await here).id).toBe(id);
      expect((await bench.call("tasks/get", { id }))!.claimed_by).toBe("here");
      const { claims, events } = await bench.call("tasks/history", { id });
      expect(claims.map((claim) => [claim.agent_id, claim.end])).toEqual([
        ["gone", "released"],
        ["here", null],
      ]);
      expect(events.find(({ type }) => type === "task.released")?.data).toMatchObject({ reason: "the waiter was gone" });
    }),
  );

  it(
    "is pending again where nobody else waits, and its key means nothing",
    onBench(async (bench) => {
      const key = { idempotency_key: "k" };
      const gone = inLine(bench, "r1", "gone", key);
      const { id } = await bench.call("tasks/send", { name: "job" });
      const first = await gone;
      await takeBack(bench, "r1");
      expect((await bench.call("tasks/get", { id }))!.state).toBe("pending");
      const again = await inLine(bench, "r2", "gone", key);
      expect([again.id, again.claim!.claim_id === first.claim!.claim_id]).toEqual([id, false]);
      expect((await bench.call("tasks/complete", { id, claim_id: again.claim!.claim_id })).task.state).toBe("completed");
    }),
  );

  it(
    "is left to a client that asked again under its key meanwhile, and was told of that claim",
    onBench(async (bench) => {
      const key = { idempotency_key: "k" };
      const gone = inLine(bench, "r1", "w", key);
      const { id } = await bench.call("tasks/send", { name: "job" });
      const first = await gone;
      expect((await inLine(bench, "r2", "w", key)).claim).toEqual(first.claim);
      await takeBack(bench, "r1");
      expect(await bench.call("tasks/get", { id })).toMatchObject({ state: "claimed", claimed_by: "w" });
    }),
  );

  it(
    "is not touched where that claim has ended: another's is another's",
    onBench(async (bench) => {
      const gone = inLine(bench, "r1", "gone", { lease_seconds: 1 });
      const { id } = await bench.call("tasks/send", { name: "job" });
      await gone;
      bench.advance(2_000);
      await bench.call("tasks/claim", { id, agent_id: "other" });
      await takeBack(bench, "r1");
      expect(await bench.call("tasks/get", { id })).toMatchObject({ state: "claimed", claimed_by: "other" });
    }),
  );

  it(
    "is taken back once, all that one request was handed; a claim that was asked for by name never",
    onBench(async (bench) => {
      const next = (id: number, agent_id: string) => ({ jsonrpc: "2.0", id, method: "tasks/next", params: { agent_id, wait_ms: 60_000 } });
      const both = bench.engine.request(JSON.stringify([next(1, "a"), next(2, "b")]), OWNER, "r1");
      bench.run(false);
      for (const name of ["one", "two"]) await bench.call("tasks/send", { name });
      expect(JSON.parse((await both)!)).toHaveLength(2);
      await takeBack(bench, "r1");
      const states = async () => (await bench.call("tasks/list", {})) as Task[];
      expect((await states()).map(({ state }) => state)).toEqual(["pending", "pending"]);
      await bench.call("tasks/claim", { id: "#1", agent_id: "c" });
      await takeBack(bench, "r1");
      expect((await states()).map(({ state }) => state).sort()).toEqual(["claimed", "pending"]);
    }),
  );
});

describe("what was handed over", () => {
  it("is remembered of the latest thousand requests, however many there were", () => {
    const handed = new HandedOver();
    for (let number = 1; number <= 1_500; number += 1) handed.note(`r${number}`, { number, claim_id: `c${number}`, key: `k${number}` });
    expect([handed.has("r500"), handed.has("r501"), handed.has("r1500")]).toEqual([false, true, true]);
    handed.askedAgain("k500");
    handed.askedAgain("k1500");
    expect([handed.has("r1500"), handed.take("r1499")]).toEqual([false, [{ number: 1499, claim_id: "c1499", key: "k1499" }]]);
  });
});
