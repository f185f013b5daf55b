import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Task } from "../../protocol/index.ts";
import type { Answer, Board, Connect } from "./client.ts";

async function batch(board: Board, calls: { method: string; params: object }[]): Promise<Answer[]> {
  const reply = await board.post(JSON.stringify(calls.map((call, id) => ({ jsonrpc: "2.0", id, ...call }))));
  return JSON.parse(await reply.text());
}
const plan = (board: Board, tasks: object[]) =>
  batch(
    board,
    tasks.map((params) => ({ method: "tasks/send", params })),
  );

async function finish(board: Board, id: string): Promise<void> {
  await board.call("tasks/claim", { id, agent_id: "worker" });
  await board.call("tasks/complete", { id, agent_id: "worker" });
}

/** What must come first (jobs.md §5). */
export function plans(connect: Connect): void {
  describe("dependencies, added and taken away", () => {
    it("hold a pending job, and let it go in the transaction that completes the last, waking the first in line", async () => {
      const board = connect();
      const a = await board.call("tasks/send", { name: "a" });
      const b = await board.call("tasks/send", { name: "b" });
      const c = await board.call("tasks/send", { name: "c", kind: "ship" });
      await board.call("tasks/depend", { id: c.id, on: a.id });
      const held = await board.call("tasks/depend", { id: c.id, on: b.id });
      expect(held.held).toEqual({ reason: "dependencies", blockers: [a.id, b.id] });
      expect((await board.refusal("tasks/claim", { id: c.id, agent_id: "x" })).data.reason).toBe("held");
      const session = await board.session();
      const waiting = session.send("tasks/next", { agent_id: "shipper", filter: { kind: "ship" }, wait_ms: 60_000 });
      await session.call("workspace/info", {});
      await finish(board, a.id);
      expect((await board.call("tasks/get", { id: c.id }))!.held).toEqual({ reason: "dependencies", blockers: [b.id] });
      await finish(board, b.id);
      const got = (await session.answer(waiting)).result as Task;
      expect([got.id, got.claimed_by]).toEqual([c.id, "shipper"]);
      const types = (await board.call("tasks/history", { id: c.id })).events.map((event) => event.type);
      expect(types).toEqual(["task.created", "dependency.added", "dependency.added", "task.unblocked", "task.claimed"]);
    });

    it("refuses a circle, with its path, and itself", async () => {
      const board = connect();
      const [a, b, c] = [
        await board.call("tasks/send", { name: "a" }),
        await board.call("tasks/send", { name: "b" }),
        await board.call("tasks/send", { name: "c" }),
      ];
      await board.call("tasks/depend", { id: b.id, on: a.id });
      await board.call("tasks/depend", { id: c.id, on: b.id });
      const refused = await board.refusal("tasks/depend", { id: a.id, on: c.id });
      expect([refused.data.reason, refused.data.path]).toEqual(["cycle", ["#1", "#3", "#2", "#1"]]);
      expect((await board.refusal("tasks/depend", { id: a.id, on: a.id })).data.reason).toBe("cycle");
    });

    it("shows a failed and a cancelled dependency as such, with retry and undepend as ways out", async () => {
      const board = connect();
      const a = await board.call("tasks/send", { name: "a" });
      const b = await board.call("tasks/send", { name: "b", depends_on: [a.id] });
      await board.call("tasks/claim", { id: a.id, agent_id: "x" });
      await board.call("tasks/fail", { id: a.id, agent_id: "x", reason: "no" });
      expect((await board.call("tasks/get", { id: b.id }))!.held).toEqual({ reason: "dependency_failed", blockers: [a.id] });
      const failed = await board.refusal("tasks/claim", { id: b.id, agent_id: "y" });
      expect([failed.data.reason, failed.message]).toEqual(["held", "#2 is held: it waits for what failed: #1"]);
      expect(failed.data.remedy).toBe("Open #1 again with `coord retry 1`, or go on without it: `coord undepend 2 --on 1`.");
      await board.call("tasks/retry", { id: a.id });
      expect((await board.call("tasks/get", { id: b.id }))!.held!.reason).toBe("dependencies");
      await board.call("tasks/cancel", { id: a.id });
      expect((await board.call("tasks/get", { id: b.id }))!.held!.reason).toBe("dependency_cancelled");
      const cancelled = await board.refusal("tasks/claim", { id: b.id, agent_id: "y" });
      expect(cancelled.data.remedy).toBe("Go on without #1: `coord undepend 2 --on 1`, or call this one off too: `coord cancel 2`.");
      const free = await board.call("tasks/undepend", { id: b.id, on: a.id });
      expect([free.held, free.depends_on]).toEqual([null, []]);
      expect((await board.refusal("tasks/undepend", { id: b.id, on: a.id })).code).toBe(-32004);
    });

    it("are not added to what somebody works on", async () => {
      const board = connect();
      const a = await board.call("tasks/send", { name: "a" });
      const b = await board.call("tasks/send", { name: "b" });
      await board.call("tasks/claim", { id: b.id, agent_id: "x" });
      expect((await board.refusal("tasks/depend", { id: b.id, on: a.id })).data.reason).toBe("wrong_state");
    });

    it("are limited to 50 a job and 200 in a chain", async () => {
      const board = connect();
      const chain = Array.from({ length: 100 }, (_, n) => ({ name: `n${n}`, ref: `n${n}`, depends_on: n === 0 ? [] : [`@n${n - 1}`] }));
      const first = (await plan(board, chain)).map((answer) => (answer.result as Task).id);
      const second = chain.map((task, n) => (n === 0 ? { ...task, depends_on: [first[99]!] } : task));
      const ids = (await plan(board, second)).map((answer) => (answer.result as Task).id);
      const one = await board.call("tasks/send", { name: "one too deep" });
      const deep = await board.refusal("tasks/depend", { id: one.id, on: ids[99]! });
      expect([deep.data.limit, deep.data.value]).toEqual(["dependency_depth", 200]);
      const many = await board.call("tasks/send", { name: "many", depends_on: first.slice(0, 50) });
      expect((await board.refusal("tasks/depend", { id: many.id, on: first[50]! })).data.limit).toBe("depends_on");
      const sent = await board.refusal("tasks/send", { name: "sent too deep", depends_on: [ids[99]!] });
      expect(sent.data.limit).toBe("dependency_depth");
    });

    it("never make a circle, whatever is added and taken away, and hold exactly what waits", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(fc.nat(5), fc.nat(5), fc.boolean()), { maxLength: 30 }), async (steps) => {
          const board = connect();
          const ids: string[] = [];
          for (let n = 0; n < 6; n += 1) ids.push((await board.call("tasks/send", { name: `${n}` })).id);
          const edges = new Set<string>();
          const reaches = (from: number, to: number): boolean =>
            from === to || [...edges].some((edge) => Number(edge[0]) === from && reaches(Number(edge[1]), to));
          for (const [id, on, add] of steps) {
            const answer = await board.raw(add ? "tasks/depend" : "tasks/undepend", { id: ids[id], on: ids[on] });
            const legal = add ? !reaches(on, id) : edges.has(`${id}${on}`);
            expect([steps, answer.error === undefined]).toEqual([steps, legal]);
            if (legal) edges[add ? "add" : "delete"](`${id}${on}`);
          }
          for (let n = 0; n < 6; n += 1) {
            const task = (await board.call("tasks/get", { id: ids[n]! }))!;
            expect(task.held !== null).toBe([...edges].some((edge) => Number(edge[0]) === n));
          }
        }),
        { numRuns: 15 },
      );
    });
  });

  describe("a plan in one batch", () => {
    it("is posted whole, whatever order its tasks are in", async () => {
      const board = connect();
      const answers = await plan(board, [
        { name: "ship", ref: "ship", depends_on: ["@test", "@docs"] },
        { name: "docs", ref: "docs" },
        { name: "test", ref: "test", dependsOn: ["@build"] },
        { name: "build", ref: "build" },
      ]);
      const [ship, docs, test, build] = answers.map((answer) => answer.result as Task);
      expect(answers.map((answer) => answer.id)).toEqual([0, 1, 2, 3]);
      expect(ship!.depends_on.sort()).toEqual([test!.id, docs!.id].sort());
      expect(test!.depends_on).toEqual([build!.id]);
      const { edges } = await board.call("tasks/graph", { ids: [ship!.id] });
      expect(edges).toHaveLength(3);
    });

    it.each([
      [
        "a task is not valid",
        [
          { name: "a", ref: "a" },
          { name: "", depends_on: ["@a"] },
        ],
        -32602,
      ],
      [
        "a ref is unknown",
        [
          { name: "a", ref: "a" },
          { name: "b", depends_on: ["@x"] },
        ],
        -32602,
      ],
      [
        "a ref is used twice",
        [
          { name: "a", ref: "a" },
          { name: "b", ref: "a" },
        ],
        -32602,
      ],
      [
        "it is a circle",
        [
          { name: "a", ref: "a", depends_on: ["@b"] },
          { name: "b", ref: "b", depends_on: ["@a"] },
        ],
        -32001,
      ],
      [
        "a dependency is missing",
        [
          { name: "a", ref: "a" },
          { name: "b", depends_on: ["00000000-0000-4000-8000-000000000000"] },
        ],
        -32004,
      ],
    ])("is not posted at all where %s, and every call says why", async (_why, tasks, code) => {
      const board = connect();
      const answers = await plan(board, tasks);
      const errors = answers.map((answer) => answer.error!);
      expect(errors.map((error) => error.code)).toContain(code);
      expect(errors.every((error) => error !== undefined)).toBe(true);
      expect(errors.some((error) => error.message.startsWith("nothing of this plan was posted"))).toBe(true);
      expect(await board.call("tasks/list", {})).toEqual([]);
      expect((await board.call("workspace/info", {})).head).toBe(0);
    });

    it("asked for again with its keys gives the first answers", async () => {
      const board = connect();
      const tasks = [
        { name: "a", ref: "a", idempotency_key: "k1" },
        { name: "b", depends_on: ["@a"], idempotency_key: "k2" },
      ];
      const first = await plan(board, tasks);
      expect(await plan(board, tasks)).toEqual(first);
      expect(await board.call("tasks/list", {})).toHaveLength(2);
    });
  });
}
