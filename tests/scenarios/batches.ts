import { describe, expect, it } from "vitest";
import type { Answer, Connect } from "./client.ts";

const call = (id: unknown, method: string, params: object = {}) => ({ jsonrpc: "2.0", id, method, params });
const notification = (method: string, params: object = {}) => ({ jsonrpc: "2.0", method, params });

/** JSON-RPC 2.0 §4.1 and §6, over HTTP and sessions. */
export function batches(connect: Connect): void {
  describe("a batch", () => {
    it("runs in order, and answers every call that has an id", async () => {
      const board = connect();
      const reply = await board.post(
        JSON.stringify([
          call("a", "tasks/send", { name: "job" }),
          notification("tasks/claim", { id: "#1", agentId: "a" }),
          call("b", "tasks/get", { id: "#1" }),
          call("c", "nope"),
          1,
          [],
          call(null, "agents/list"),
        ]),
      );
      expect(reply.status).toBe(200);
      const answers = JSON.parse(await reply.text()) as Answer[];
      expect(answers.map((answer) => answer.id)).toEqual(["a", "b", "c", null, null, null]);
      expect(answers.map((answer) => answer.error?.code)).toEqual([undefined, undefined, -32601, -32600, -32600, undefined]);
      expect((answers[1]!.result as { state: string }).state).toBe("claimed");
    });

    it("of notifications only is answered with nothing, and done", async () => {
      const board = connect();
      const reply = await board.post(JSON.stringify([notification("tasks/send", { name: "x" }), notification("nope")]));
      expect([reply.status, await reply.text()]).toEqual([204, ""]);
      expect(await board.call("tasks/list", {})).toHaveLength(1);
      const single = await board.post(JSON.stringify(notification("tasks/send", { name: "y" })));
      expect([single.status, await single.text()]).toEqual([204, ""]);
      const wrong = await board.post(JSON.stringify(notification("tasks/send", {})));
      expect([wrong.status, await wrong.text()]).toEqual([204, ""]);
      expect(await board.call("tasks/list", {})).toHaveLength(2);
    });

    it("of 100 is taken, of 101 is refused whole", async () => {
      const board = connect();
      const calls = Array.from({ length: 101 }, (_, n) => call(n, "tasks/send", { name: `${n}` }));
      const over = JSON.parse(await (await board.post(JSON.stringify(calls))).text()) as Answer;
      expect([over.id, over.error!.code, over.error!.data.limit, over.error!.data.given]).toEqual([null, -32005, "batch_calls", 101]);
      expect(await board.call("tasks/list", {})).toEqual([]);
      expect(JSON.parse(await (await board.post(JSON.stringify(calls.slice(1)))).text())).toHaveLength(100);
    });

    it("may wait over HTTP: it is answered when all of its calls are", async () => {
      const board = connect();
      const waiting = board.post(
        JSON.stringify([
          call(1, "tasks/wait", { filter: { kind: "ack" } }),
          call(2, "tasks/next", { agent_id: "a", wait_ms: 60_000 }),
          call(3, "agents/list"),
        ]),
      );
      await board.waiting(2);
      const { id } = await board.call("tasks/send", { name: "job" });
      await board.waiting(1);
      await board.call("tasks/send", { name: "done", kind: "ack" });
      const answers = JSON.parse(await (await waiting).text()) as Answer[];
      expect(answers.map((answer) => answer.id)).toEqual([1, 2, 3]);
      expect((answers[1]!.result as { id: string }).id).toBe(id);
    });

    it("over a session is answered in one frame; a wait in it is refused, since it would hold the others up", async () => {
      const board = connect();
      const session = await board.session();
      session.frame(
        JSON.stringify([call(1, "tasks/send", { name: "x" }), notification("tasks/send", { name: "y" }), call(2, "tasks/list")]),
      );
      const answers = (await session.next<Answer[]>(Array.isArray)) as Answer[];
      expect(answers.map((answer) => answer.id)).toEqual([1, 2]);
      expect(answers[1]!.result).toHaveLength(2);
      session.frame(JSON.stringify([call(3, "agents/list"), call(4, "tasks/wait", { filter: { kind: "ack" } })]));
      const mixed = (await session.next<Answer[]>(Array.isArray)) as Answer[];
      expect(mixed.find((answer) => answer.id === 4)!.error!.code).toBe(-32600);
      expect(mixed.find((answer) => answer.id === 3)!.result).toEqual([]);
      expect((await board.call("workspace/info", {})).waiters).toBe(0);
    });

    it("over a session, notifications are done and not answered", async () => {
      const board = connect();
      const session = await board.session();
      session.frame(JSON.stringify(notification("tasks/send", { name: "x" })));
      session.frame(JSON.stringify([notification("tasks/send", { name: "y" }), notification("nope", {})]));
      expect(await session.call("tasks/list", {})).toHaveLength(2);
      expect(session.frames).toEqual([]);
    });

    it("keeps one call's refusal from undoing another's effect", async () => {
      const board = connect();
      const reply = await board.post(
        JSON.stringify([
          call(1, "tasks/send", { name: "a" }),
          call(2, "tasks/send", { name: "b", depends_on: ["#99"] }),
          call(3, "tasks/send", { name: "c", depends_on: ["#1"] }),
        ]),
      );
      const answers = JSON.parse(await reply.text()) as Answer[];
      expect(answers.map((answer) => answer.error?.code)).toEqual([undefined, -32004, undefined]);
      expect((answers[2]!.result as { number: number }).number).toBe(2);
    });

    it("takes many answers under one id over a session, as long as no two waits share it", async () => {
      const board = connect();
      const session = await board.session();
      for (const _ of [1, 2]) session.frame(JSON.stringify(call("same", "tasks/wait", { filter: { kind: "ack" } })));
      const refused = await session.next<Answer>((frame) => frame.id === "same");
      expect(refused.error!.code).toBe(-32600);
      session.frame(JSON.stringify(call(1, "tasks/wait", { filter: { kind: "bug" } })));
      session.frame(JSON.stringify(call("1", "tasks/wait", { filter: { kind: "bug" } })));
      await board.waiting(3);
      await board.call("tasks/send", { name: "b", kind: "bug" });
      const ids = [await session.next<Answer>(() => true), await session.next<Answer>(() => true)].map((answer) => answer.id);
      expect(ids).toEqual([1, "1"]);
    });
  });
}
