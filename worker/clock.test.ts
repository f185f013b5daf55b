import { describe, expect, it } from "vitest";
import type { WaitResult } from "../protocol/index.ts";
import { onBench } from "./testing/engine.ts";

const HOUR = 3_600_000;

describe("what time does", () => {
  it(
    "counts a lease as free the moment it lapses, before any alarm",
    onBench(async (bench) => {
      const { id } = await bench.call("tasks/send", { name: "job" });
      await bench.call("tasks/claim", { id, agent_id: "a", lease_seconds: 10 });
      bench.now += 9_999;
      expect((await bench.refusal("tasks/claim", { id, agent_id: "b" })).data.reason).toBe("already_claimed");
      bench.now += 1;
      expect((await bench.call("tasks/get", { id }))!.state).toBe("pending");
      expect((await bench.call("tasks/claim", { id, agent_id: "b" })).claimed_by).toBe("b");
      expect((await bench.refusal("tasks/extend", { id, agent_id: "a" })).data.reason).toBe("stale_claim");
    }),
  );

  it(
    "decides a lapse for every call alike: claim, next, list, extend, complete, info",
    onBench(async (bench) => {
      for (const look of ["claim", "next", "list", "extend", "complete", "info", "reclaim"]) {
        const { id } = await bench.call("tasks/send", { name: look, kind: look });
        await bench.call("tasks/claim", { id, agent_id: "a", lease_seconds: 1 });
        bench.now += 1_000;
        if (look === "claim") await bench.call("tasks/claim", { id, agent_id: "b" });
        if (look === "next") expect((await bench.call("tasks/next", { agent_id: "b", filter: { kind: look } }))!.id).toBe(id);
        if (look === "list") expect(await bench.call("tasks/list", { state: "pending", kind: look })).toHaveLength(1);
        if (look === "extend" || look === "complete")
          expect((await bench.refusal(`tasks/${look}`, { id, agent_id: "a" })).data.reason).toBe("stale_claim");
        if (look === "info") expect((await bench.call("workspace/info", {})).counts.pending).toBe(3 + 1);
        if (look === "reclaim") {
          const [back, ...others] = await bench.call("tasks/reclaim", {});
          expect([back!.id, back!.state, back!.claimed_by, others]).toEqual([id, "pending", null, []]);
          expect(await bench.call("tasks/reclaim", {})).toEqual([]);
        }
      }
    }),
  );

  it(
    "wakes by one alarm at the earliest deadline, and again for the next",
    onBench(async (bench) => {
      const start = bench.now;
      const ids: string[] = [];
      for (const lease_seconds of [30, 10, 20]) {
        const { id } = await bench.call("tasks/send", { name: `${lease_seconds}` });
        ids.push(id);
        await bench.call("tasks/claim", { id, agent_id: "a", lease_seconds });
      }
      expect(bench.alarmAt).toBe(start + 10_000);
      const lapsed = async () =>
        (await bench.call("events/list", { after: 0, filter: { type: "task.lapsed" } })).events.map((event) => event.task_id);
      bench.advance(10_000);
      expect(bench.alarmAt).toBe(start + 20_000);
      bench.advance(10_000);
      expect(bench.alarmAt).toBe(start + 30_000);
      bench.advance(10_000);
      expect(bench.alarmAt).toBeNull();
      expect(await lapsed()).toEqual([ids[1], ids[2], ids[0]]);
    }),
  );

  it(
    "does not lose a deadline when the object is built anew, or when the alarm was dropped",
    onBench(async (bench) => {
      const { id } = await bench.call("tasks/send", { name: "job" });
      await bench.call("tasks/claim", { id, agent_id: "a", lease_seconds: 10 });
      const alarm = bench.alarmAt;
      bench.restart();
      expect((await bench.call("tasks/get", { id }))!.state).toBe("claimed");
      expect(bench.alarmAt).toBe(alarm);
      bench.alarmAt = null;
      bench.restart();
      await bench.call("workspace/info", {});
      expect(bench.alarmAt).toBe(alarm);
      bench.advance(10_000);
      expect((await bench.call("tasks/get", { id }))!.state).toBe("pending");
    }),
  );

  it(
    "never lapses a person's hold of a person's job",
    onBench(async (bench) => {
      await bench.call("agents/heartbeat", { id: "pat", name: "Pat", type: "user" });
      const { id } = await bench.call("tasks/send", { name: "job", performer: "user" });
      await bench.call("tasks/claim", { id, agent_id: "pat", lease_seconds: 1 });
      bench.advance(100 * 24 * HOUR);
      expect((await bench.call("tasks/get", { id }))!.state).toBe("claimed");
      expect(bench.alarmAt).toBeNull();
    }),
  );

  it(
    "makes an agent idle after 15 s and stale after 60 s, unless it has something open",
    onBench(async (bench) => {
      await bench.call("agents/heartbeat", { id: "lynx", name: "Lynx" });
      const status = async (id = "lynx") => (await bench.call("agents/list", {})).find((agent) => agent.id === id)!.status;
      for (const [ms, wanted] of [
        [15_000, "active"],
        [1, "idle"],
        [44_999, "idle"],
        [1, "stale"],
      ] as const) {
        bench.advance(ms);
        expect(await status()).toBe(wanted);
      }
      const { id } = await bench.call("tasks/send", { name: "job" });
      await bench.refusal("tasks/claim", { id: "#99", agent_id: "lynx" });
      expect(await status()).toBe("active");
      bench.advance(61_000);
      expect(await status()).toBe("stale");

      const wait = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tasks/wait", params: { filter: { kind: "ack" }, agent_id: "lynx" } });
      const waiting = bench.body(wait);
      bench.advance(59_000);
      expect(await status()).toBe("active");
      bench.advance(1_000);
      expect((JSON.parse((await waiting)!).result as WaitResult).timed_out).toBe(true);
      bench.advance(16_000);
      expect(await status()).toBe("idle");
      bench.restart();
      expect(await status()).toBe("idle");
      await bench.call("tasks/claim", { id, agent_id: "fox" });
      expect((await bench.call("agents/list", {})).map((agent) => [agent.id, agent.current_task])).toEqual([
        ["fox", id],
        ["lynx", null],
      ]);
    }),
  );

  it(
    "remembers an idempotency key for 24 hours, not longer",
    onBench(async (bench) => {
      const call = { name: "x", idempotency_key: "k" };
      const first = await bench.call("tasks/send", call);
      bench.advance(24 * HOUR - 1);
      expect((await bench.call("tasks/send", call)).id).toBe(first.id);
      bench.advance(1);
      const second = await bench.call("tasks/send", call);
      expect(second.id).not.toBe(first.id);
      expect((await bench.call("tasks/send", call)).id).toBe(second.id);
    }),
  );

  it(
    "is read once a turn: what arrives together has one time",
    onBench(async (bench) => {
      const calls = Array.from({ length: 20 }, (_, id) => ({ jsonrpc: "2.0", id, method: "tasks/send", params: { name: "x" } }));
      const tasks = JSON.parse((await bench.body(JSON.stringify(calls)))!) as { result: { created_at: string } }[];
      expect(new Set(tasks.map((task) => task.result.created_at))).toEqual(new Set([new Date(bench.now).toISOString()]));
    }),
  );
});
