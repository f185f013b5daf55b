import { describe, expect, it } from "vitest";
import { tokens } from "../../protocol/tokens.ts";
import type { Board, Connect } from "./client.ts";

/** A board on which as much as can be concerns one agent, in names as long as they may be. */
async function busyBoard(board: Board, word: string): Promise<void> {
  const name = (at: number) => `${at} ${word.repeat(512)}`.slice(0, 512 - (512 % word.length));
  const said = word.repeat(300).slice(0, 300 - (300 % word.length));
  await board.call("agents/checkin", { id: "heron" });
  await board.batch(
    "agents/heartbeat",
    Array.from({ length: 50 }, (_, at) => ({ id: `agent-${at}-${"x".repeat(50)}` })),
  );
  const posted = await board.batch(
    "tasks/send",
    Array.from({ length: 24 }, (_, at) => ({
      ...{ name: name(at), kind: "k".repeat(60), priority: "urgent" },
      ...(at < 4 ? { review: "required" as const } : {}),
    })),
  );
  const ids = posted.map(({ id }) => id);
  for (const id of ids.slice(0, 4)) {
    await board.call("tasks/claim", { id, agent_id: "heron" });
    await board.call("tasks/complete", { id, agent_id: "heron" });
    await board.call("tasks/review", { id, agent_id: "owl", decision: "request_changes", body: said });
  }
  for (const id of ids.slice(4, 13)) await board.call("tasks/claim", { id, agent_id: "heron" });
  for (const id of ids.slice(0, 5)) await board.call("notes/add", { id, agent_id: "owl", body: `@heron ${said}` });
}

/** `agents/checkin` answers in at most 1,500 tokens, whoever asks and by whatever way. */
export function checkin(connect: Connect): void {
  describe("a check-in", () => {
    it.each(["日本語", "👩🏽‍💻", '"\\', "word "])(
      "of a busy board stays within 1,500 tokens, and says what it left out (%s)",
      async (word) => {
        const board = connect();
        await busyBoard(board, word);
        const answer = await board.call("agents/checkin", { id: "heron" });
        expect(tokens(answer)).toBeLessThanOrEqual(1_500);
        const left = answer.left_out!;
        expect(answer.holds.length + (left.holds ?? 0)).toBe(9);
        expect(answer.holds.length).toBeGreaterThanOrEqual(5);
        expect(answer.feedback.length + (left.feedback ?? 0)).toBe(4);
        expect(answer.mentions.length + (left.mentions ?? 0)).toBe(5);
        expect(answer.urgent.length + (left.urgent ?? 0)).toBe(15);
        expect(answer.agents.length + left.agents!).toBe(51);
        for (const list of ["feedback", "mentions", "urgent", "agents"] as const) expect(answer[list].length, list).toBeGreaterThan(0);
        expect(answer.changes.recent.length).toBeGreaterThan(0);
        expect(answer.changes.counts).toMatchObject({ "task.created": 24, "task.claimed": 13, "review.decided": 4, "note.added": 5 });
      },
    );

    it("that fits leaves nothing out and cuts nothing", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "x".repeat(110), priority: "urgent" });
      await board.call("tasks/claim", { id, agent_id: "heron" });
      const answer = await board.call("agents/checkin", { id: "heron" });
      expect(answer.left_out).toBeUndefined();
      expect(answer.holds[0]!.name).toBe("x".repeat(110));
    });

    it("tells of the urgent in the order of the queue: what was sent back first, then by priority, then the oldest", async () => {
      const board = connect();
      const send = (name: string, more: object = {}) => board.call("tasks/send", { name, ...more });
      await send("normal");
      await send("high", { priority: "high" });
      await send("mine", { assignee: "heron" });
      await send("another's", { assignee: "owl", priority: "urgent" });
      await send("a person's", { performer: "user", priority: "urgent" });
      await send("held", { priority: "urgent", depends_on: ["#1"] });
      await send("urgent", { priority: "urgent" });
      const { id } = await send("sent back", { priority: "high", review: "required" });
      await board.call("tasks/claim", { id, agent_id: "owl" });
      await board.call("tasks/complete", { id, agent_id: "owl" });
      await board.call("tasks/review", { id, agent_id: "finch", decision: "request_changes", body: "no" });
      const { urgent } = await board.call("agents/checkin", { id: "heron" });
      expect(urgent.map(({ name }) => name)).toEqual(["sent back", "urgent", "high", "mine"]);
      const person = await board.call("agents/checkin", { id: "anna", type: "user" });
      expect(person.urgent.map(({ name }) => name)).toEqual(["sent back", "a person's", "urgent", "high"]);
    });
  });
}
