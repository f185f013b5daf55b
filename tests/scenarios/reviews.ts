import { describe, expect, it } from "vitest";
import type { Task } from "../../protocol/index.ts";
import type { Board, Connect } from "./client.ts";

async function handedIn(board: Board, by = "author", options: object = {}): Promise<Task> {
  const { id } = await board.call("tasks/send", { name: "job", review: "required", ...options });
  await board.call("tasks/claim", { id, agent_id: by });
  return (await board.call("tasks/complete", { id, agent_id: by, result: "v1", summary: "first try" })).task;
}

/** Work that somebody else has to agree with (jobs.md §6, domain §3). */
export function reviews(connect: Connect): void {
  describe("reviews", () => {
    it("hands work in, and completes it when somebody else approves", async () => {
      const board = connect();
      const { id, state, claimed_by } = await handedIn(board);
      expect([state, claimed_by]).toEqual(["review", "author"]);
      const dependent = await board.call("tasks/send", { name: "after", depends_on: [id] });
      const refused = await board.refusal("tasks/review", { id, decision: "approve", agent_id: "author" });
      expect([refused.code, refused.data.reason]).toEqual([-32001, "self_review"]);
      const done = await board.call("tasks/review", { id, decision: "approve", agent_id: "critic" });
      expect(done.state).toBe("completed");
      expect((await board.call("tasks/get", { id: dependent.id }))!.held).toBeNull();
      const { attempts, reviews } = await board.call("tasks/history", { id });
      expect(attempts.map((a) => [a.number, a.outcome, a.summary, a.result])).toEqual([[1, "approved", "first try", "v1"]]);
      expect(reviews.map((r) => [r.reviewer, r.decision])).toEqual([["critic", "approve"]]);
    });

    it("a request for changes opens the next attempt at the front, with all earlier feedback in the claim's answer", async () => {
      const board = connect();
      const { id } = await handedIn(board);
      const other = await board.call("tasks/send", { name: "urgent", priority: "urgent" });
      const withoutBody = await board.refusal("tasks/review", { id, decision: "request_changes", agent_id: "critic" });
      expect(withoutBody.code).toBe(-32602);
      const back = await board.call("tasks/review", { id, decision: "request_changes", body: "tests, please", agent_id: "critic" });
      expect([back.state, back.claimed_by]).toEqual(["pending", null]);
      const again = (await board.call("tasks/next", { agent_id: "second" }))!;
      expect([again.id, again.attempt]).toEqual([id, 2]);
      expect(again.claim!.feedback!.map((f) => [f.attempt, f.reviewer, f.body])).toEqual([[1, "critic", "tests, please"]]);
      expect((await board.call("tasks/next", { agent_id: "third" }))!.id).toBe(other.id);
      // a lapse or a release stays inside the attempt
      await board.call("tasks/release", { id, agent_id: "second" });
      expect((await board.call("tasks/claim", { id, agent_id: "second" })).attempt).toBe(2);
      await board.call("tasks/complete", { id, agent_id: "second", result: "v2" });
      const stale = await board.refusal("tasks/review", { id, decision: "approve", agent_id: "critic", attempt: 1 });
      expect([stale.data.reason, stale.data.attempt]).toEqual(["wrong_state", 2]);
      expect((await board.call("tasks/review", { id, decision: "approve", agent_id: "critic", attempt: 2 })).state).toBe("completed");
      const { attempts, claims } = await board.call("tasks/history", { id });
      expect(attempts.map((a) => [a.number, a.trigger, a.outcome])).toEqual([
        [1, "first", "changes_requested"],
        [2, "changes_requested", "approved"],
      ]);
      expect(claims.map((c) => [c.agent_id, c.attempt, c.end])).toEqual([
        ["author", 1, "submitted"],
        ["second", 2, "released"],
        ["second", 2, "submitted"],
      ]);
    });

    it("an open request for changes blocks until its author approves", async () => {
      const board = connect();
      const { id } = await handedIn(board);
      await board.call("tasks/review", { id, decision: "request_changes", body: "no", agent_id: "critic" });
      await board.call("tasks/claim", { id, agent_id: "author" });
      await board.call("tasks/complete", { id, agent_id: "author" });
      expect((await board.call("tasks/review", { id, decision: "approve", agent_id: "bystander" })).state).toBe("review");
      expect((await board.call("tasks/review", { id, decision: "approve", agent_id: "critic" })).state).toBe("completed");
    });

    it("or until an owner dismisses it, with a reason", async () => {
      const board = connect();
      const { id } = await handedIn(board);
      await board.call("tasks/review", { id, decision: "request_changes", body: "no", agent_id: "critic" });
      await board.call("tasks/claim", { id, agent_id: "author" });
      await board.call("tasks/complete", { id, agent_id: "author" });
      await board.call("tasks/review", { id, decision: "approve", agent_id: "bystander" });
      const { review_id } = (await board.call("tasks/history", { id })).reviews[0]!;
      const done = await board.call("reviews/dismiss", { review_id, reason: "critic is on leave", agent_id: "me" });
      expect(done.state).toBe("completed");
      const [first] = (await board.call("tasks/history", { id })).reviews;
      expect([first!.dismissed!.by, first!.dismissed!.reason]).toEqual(["me", "critic is on leave"]);
      expect((await board.refusal("reviews/dismiss", { review_id, reason: "twice", agent_id: "me" })).data.reason).toBe("wrong_state");
    });

    it("wants as many approvals as required, each by another reviewer", async () => {
      const board = connect();
      const { id } = await handedIn(board, "author", { required_approvals: 2 });
      expect((await board.call("tasks/review", { id, decision: "approve", agent_id: "a" })).state).toBe("review");
      expect((await board.call("tasks/review", { id, decision: "approve", agent_id: "a" })).state).toBe("review");
      expect((await board.call("tasks/review", { id, decision: "comment", body: "hm", agent_id: "b" })).state).toBe("review");
      expect((await board.call("tasks/review", { id, decision: "approve", agent_id: "b" })).state).toBe("completed");
    });

    it("nobody who held the attempt reviews it, not even after a release", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "job", review: "required" });
      await board.call("tasks/claim", { id, agent_id: "first" });
      await board.call("tasks/release", { id, agent_id: "first" });
      await board.call("tasks/claim", { id, agent_id: "second" });
      await board.call("tasks/complete", { id, agent_id: "second" });
      for (const agent_id of ["first", "second"]) {
        expect((await board.refusal("tasks/review", { id, decision: "approve", agent_id })).data.reason).toBe("self_review");
      }
    });

    it("is waited for like anything else", async () => {
      const board = connect();
      const { id } = await handedIn(board);
      const session = await board.session();
      const { head } = await session.call("workspace/info", {});
      const waiting = session.send("tasks/wait", { filter: { ids: id, state: ["completed", "pending"] }, after: head });
      await board.call("tasks/review", { id, decision: "request_changes", body: "again", agent_id: "critic" });
      const answer = (await session.answer(waiting)).result as { task: Task };
      expect([answer.task.id, answer.task.state]).toEqual([id, "pending"]);
    });

    it("refuses what is not in review, and what is finished", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "job" });
      expect((await board.refusal("tasks/review", { id, decision: "approve", agent_id: "x" })).data.reason).toBe("wrong_state");
      await board.call("tasks/cancel", { id });
      expect((await board.refusal("tasks/review", { id, decision: "approve", agent_id: "x" })).data.reason).toBe("terminal");
    });

    it("tells the author at its next check-in, and only there", async () => {
      const board = connect();
      await board.call("agents/checkin", { id: "author" });
      const { id } = await handedIn(board);
      await board.call("tasks/review", { id, decision: "request_changes", body: "more tests", agent_id: "critic" });
      const { feedback } = await board.call("agents/checkin", { id: "author" });
      expect(feedback.map((f) => [f.reviewer, f.decision, f.body])).toEqual([["critic", "request_changes", "more tests"]]);
      expect((await board.call("agents/checkin", { id: "author" })).feedback).toEqual([]);
      expect((await board.call("agents/checkin", { id: "critic" })).feedback).toEqual([]);
    });
  });
}
