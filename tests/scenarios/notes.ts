import { describe, expect, it } from "vitest";
import type { Connect } from "./client.ts";

/** What is said on a task stays said, but can be withheld (jobs.md §6.4). */
export function notes(connect: Connect): void {
  describe("notes", () => {
    it("are kept in order, on a task in any state", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "fact", kind: "decision" });
      await board.call("notes/add", { id, agent_id: "a", body: "one" });
      const second = await board.call("notes/add", { id, agent_id: "b", body: "two, @a and a@example.org." });
      expect(second.mentions).toEqual(["a"]);
      expect((await board.call("notes/list", { id })).map((note) => [note.author, note.body])).toEqual([
        ["a", "one"],
        ["b", "two, @a and a@example.org."],
      ]);
      expect((await board.refusal("notes/add", { id, agent_id: "a", body: " \n" })).code).toBe(-32602);
      expect((await board.refusal("notes/add", { id, agent_id: "a", body: "x".repeat(65_537) })).data.limit).toBe("note_bytes");
    });

    it("a mention wakes that handle's wait, and is in its next check-in", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "job" });
      await board.call("agents/checkin", { id: "harbor-lynx" });
      const session = await board.session();
      const waiting = session.send("tasks/wait", { filter: { mentions: "harbor-lynx" } });
      await session.call("workspace/info", {});
      await board.call("notes/add", { id, agent_id: "b", body: "for @somebody-else" });
      const note = await board.call("notes/add", { id, agent_id: "b", body: "look here, @harbor-lynx!" });
      const answer = (await session.answer(waiting)).result as { task: { id: string }; event: { type: string; data: { note_id: string } } };
      expect([answer.task.id, answer.event.type, answer.event.data.note_id]).toEqual([id, "note.added", note.note_id]);
      const { mentions } = await board.call("agents/checkin", { id: "harbor-lynx" });
      expect(mentions.map((m) => [m.by, m.body])).toEqual([["b", "look here, @harbor-lynx!"]]);
      expect((await board.call("agents/checkin", { id: "harbor-lynx" })).mentions).toEqual([]);
    });

    it("wakes no wait for a change: nothing of the task has changed", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "job" });
      const session = await board.session();
      const { head } = await session.call("workspace/info", {});
      const waiting = session.send("tasks/wait", { filter: { ids: id, state: "any" }, after: head });
      await session.call("workspace/info", {});
      await board.call("notes/add", { id, agent_id: "a", body: "still thinking" });
      await board.call("tasks/claim", { id, agent_id: "a" });
      const answer = (await session.answer(waiting)).result as { event: { type: string } };
      expect(answer.event.type).toBe("task.claimed");
      const again = await board.call("tasks/wait", { filter: { ids: id, state: "any" }, after: head, timeout_ms: 0 });
      expect(again.event!.type).toBe("task.claimed");
    });

    it("a mention in a review does the same", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "job", review: "required" });
      await board.call("tasks/claim", { id, agent_id: "a" });
      await board.call("tasks/complete", { id, agent_id: "a" });
      await board.call("agents/checkin", { id: "expert" });
      await board.call("tasks/review", { id, decision: "comment", body: "what do you say, @expert", agent_id: "critic" });
      expect((await board.call("agents/checkin", { id: "expert" })).mentions.map((m) => m.by)).toEqual(["critic"]);
    });

    it("retracted: the record stays, the body is withheld everywhere", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "job" });
      const { note_id } = await board.call("notes/add", { id, agent_id: "a", body: "secret words for @b" });
      const gone = await board.call("notes/retract", { note_id, reason: "wrong task", agent_id: "me" });
      expect([gone.body, gone.retracted!.by, gone.retracted!.reason, gone.retracted!.purged]).toEqual([null, "me", "wrong task", false]);
      const everywhere = JSON.stringify([
        await board.call("notes/list", { id }),
        await board.call("tasks/history", { id }),
        await board.call("events/list", { after: 0 }),
        await board.call("agents/checkin", { id: "b" }),
        await board.call("tasks/list", { q: "secret" }),
      ]);
      expect(everywhere).not.toContain("secret words");
      expect((await board.refusal("notes/retract", { note_id, reason: "again" })).data.reason).toBe("wrong_state");
    });

    it("purged: the body is gone, and that is logged", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "job" });
      const { note_id } = await board.call("notes/add", { id, agent_id: "a", body: "hunter2" });
      await board.call("notes/retract", { note_id, reason: "secret" });
      const gone = await board.call("notes/purge", { note_id, reason: "leaked" });
      expect([gone.body, gone.retracted!.purged]).toEqual([null, true]);
      const { events } = await board.call("events/list", { after: 0 });
      expect(events.map((event) => event.type)).toEqual(expect.arrayContaining(["note.added", "note.retracted", "note.purged"]));
      expect(JSON.stringify(events)).not.toContain("hunter2");
      expect((await board.refusal("notes/purge", { note_id: "00000000-0000-4000-8000-000000000000", reason: "x" })).code).toBe(-32004);
    });
  });
}
