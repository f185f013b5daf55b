import { describe, expect, it } from "vitest";
import { onBench } from "./testing/engine.ts";

const send = (id: number, name: string) => ({ jsonrpc: "2.0", id, method: "tasks/send", params: { name } });

describe("a bug inside the coordinator", () => {
  it(
    "is told without a stack, reported with one, and leaves the other commands of its turn alone",
    onBench(async (bench) => {
      let inserts = 0;
      bench.fault = (query) => {
        if (!query.startsWith("INSERT INTO tasks (")) return undefined;
        inserts += 1;
        return inserts === 2 ? new Error("the disk's own secret") : undefined;
      };
      const answers = JSON.parse((await bench.body(JSON.stringify([send(1, "a"), send(2, "b"), send(3, "c")])))!);
      expect(answers.map((answer: { error?: { code: number } }) => answer.error?.code)).toEqual([undefined, -32000, undefined]);
      expect(JSON.stringify(answers[1])).not.toMatch(/secret|stack|\.ts|at /);
      expect(answers[1].error.data).toMatchObject({ code: "internal", remedy: expect.stringContaining("bug") });
      expect(bench.bugs).toEqual([{ error: "Error: the disk's own secret", method: "tasks/send" }]);
      const tasks = (await bench.call("tasks/list", {})) as { name: string; number: number }[];
      expect(tasks.map((task) => [task.number, task.name])).toEqual([
        [2, "c"],
        [1, "a"],
      ]);
    }),
  );

  it(
    "is not what a full disk is called: that is named, with who can mend it, and reading goes on",
    onBench(async (bench) => {
      const { id } = await bench.call("tasks/send", { name: "job" });
      bench.fault = (query) => (/^(INSERT|UPDATE)/.test(query) ? new Error("database or disk is full: SQLITE_FULL") : undefined);
      const refused = await bench.refusal("tasks/claim", { id, agent_id: "a" });
      expect(refused).toMatchObject({ code: -32000, data: { disk_full: true, remedy: expect.stringContaining("Make room") } });
      expect(refused.message).not.toContain("bug");
      expect((await bench.call("tasks/get", { id }))!.state).toBe("pending");
    }),
  );

  it(
    "half-way through a command undoes all of it: no event without its change, no change without its event",
    onBench(async (bench) => {
      const { id } = await bench.call("tasks/send", { name: "job" });
      await bench.call("tasks/claim", { id, agent_id: "a" });
      const { head } = await bench.call("workspace/info", {});
      let completing = true;
      bench.fault = (query) => (completing && query.startsWith("INSERT INTO tasks (") ? new Error("while the ack is written") : undefined);
      const refused = await bench.refusal("tasks/complete", { id, agent_id: "a", post_ack: true, idempotency_key: "k" });
      expect(refused.code).toBe(-32000);
      expect((await bench.call("workspace/info", {})).head).toBe(head);
      expect((await bench.call("tasks/get", { id }))!.state).toBe("claimed");
      completing = false;
      const done = await bench.call("tasks/complete", { id, agent_id: "a", post_ack: true, idempotency_key: "k" });
      expect([done.task.state, done.ack!.kind]).toEqual(["completed", "ack"]);
    }),
  );

  it(
    "does not make an agent that was first seen in it disappear",
    onBench(async (bench) => {
      let broken = true;
      bench.fault = (query) => (broken && query.includes("UPDATE tasks SET state = 'claimed'") ? new Error("x") : undefined);
      const { id } = await bench.call("tasks/send", { name: "job" });
      expect((await bench.refusal("tasks/claim", { id, agent_id: "new" })).code).toBe(-32000);
      expect(await bench.call("agents/list", {})).toEqual([]);
      broken = false;
      await bench.call("tasks/claim", { id, agent_id: "new" });
      expect((await bench.call("agents/list", {})).map((agent) => agent.id)).toEqual(["new"]);
    }),
  );

  it(
    "in matching one waiter keeps no other waiter asleep",
    onBench(async (bench) => {
      const wait = (filter: object) =>
        bench.body(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tasks/wait", params: { filter, after: 0 } }));
      const poisoned = wait({ q: "poison" });
      const healthy = wait({ kind: "ack" });
      bench.fault = (query) => (query.includes("FROM tasks_text WHERE rowid") ? new Error("the index is broken") : undefined);
      await bench.call("tasks/send", { name: "x", kind: "ack" });
      await bench.call("tasks/send", { name: "y", kind: "ack" });
      expect(JSON.parse((await healthy)!).result.task.name).toBe("x");
      bench.fault = () => undefined;
      bench.advance(60_000);
      expect(JSON.parse((await poisoned)!)).toMatchObject({ id: 1 });
      expect(bench.bugs.length).toBeGreaterThan(0);
    }),
  );

  it(
    "in one lapse stops neither the other lapses nor the clockwork, and does not spin",
    onBench(async (bench) => {
      const ids: string[] = [];
      for (const name of ["poisoned", "sound"]) {
        const { id } = await bench.call("tasks/send", { name });
        ids.push(id);
        await bench.call("tasks/claim", { id, agent_id: "a", lease_seconds: 1 });
      }
      const state = async () => Promise.all(ids.map(async (id) => (await bench.call("tasks/get", { id }))!.state));
      let inserts = 0;
      // the first of each pair of lapses breaks
      bench.fault = (query) => {
        if (!query.startsWith("INSERT INTO claims")) return undefined;
        inserts += 1;
        return inserts % 2 === 1 ? new Error("x") : undefined;
      };
      bench.advance(1_000);
      expect(bench.bugs.map((bug) => bug.method)).toContain("lapse");
      expect(inserts).toBeLessThan(10);
      bench.fault = () => undefined;
      expect((await state())[1]).toBe("pending");
      bench.advance(60_000);
      expect(await state()).toEqual(["pending", "pending"]);
    }),
  );
});
