import { describe, expect, it } from "vitest";
import type { Board, Connect } from "./client.ts";

async function chain(board: Board, names: readonly string[]): Promise<Record<string, string>> {
  const ids: Record<string, string> = {};
  for (const name of names) ids[name] = (await board.call("tasks/send", { name })).id;
  return ids;
}

async function finish(board: Board, id: string, how: "complete" | "fail" | "cancel"): Promise<void> {
  if (how === "cancel") {
    await board.call("tasks/cancel", { id });
    return;
  }
  await board.call("tasks/claim", { id, agent_id: "worker" });
  if (how === "complete") await board.call("tasks/complete", { id });
  else await board.call("tasks/fail", { id, reason: "no" });
}

/** A job that depends on others is held until they are completed, and says what holds it (domain §1, §2). */
export function dependencies(connect: Connect): void {
  describe("dependencies", () => {
    it("hold a job until the last of them is completed", async () => {
      const board = connect();
      const { a, b } = await chain(board, ["a", "b"]);
      const task = await board.call("tasks/send", { name: "c", depends_on: [a!, b!, a!] });
      expect([task.state, task.depends_on, task.held]).toEqual(["pending", [a, b], { reason: "dependencies", blockers: [a, b] }]);
      const refused = await board.refusal("tasks/claim", { id: task.id, agent_id: "x" });
      expect([refused.data.reason, refused.data.held]).toEqual(["held", task.held]);
      await finish(board, a!, "complete");
      expect((await board.call("tasks/get", { id: task.id }))!.held).toEqual({ reason: "dependencies", blockers: [b] });
      const waiting = (await board.session()).call("tasks/wait", { filter: { ids: [task.id], ready: true } });
      await board.waiting(1);
      await finish(board, b!, "complete");
      expect((await waiting).event).toMatchObject({ type: "task.unblocked", data: { unblocked_by: b } });
      expect((await board.call("tasks/claim", { id: task.id, agent_id: "x" })).held).toBeNull();
    });

    it("that are done already hold nothing", async () => {
      const board = connect();
      const ack = await board.call("tasks/send", { name: "published", kind: "ack" });
      const { a } = await chain(board, ["a"]);
      await finish(board, a!, "complete");
      const task = await board.call("tasks/send", { name: "b", depends_on: [a!, ack.id, `#${ack.number}`] });
      expect([task.held, task.depends_on]).toEqual([null, [ack.id, a]]);
      expect((await board.call("tasks/next", { agent_id: "x" }))!.id).toBe(task.id);
    });

    it.each([
      ["fail", "dependency_failed"],
      ["cancel", "dependency_cancelled"],
    ] as const)("that %s are named, since they will not come true by themselves", async (how, reason) => {
      const board = connect();
      const { a, b } = await chain(board, ["a", "b"]);
      const { id } = await board.call("tasks/send", { name: "c", depends_on: [a!, b!] });
      await finish(board, b!, how);
      expect((await board.call("tasks/get", { id }))!.held).toEqual({ reason, blockers: [b] });
      expect((await board.refusal("tasks/claim", { id, agent_id: "x" })).data.reason).toBe("held");
      const late = await board.call("tasks/send", { name: "d", depends_on: [b!] });
      expect(late.held).toEqual({ reason, blockers: [b] });
      if (how === "fail") {
        await board.call("tasks/retry", { id: b! });
        expect((await board.call("tasks/get", { id }))!.held!.reason).toBe("dependencies");
        await finish(board, b!, "complete");
        expect((await board.call("tasks/get", { id: late.id }))!.held).toBeNull();
      }
    });

    it("under review do not count as done", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "a", review: "required" });
      const after = await board.call("tasks/send", { name: "b", depends_on: [id] });
      await finish(board, id, "complete");
      expect((await board.call("tasks/get", { id: after.id }))!.held).toEqual({ reason: "dependencies", blockers: [id] });
    });

    it("let many go at once, and each waiter in line gets one", async () => {
      const board = connect();
      const { a } = await chain(board, ["a"]);
      await board.call("tasks/claim", { id: a!, agent_id: "z" });
      const jobs = await board.batch(
        "tasks/send",
        Array.from({ length: 10 }, (_, n) => ({ name: `b${n}`, depends_on: [a!] })),
      );
      const session = await board.session();
      const waiting = jobs.map((_, n) => session.send("tasks/next", { agent_id: `w${n}`, wait_ms: 600_000 }));
      await board.waiting(10);
      await board.call("tasks/complete", { id: a! });
      const got = await Promise.all(waiting.map(async (id) => (await session.result("tasks/next", id))!.id));
      expect(got).toEqual(jobs.map((job) => job.id));
    });

    it("stay with a job in the backlog, which is told when it is free", async () => {
      const board = connect();
      const { a } = await chain(board, ["a"]);
      const { id } = await board.call("tasks/send", { name: "b", depends_on: [a!], state: "backlog" });
      await finish(board, a!, "complete");
      expect((await board.call("tasks/history", { id })).events.map((event) => event.type)).toEqual(["task.created", "task.unblocked"]);
      expect((await board.call("tasks/ready", { id })).held).toBeNull();
    });

    it("must exist", async () => {
      const board = connect();
      for (const [id, code] of [
        ["#99", -32004],
        ["00000000-0000-4000-8000-000000000000", -32004],
        ["what", -32602],
      ] as const) {
        expect((await board.refusal("tasks/send", { name: "x", depends_on: [id] })).code).toBe(code);
      }
      expect(await board.call("tasks/list", {})).toEqual([]);
    });
  });
}
