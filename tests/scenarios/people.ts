import { describe, expect, it } from "vitest";
import type { Board, Connect } from "./client.ts";

async function person(board: Board, id = "me"): Promise<string> {
  await board.call("agents/heartbeat", { id, name: "Me", type: "user" });
  return id;
}

/** Jobs for people: started, dragged and finished by a person, never claimed by an agent (jobs.md §4, T7, T10, T11). */
export function people(connect: Connect): void {
  describe("a job for a person", () => {
    it("is not claimed by an agent, is skipped by next, and is held by a person without a deadline", async () => {
      const board = connect();
      const me = await person(board);
      const { id } = await board.call("tasks/send", { name: "sign the contract", performer: "user" });
      expect((await board.refusal("tasks/claim", { id, agent_id: "robot" })).data.reason).toBe("not_claimable");
      expect(await board.call("tasks/next", { agent_id: "robot" })).toBeNull();
      const held = await board.call("tasks/claim", { id, agent_id: me });
      expect([held.state, held.lease_until, held.claim!.lease_until]).toEqual(["claimed", undefined, null]);
      expect((await board.call("tasks/complete", { id, agent_id: me, result: "signed" })).task.state).toBe("completed");
    });

    it("is dragged freely between the open states, and each start is an attempt", async () => {
      const board = connect();
      const me = await person(board);
      const { id } = await board.call("tasks/send", { name: "decide", performer: "user", state: "backlog" });
      const states = [];
      for (const state of ["in_progress", "ready", "review", "backlog", "claimed", "review"]) {
        states.push((await board.call("tasks/update", { id, state, agent_id: me })).state);
      }
      expect(states).toEqual(["claimed", "pending", "review", "backlog", "claimed", "review"]);
      const { attempts, claims } = await board.call("tasks/history", { id });
      expect(attempts.map((a) => [a.number, a.outcome])).toEqual([
        [1, "abandoned"],
        [2, "submitted"],
        [3, "submitted"],
      ]);
      expect(claims.every((claim) => claim.ended_at !== null)).toBe(true);
      expect((await board.call("tasks/complete", { id, agent_id: me })).task.state).toBe("completed");
      expect((await board.refusal("tasks/update", { id, state: "backlog", agent_id: me })).data.reason).toBe("terminal");
    });

    it("is not dragged by an agent, nor is an agent's job by a person", async () => {
      const board = connect();
      const me = await person(board);
      const user = await board.call("tasks/send", { name: "u", performer: "user" });
      const agentic = await board.call("tasks/send", { name: "a" });
      expect((await board.refusal("tasks/update", { id: user.id, state: "claimed", agent_id: "robot" })).data.reason).toBe("not_claimable");
      expect((await board.refusal("tasks/update", { id: user.id, state: "claimed" })).data.reason).toBe("not_claimable");
      expect((await board.refusal("tasks/update", { id: agentic.id, state: "claimed", agent_id: me })).data.reason).toBe("wrong_state");
      expect((await board.refusal("tasks/complete", { id: agentic.id, agent_id: me })).code).toBe(-32001);
    });

    it("is finished from where it stands, but not while something holds it", async () => {
      const board = connect();
      const me = await person(board);
      const first = await board.call("tasks/send", { name: "first", performer: "user", state: "backlog" });
      const second = await board.call("tasks/send", { name: "second", performer: "user", depends_on: [first.id] });
      expect((await board.refusal("tasks/update", { id: second.id, state: "claimed", agent_id: me })).data.reason).toBe("held");
      expect((await board.refusal("tasks/complete", { id: second.id, agent_id: me })).code).toBe(-32001);
      await board.call("tasks/complete", { id: first.id, agent_id: me });
      expect((await board.call("tasks/complete", { id: second.id, agent_id: me })).task.state).toBe("completed");
    });

    it("with a review is handed in by one and approved by another", async () => {
      const board = connect();
      const me = await person(board);
      const { id } = await board.call("tasks/send", { name: "u", performer: "user", review: "required" });
      await board.call("tasks/update", { id, state: "review", agent_id: me });
      expect((await board.refusal("tasks/complete", { id, agent_id: me })).code).toBe(-32001);
      expect((await board.refusal("tasks/review", { id, decision: "approve", agent_id: me })).data.reason).toBe("self_review");
      expect((await board.call("tasks/review", { id, decision: "approve", agent_id: "colleague" })).state).toBe("completed");
    });
  });
}
