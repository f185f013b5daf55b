import { describe, expect, it } from "vitest";
import type { Connect } from "./client.ts";

/** A lease that lapses frees its job at once, by itself, and what comes too late is kept (domain §4). */
export function leases(connect: Connect): void {
  describe("a lease that lapses", () => {
    it("lets another agent win; the late result is refused and kept in the log", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "job" });
      const late = (await board.call("tasks/claim", { id, agent_id: "slow", lease_seconds: 1 })).claim!.claim_id;
      const waiting = (await board.session()).raw("tasks/wait", { filter: { ids: [id], state: "pending" } });
      expect((await waiting).result).toMatchObject({ timed_out: false, event: { type: "task.lapsed", data: { agent_id: "slow" } } });
      const now = (await board.call("tasks/get", { id }))!;
      expect([now.state, now.claimed_by, "lease_until" in now]).toEqual(["pending", null, false]);

      // before anybody else has it, and after
      const early = await board.refusal("tasks/complete", { id, agent_id: "slow", claim_id: late, result: { sha: "one" } });
      expect([early.code, early.data.reason, early.data.state]).toEqual([-32001, "stale_claim", "pending"]);
      const won = await board.call("tasks/claim", { id, agent_id: "quick" });
      expect(won.attempt).toBe(1);
      for (const by of [{ agent_id: "slow" }, { claim_id: late }]) {
        const refused = await board.refusal("tasks/complete", { id, ...by, result: { sha: "two" }, post_ack: true });
        expect(refused.data).toMatchObject({ reason: "stale_claim", state: "claimed", holder: "quick" });
      }
      const done = await board.call("tasks/complete", { id, claim_id: won.claim!.claim_id, result: "mine" });
      expect([done.task.result, done.task.claimed_by]).toEqual(["mine", "quick"]);
      expect((await board.refusal("tasks/complete", { id, claim_id: late, result: { sha: "three" } })).data.reason).toBe("stale_claim");

      const { events, claims } = await board.call("tasks/history", { id });
      const kept = events.filter((event) => event.type === "task.late_result").map((event) => event.data.result);
      expect(kept).toEqual([{ sha: "one" }, { sha: "two" }, { sha: "two" }, { sha: "three" }]);
      expect(claims.map((claim) => [claim.agent_id, claim.end])).toEqual([
        ["slow", "lapsed"],
        ["quick", "completed"],
      ]);
      expect(await board.call("tasks/list", { kind: "ack" })).toEqual([]);
    });

    it("is seen by a waiter within about a second although nobody calls", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "job" });
      const session = await board.session();
      const { claim } = await board.call("tasks/claim", { id, agent_id: "gone", lease_seconds: 1 });
      const { event } = await session.call("tasks/wait", { filter: { ids: [id], state: "pending" } });
      const overdue = Date.parse(event!.at) - Date.parse(claim!.lease_until!);
      expect(overdue).toBeGreaterThanOrEqual(0);
      // the promise is a second; twice that on a machine that does other things as well
      expect(overdue).toBeLessThan(2000);
    });

    it("is handed to the next in line, on the alarm alone", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "job" });
      await board.call("tasks/claim", { id, agent_id: "gone", lease_seconds: 1 });
      const next = await (await board.session()).call("tasks/next", { agent_id: "heir", wait_ms: 20_000 });
      expect([next!.id, next!.claimed_by]).toEqual([id, "heir"]);
    });

    it("is answered by tasks/reclaim or was seen before: never a hold that is over", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "job" });
      const { claim } = await board.call("tasks/claim", { id, agent_id: "gone", lease_seconds: 1 });
      // read without a pause until the answer comes from after the deadline: whatever the alarm did, it says pending
      for (;;) {
        const task = (await board.call("tasks/get", { id }))!;
        if (task.state === "pending") break;
        expect(Date.now()).toBeLessThan(Date.parse(claim!.lease_until!) + 5000);
      }
      expect(await board.call("tasks/reclaim", {})).toEqual([]);
      expect((await board.log()).filter((event) => event.type === "task.lapsed")).toHaveLength(1);
    });

    it("does not lapse while it is extended", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "kept" });
      const other = await board.call("tasks/send", { name: "dropped" });
      await board.call("tasks/claim", { id, agent_id: "a", lease_seconds: 1 });
      await board.call("tasks/claim", { id: other.id, agent_id: "b", lease_seconds: 1 });
      await board.call("tasks/extend", { id, agent_id: "a", lease_seconds: 60 });
      await (await board.session()).call("tasks/wait", { filter: { ids: [other.id], state: "pending" } });
      expect((await board.call("tasks/get", { id }))!.state).toBe("claimed");
    });
  });
}
