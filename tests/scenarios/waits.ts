import { describe, expect, it } from "vitest";
import { Board, type Connect } from "./client.ts";

/** Waiting is exact: what matched is never missed, and nobody asks twice (domain §7). */
export function waits(connect: Connect): void {
  describe("a wait", () => {
    it("answers at once with what is there, and with the newest of it", async () => {
      const board = connect();
      await board.call("tasks/send", { name: "v1.0", kind: "ack" });
      const { id } = await board.call("tasks/send", { name: "v1.1", kind: "ack" });
      const answer = await board.call("tasks/wait", { filter: { kind: "ack", name_contains: "V1." } });
      expect([answer.task!.id, answer.timed_out, answer.event]).toEqual([id, false, undefined]);
      expect(answer.cursor).toBe((await board.call("workspace/info", {})).head);
    });

    it("without a state means completed for announcements and pending for jobs", async () => {
      const board = connect();
      const session = await board.session();
      const waiting = { any: session.send("tasks/wait", {}), bug: session.send("tasks/wait", { filter: { kind: "bug" } }) };
      const done = session.send("tasks/wait", { filter: { kind: "bug", state: "done" } });
      await board.waiting(3);
      const { id } = await board.call("tasks/send", { name: "b", kind: "bug", state: "backlog" });
      await board.call("tasks/ready", { id });
      for (const wait of [waiting.any, waiting.bug]) {
        expect((await session.result("tasks/wait", wait)).event).toMatchObject({ type: "task.ready", task_id: id });
      }
      await board.call("tasks/claim", { id, agent_id: "a" });
      expect((await board.call("tasks/wait", { filter: { kind: "bug" }, timeout_ms: 0 })).timed_out).toBe(true);
      await board.call("tasks/complete", { id });
      expect((await session.result("tasks/wait", done)).event!.type).toBe("task.completed");
      const ack = await board.call("tasks/send", { name: "a", kind: "decision" });
      expect((await board.call("tasks/wait", {})).task!.id).toBe(ack.id);
    });

    it("over HTTP is answered by the server in one request, long before its time is up", async () => {
      const board = connect();
      const own = new Board(board.name, board.transport);
      const waiting = own.call("tasks/wait", { filter: { kind: "ack", name_contains: "stable" }, timeout_ms: 60_000 });
      await board.waiting(1);
      await board.call("tasks/send", { name: "v1.1 unstable?", kind: "bug" });
      const started = Date.now();
      const posted = await board.call("tasks/send", { name: "v1.1 stable", kind: "ack" });
      const answer = await waiting;
      expect([answer.task!.id, answer.timed_out]).toEqual([posted.id, false]);
      expect(own.requests).toBe(1);
      expect(Date.now() - started).toBeLessThan(10_000);
      expect((await board.call("workspace/info", {})).waiters).toBe(0);
    });

    it("with `after` hears of a task that matched and moved on between two calls", async () => {
      const board = connect();
      const { cursor } = await board.call("tasks/wait", { filter: { kind: "bug" }, timeout_ms: 0 });
      const { id } = await board.call("tasks/send", { name: "quick", kind: "bug" });
      await board.call("tasks/claim", { id, agent_id: "a" });
      await board.call("tasks/complete", { id });
      const heard = await board.call("tasks/wait", { filter: { kind: "bug" }, after: cursor, timeout_ms: 0 });
      expect([heard.task!.state, heard.event!.type]).toEqual(["completed", "task.created"]);
      expect((heard.event!.data.task as { state: string }).state).toBe("pending");
      expect((await board.call("tasks/wait", { filter: { kind: "bug" }, after: heard.cursor, timeout_ms: 0 })).timed_out).toBe(true);
      expect((await board.call("tasks/wait", { filter: { kind: "bug" }, timeout_ms: 0 })).timed_out).toBe(true);
    });

    it("with `after` does not count what was there before", async () => {
      const board = connect();
      await board.call("tasks/send", { name: "old", kind: "ack" });
      const { head } = await board.call("workspace/info", {});
      const session = await board.session();
      const waiting = session.send("tasks/wait", { filter: { kind: "ack" }, after: head });
      await board.waiting(1);
      const { id } = await board.call("tasks/send", { name: "new", kind: "ack" });
      expect((await session.result("tasks/wait", waiting)).task!.id).toBe(id);
    });

    it("in a chain of cursors hears of everything that is posted meanwhile, once and in order", async () => {
      const board = connect();
      const heard: string[] = [];
      const listen = async () => {
        let after = 0;
        while (heard.length < 150) {
          const answer = await board.call("tasks/wait", { filter: { kind: "ack" }, after, timeout_ms: 60_000 });
          if (answer.task) heard.push(answer.task.name);
          after = answer.cursor;
        }
      };
      const post = async (from: number) => {
        for (let n = from; n < 150; n += 3) await board.call("tasks/send", { name: `${n}`, kind: n % 2 ? "ack" : "bug" });
        for (let n = from; n < 150; n += 3) await board.call("tasks/send", { name: `${n + 150}`, kind: n % 2 ? "bug" : "ack" });
      };
      await Promise.all([listen(), post(0), post(1), post(2)]);
      const order = (await board.log()).filter(({ data }) => (data.task as { kind?: string } | undefined)?.kind === "ack");
      expect(heard).toEqual(order.map(({ data }) => (data.task as { name: string }).name));
    }, 20_000);

    it("for all of several ids is answered when the last of them is there, in the order asked for", async () => {
      const board = connect();
      const ids = (await board.batch("tasks/send", [{ name: "a" }, { name: "b" }, { name: "c" }])).map((task) => task.id);
      const session = await board.session();
      const asked = [ids[2]!, ids[0]!, ids[1]!];
      const waiting = session.send("tasks/wait", { filter: { ids: asked, state: ["completed", "cancelled"] }, all: true });
      await board.waiting(1);
      for (const id of ids.slice(0, 2)) {
        await board.call("tasks/claim", { id, agent_id: "a" });
        await board.call("tasks/complete", { id });
      }
      const early = await session.call("tasks/wait", { filter: { ids: asked, state: "completed" }, all: true, timeout_ms: 0 });
      expect([early.tasks, early.timed_out]).toEqual([[], true]);
      await board.call("tasks/cancel", { id: ids[2]! });
      const answer = await session.result("tasks/wait", waiting);
      expect(answer.tasks!.map((task) => [task.id, task.state])).toEqual([
        [ids[2], "cancelled"],
        [ids[0], "completed"],
        [ids[1], "completed"],
      ]);
      const again = await board.call("tasks/wait", { filter: { ids: asked, state: "any" }, all: true });
      expect(again.tasks!.map((task) => task.id)).toEqual(asked);
      expect((await board.refusal("tasks/wait", { all: true })).code).toBe(-32602);
      const unknown = { filter: { ids: ["00000000-0000-4000-8000-000000000000"] }, all: true };
      expect((await board.refusal("tasks/wait", unknown)).code).toBe(-32004);
    });

    it("says so when its time is up, with a cursor to go on from", async () => {
      const board = connect();
      await board.call("tasks/send", { name: "x" });
      const nothing = { task: null, cursor: 1, timed_out: true };
      expect(await board.call("tasks/wait", { filter: { kind: "ack" }, timeout_ms: 30 })).toEqual(nothing);
      const session = await board.session();
      expect(await session.call("tasks/wait", { filter: { kind: "ack" }, timeout_ms: 30 })).toEqual(nothing);
      expect(await session.call("tasks/wait", { filter: { kind: "ack" }, wait_ms: 0 })).toEqual(nothing);
    });

    it("refuses a cursor that is ahead of the log, and says where the log ends", async () => {
      const board = connect();
      await board.call("tasks/send", { name: "x" });
      for (const method of ["tasks/wait", "events/list"]) {
        const refused = await board.refusal(method, { after: 1000 });
        expect([refused.code, refused.data.code, refused.data.head]).toEqual([-32012, "cursor_ahead", 1]);
      }
      expect((await (await board.session()).refusal("events/subscribe", { after: 1000 })).data.code).toBe("cursor_ahead");
      expect((await board.refusal("tasks/wait", { after: -1 })).code).toBe(-32602);
    });

    it("is given up by session/cancel, and answered as timed out; other waits go on", async () => {
      const board = connect();
      const session = await board.session();
      const dropped = session.send("tasks/wait", { filter: { kind: "ack" } });
      const inLine = session.send("tasks/next", { agent_id: "a", wait_ms: 600_000 });
      const kept = session.send("tasks/wait", { filter: { kind: "ack" } });
      expect(await session.call("session/cancel", { id: dropped })).toEqual({ ok: true });
      expect(await session.result("tasks/wait", dropped)).toMatchObject({ task: null, timed_out: true });
      expect(await session.call("session/cancel", { id: inLine })).toEqual({ ok: true });
      expect(await session.result("tasks/next", inLine)).toBeNull();
      expect(await session.call("session/cancel", { id: dropped })).toEqual({ ok: false });
      const { id } = await board.call("tasks/send", { name: "x", kind: "ack" });
      expect((await session.result("tasks/wait", kept)).task!.id).toBe(id);
      expect((await board.call("workspace/info", {})).waiters).toBe(0);
      expect((await board.refusal("session/cancel", { id: 1 })).code).toBe(-32600);
    });

    it("ends with the session that asked", async () => {
      const board = connect();
      const session = await board.session();
      for (let n = 0; n < 5; n += 1) session.send("tasks/wait", { filter: { kind: "ack" } });
      await board.waiting(5);
      session.close();
      await board.waiting(0);
      expect((await board.call("workspace/info", {})).sessions).toBe(0);
    });

    it("on the log is held by events/list, and by GET /events for curl", async () => {
      const board = connect();
      const { head } = await board.call("workspace/info", {});
      const rpc = board.call("events/list", { after: head, wait_ms: 30_000, filter: { kind: "ack" } });
      const curl = board.transport.fetch(`/w/${board.name}/events?since=${head}&wait=30`);
      await board.waiting(2);
      await board.call("tasks/send", { name: "bug", kind: "bug" });
      const { id } = await board.call("tasks/send", { name: "x", kind: "ack" });
      expect((await rpc).events.map((event) => event.task_id)).toEqual([id]);
      const first = JSON.parse(await (await curl).text());
      expect([first.events[0].seq, first.cursor]).toEqual([head + 1, head + 1]);
    });
  });
}
