import { describe, expect, it } from "vitest";
import type { Task } from "../../protocol/index.ts";
import type { Answer, Board, Connect } from "./client.ts";

async function heldJob(board: Board): Promise<Task> {
  const { id } = await board.call("tasks/send", { name: "job" });
  return board.call("tasks/claim", { id, agent_id: "a" });
}

/** Completed and cancelled are for ever, and exactly one of them happens (domain §3). */
export function endings(connect: Connect): void {
  describe("how a job ends", () => {
    it("cancel, then complete: cancelled, and the result is kept in the log", async () => {
      const board = connect();
      const { id, claim } = await heldJob(board);
      await board.call("tasks/cancel", { id, reason: "changed our minds" });
      const refused = await board.refusal("tasks/complete", { id, claim_id: claim!.claim_id, result: "work", post_ack: true });
      expect([refused.code, refused.data.reason, refused.data.state]).toEqual([-32001, "stale_claim", "cancelled"]);
      const { events } = await board.call("tasks/history", { id });
      expect(events.map((event) => event.type)).toEqual(["task.created", "task.claimed", "task.cancelled", "task.late_result"]);
      expect(events.at(-1)!.data.result).toBe("work");
      expect(await board.call("tasks/list", { kind: "ack" })).toEqual([]);
    });

    it("complete, then cancel: completed", async () => {
      const board = connect();
      const { id } = await heldJob(board);
      await board.call("tasks/complete", { id, agent_id: "a", result: 1 });
      const refused = await board.refusal("tasks/cancel", { id });
      expect([refused.code, refused.data.reason, refused.data.state]).toEqual([-32001, "terminal", "completed"]);
      expect((await board.call("tasks/get", { id }))!.state).toBe("completed");
    });

    it.each([
      ["cancel first", ["tasks/cancel", "tasks/complete"], "cancelled"],
      ["complete first", ["tasks/complete", "tasks/cancel"], "completed"],
    ])("in one batch, %s: the first stands and the other is refused", async (_what, methods, state) => {
      const board = connect();
      const { id } = await heldJob(board);
      const calls = methods.map((method, n) => ({ jsonrpc: "2.0", id: n, method, params: { id, agent_id: "a" } }));
      const answers = JSON.parse(await (await board.post(JSON.stringify(calls))).text()) as Answer[];
      expect(answers.map((answer) => answer.error?.code)).toEqual([undefined, -32001]);
      expect((await board.call("tasks/get", { id }))!.state).toBe(state);
    });

    it("at once from many connections: exactly one of forty stands", async () => {
      const board = connect();
      const { id } = await heldJob(board);
      const sessions = await Promise.all([1, 2, 3, 4].map(() => board.session()));
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, n) => sessions[n % 4]!.raw(n % 3 ? "tasks/complete" : "tasks/cancel", { id, result: n })),
      );
      expect(answers.filter((answer) => answer.result)).toHaveLength(1);
      const { events } = await board.call("tasks/history", { id });
      expect(events.filter((event) => ["task.completed", "task.cancelled"].includes(event.type))).toHaveLength(1);
      for (const session of sessions) session.close();
    });

    it("completes with an ack in one step: both in the log, side by side, and the ack's waiter wakes", async () => {
      const board = connect();
      const { id, number } = await heldJob(board);
      const waiting = (await board.session()).call("tasks/wait", { filter: { kind: "ack", name_contains: "V1.1" } });
      await board.waiting(1);
      const done = await board.call("tasks/complete", {
        id,
        agent_id: "a",
        result: { sha: "f00" },
        post_ack: true,
        ack_name: "v1.1 stable",
        ack_priority: "urgent",
        ack_payload: { commit: "f00" },
      });
      const woken = await waiting;
      expect(woken.task).toEqual(done.ack);
      expect(done.ack).toMatchObject({ kind: "ack", state: "completed", priority: "urgent", created_by: "a" });
      expect(done.ack!.payload).toEqual({ fixed_bug_id: id, commit: "f00" });
      const log = (await board.log()).slice(-2);
      expect(log.map((event) => [event.type, event.task_id])).toEqual([
        ["task.completed", id],
        ["task.created", done.ack!.id],
      ]);
      expect(log[0]!.data).toMatchObject({ ack_id: done.ack!.id, task: { number, state: "completed" } });
    });

    it("leaves fixed_bug_id alone where the caller set it, and names the ack by the job where it did not", async () => {
      const board = connect();
      const { id } = await heldJob(board);
      const { ack } = await board.call("tasks/complete", { id, post_ack: true, ack_payload: { fixed_bug_id: "JIRA-1" } });
      expect(ack!.payload).toEqual({ fixed_bug_id: "JIRA-1" });
      expect(ack!.name).toContain("job");
      expect(ack!.priority).toBe("high");
    });

    it("writes neither the completion nor the ack when the ack is too large", async () => {
      const board = connect();
      const { id } = await heldJob(board);
      const refused = await board.refusal("tasks/complete", { id, post_ack: true, ack_payload: "x".repeat(256 * 1024) });
      expect(refused.data.limit).toBe("payload_bytes");
      expect((await board.call("tasks/get", { id }))!.state).toBe("claimed");
      expect(await board.call("tasks/list", { kind: "ack" })).toEqual([]);
    });

    it("stays as it is, for ever, whatever is called", async () => {
      const board = connect();
      const done = await heldJob(board);
      await board.call("tasks/complete", { id: done.id });
      const off = await board.call("tasks/send", { name: "off" });
      await board.call("tasks/cancel", { id: off.id });
      const ack = await board.call("tasks/send", { name: "ack", kind: "ack" });
      const methods = ["claim", "extend", "release", "complete", "fail", "cancel", "retry", "ready", "unready", "update"];
      for (const { id } of [done, off, ack]) {
        const before = await board.call("tasks/get", { id });
        for (const method of methods) {
          const params = {
            id,
            agent_id: "a",
            ...(method === "fail" ? { reason: "r" } : {}),
            ...(method === "update" ? { name: "n" } : {}),
          };
          expect((await board.refusal(`tasks/${method}`, params)).code, method).toBe(-32001);
        }
        expect(await board.call("tasks/get", { id })).toEqual(before);
      }
    });
  });
}
