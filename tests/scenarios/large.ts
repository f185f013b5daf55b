import { describe, expect, it } from "vitest";
import type { Task } from "../../protocol/index.ts";
import type { Answer, Board, Connect } from "./client.ts";

/** 68 tasks of 250,000 characters: more than one request may carry. */
async function largeBoard(board: Board): Promise<void> {
  const payload = "x".repeat(250_000);
  for (let n = 0; n < 68; n += 4) {
    const calls = Array.from({ length: 4 }, (_, at) => ({
      jsonrpc: "2.0",
      id: at,
      method: "tasks/send",
      params: { name: `large ${n + at}`, payload },
    }));
    const reply = await board.post(JSON.stringify(calls));
    expect(reply.status).toBe(200);
  }
}

async function batch(board: Board, calls: object[]): Promise<Answer[]> {
  return JSON.parse(await (await board.post(JSON.stringify(calls.map((call, id) => ({ jsonrpc: "2.0", id, ...call }))))).text());
}

/** One request must not fill the memory that all workspaces share, and everything can still be read. */
export function large(connect: Connect): void {
  describe("a board with large payloads", () => {
    it("is read in pages that end early, and refused in one piece with the way to read it", async () => {
      const board = connect();
      await largeBoard(board);
      const refused = await board.refusal("tasks/list", { limit: 500 });
      expect([refused.code, refused.data.limit]).toEqual([-32005, "answer_chars"]);
      expect(refused.data.remedy).toContain("page: true");
      const seen: number[] = [];
      for (let cursor: string | undefined; ; ) {
        const page = (await board.call("tasks/list", { limit: 500, page: true, ...(cursor ? { cursor } : {}) })) as {
          tasks: Task[];
          next: string | null;
        };
        expect(page.tasks.length).toBeLessThan(20);
        seen.push(...page.tasks.map((task) => task.number));
        if (page.next === null) break;
        cursor = page.next;
      }
      expect(seen).toEqual(Array.from({ length: 68 }, (_, n) => 68 - n));
    });

    it("answers 10 million characters in one list, which is within the limit", async () => {
      const board = connect();
      await largeBoard(board);
      expect(await board.call("tasks/list", { limit: 40 })).toHaveLength(40);
    });

    it("refuses the rest of a batch of reads once it is too much, and applies what changes something", async () => {
      const board = connect();
      await largeBoard(board);
      const list = { method: "tasks/list", params: { limit: 60 } };
      const answers = await batch(board, [
        list,
        list,
        list,
        { method: "tasks/send", params: { name: "small" } },
        { method: "workspace/info" },
      ]);
      expect(answers.map((answer) => answer.error?.data.limit ?? "given")).toEqual([
        "given",
        "given",
        "answer_chars",
        "given",
        "answer_chars",
      ]);
      expect((answers[3]!.result as Task).number).toBe(69);
      const session = await board.session();
      expect((await session.call("tasks/list", { kind: "task", limit: 1 })) as Task[]).toHaveLength(1);
    });
  });
}
