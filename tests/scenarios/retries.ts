import { describe, expect, it } from "vitest";
import type { Connect } from "./client.ts";

/** A client that lost an answer asks again and changes nothing twice (domain §5). */
export function retries(connect: Connect): void {
  describe("an idempotency key", () => {
    it("gives the first answer again, for every method that changes something, with no second effect", async () => {
      const board = connect();
      const twice = async (method: "tasks/send" | "tasks/claim" | "tasks/complete" | "tasks/release" | "tasks/cancel", params: object) => {
        const call = { ...params, idempotency_key: crypto.randomUUID() } as never;
        const first = await board.call(method, call);
        const { head } = await board.call("workspace/info", {});
        expect(await board.call(method, call), method).toEqual(first);
        expect(await (await board.session()).call(method, call), method).toEqual(first);
        expect((await board.call("workspace/info", {})).head, method).toBe(head);
        return first as { id: string };
      };
      const { id } = await twice("tasks/send", { name: "job", payload: { z: 1, a: [2] } });
      await twice("tasks/claim", { id, agentId: "a" });
      await twice("tasks/release", { id, agent_id: "a" });
      await board.call("tasks/claim", { id, agent_id: "b" });
      await twice("tasks/complete", { id, post_ack: true, result: { ok: true } });
      expect(await board.call("tasks/list", { kind: "ack" })).toHaveLength(1);
      await twice("tasks/cancel", { id: (await board.call("tasks/send", { name: "off" })).id });
    });

    it("gives the job of tasks/next again, also after it has moved on", async () => {
      const board = connect();
      await board.batch("tasks/send", [{ name: "one" }, { name: "two" }]);
      const call = { agent_id: "a", idempotency_key: "k" };
      const first = await board.call("tasks/next", call);
      await board.call("tasks/complete", { id: first!.id });
      expect(await board.call("tasks/next", call)).toEqual(first);
      expect(await board.call("tasks/list", { state: "pending" })).toHaveLength(1);
    });

    it("is refused for another call, and that changes nothing", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "one", idempotency_key: "k" });
      for (const [method, params] of [
        ["tasks/send", { name: "two" }],
        ["tasks/send", { name: "one", priority: "high" }],
        ["tasks/cancel", { id }],
      ] as const) {
        const refused = await board.refusal(method, { ...params, idempotency_key: "k" });
        expect([refused.code, refused.data.reason]).toEqual([-32001, "idempotency_conflict"]);
      }
      const tasks = await board.call("tasks/list", {});
      expect(tasks).toHaveLength(1);
    });

    it("takes a call for the same whatever the order and spelling of its parameters", async () => {
      const board = connect();
      const first = await board.call("tasks/send", { name: "x", payload: { a: 1, b: { c: 2, d: 3 } }, idempotency_key: "k" });
      const again = await board.raw("tasks/send", { idempotencyKey: "k", payload: { b: { d: 3, c: 2 }, a: 1 }, kind: "task", name: "x" });
      expect(again.result).toEqual(first);
    });

    it("decides a refusal that changed nothing afresh", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "job" });
      await board.call("tasks/claim", { id, agent_id: "a" });
      await board.call("agents/heartbeat", { id: "known", name: "known" });
      for (const agent_id of ["known", "never seen before"]) {
        const call = { id, agent_id, idempotency_key: `by ${agent_id}` };
        expect((await board.refusal("tasks/claim", call)).data.reason).toBe("already_claimed");
        await board.call("tasks/release", { id });
        expect((await board.call("tasks/claim", call)).claimed_by).toBe(agent_id);
      }
    });

    it("keeps a refusal that did change something: a late result is kept once", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "job" });
      await board.call("tasks/claim", { id, agent_id: "a" });
      await board.call("tasks/cancel", { id });
      const call = { id, agent_id: "a", result: "late", idempotency_key: "k" };
      const first = await board.refusal("tasks/complete", call);
      expect(await board.refusal("tasks/complete", call)).toEqual(first);
      const { events } = await board.call("tasks/history", { id });
      expect(events.filter((event) => event.type === "task.late_result")).toHaveLength(1);
    });

    it("works for two calls of one batch, and does not cross into another workspace", async () => {
      const board = connect();
      const [one, two] = await board.batch("tasks/send", [
        { name: "x", idempotency_key: "k" },
        { name: "x", idempotency_key: "k" },
      ]);
      expect(two).toEqual(one);
      expect((await connect().call("tasks/send", { name: "y", idempotency_key: "k" })).name).toBe("y");
    });
  });
}
