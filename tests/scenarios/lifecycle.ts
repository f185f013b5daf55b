import { describe, expect, it } from "vitest";
import type { Connect } from "./client.ts";

/** The life of a job by its table (domain §3), and who may move it. */
export function lifecycle(connect: Connect): void {
  describe("the life of a job", () => {
    it("goes from idea to backlog to pending, and back to the backlog", async () => {
      const board = connect();
      const { id, state } = await board.call("tasks/send", { name: "x", state: "idea" });
      expect(state).toBe("idea");
      expect((await board.refusal("tasks/ready", { id })).data).toMatchObject({ reason: "wrong_state", state: "idea" });
      expect((await board.refusal("tasks/claim", { id, agent_id: "a" })).data).toMatchObject({ reason: "not_claimable", state: "idea" });
      expect((await board.call("tasks/update", { id, state: "backlog" })).state).toBe("backlog");
      expect((await board.refusal("tasks/update", { id, state: "backlog" })).data.reason).toBe("wrong_state");
      expect((await board.refusal("tasks/claim", { id, agent_id: "a" })).data).toMatchObject({ reason: "not_claimable", state: "backlog" });
      expect(await board.call("tasks/next", { agent_id: "a" })).toBeNull();
      expect((await board.call("tasks/ready", { id, agent_id: "lead" })).state).toBe("pending");
      expect((await board.call("tasks/unready", { id })).state).toBe("backlog");
      expect((await board.refusal("tasks/unready", { id })).data.reason).toBe("wrong_state");
      const { events } = await board.call("tasks/history", { id });
      expect(events.map((event) => event.type)).toEqual(["task.created", "task.updated", "task.ready", "task.held"]);
      expect(events[2]).toMatchObject({ agent_id: "lead", data: { from: "backlog" } });
    });

    it.each([
      ["staged", "backlog"],
      ["ready", "pending"],
      ["idea", "idea"],
    ])("is born %s, which is %s", async (word, state) => {
      expect((await connect().call("tasks/send", { name: "x", state: word })).state).toBe(state);
    });

    it("is promoted by the backlog's other name as well", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "x", state: "idea" });
      const answer = await board.raw("tasks/update", { id, state: "staged" });
      expect(answer.result).toMatchObject({ state: "backlog" });
    });

    it("fails with a reason, is retried, and counts its attempts; a release does not", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "x" });
      const claim = async () => (await board.call("tasks/claim", { id, agent_id: "a" })).attempt;
      expect(await claim()).toBe(1);
      expect((await board.call("tasks/release", { id, agent_id: "a", reason: "lunch" })).state).toBe("pending");
      expect(await claim()).toBe(1);
      const failed = await board.call("tasks/fail", { id, agent_id: "a", reason: "the test does not compile" });
      expect([failed.state, failed.claimed_by, "lease_until" in failed]).toEqual(["failed", "a", false]);
      expect((await board.refusal("tasks/claim", { id, agent_id: "a" })).data.reason).toBe("not_claimable");
      expect((await board.refusal("tasks/complete", { id, agent_id: "a" })).data.reason).toBe("stale_claim");
      const again = await board.call("tasks/retry", { id });
      expect([again.state, again.claimed_by]).toEqual(["pending", null]);
      expect((await board.refusal("tasks/retry", { id })).data.reason).toBe("wrong_state");
      expect(await claim()).toBe(2);
      await board.call("tasks/complete", { id, result: 7 });
      const { attempts, claims } = await board.call("tasks/history", { id });
      expect(attempts.map((attempt) => [attempt.number, attempt.trigger, attempt.outcome, attempt.summary, attempt.result])).toEqual([
        [1, "first", "failed", "the test does not compile", null],
        [2, "retry", "completed", null, 7],
      ]);
      expect(claims.map((one) => one.end)).toEqual(["released", "failed", "completed"]);
    });

    it("waits for a review where one is required, held by nobody", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "x", review: "required" });
      await board.call("tasks/claim", { id, agent_id: "a" });
      const { task } = await board.call("tasks/complete", { id, agent_id: "a", result: "done" });
      expect([task.state, task.claimed_by, task.result, "lease_until" in task]).toEqual(["review", "a", "done", false]);
      expect((await board.refusal("tasks/claim", { id, agent_id: "b" })).data.reason).toBe("not_claimable");
      const { events, claims } = await board.call("tasks/history", { id });
      expect([events.at(-1)!.type, claims[0]!.end]).toEqual(["task.submitted", "submitted"]);
      await board.call("tasks/cancel", { id });
      expect((await board.call("tasks/get", { id }))!.state).toBe("cancelled");
    });

    it("is changed by tasks/update with its rev, and not with a stale one", async () => {
      const board = connect();
      const task = await board.call("tasks/send", { name: "old", labels: ["a"] });
      const one = await board.call("tasks/update", { id: task.id, rev: task.rev, name: "new", labels: ["b", "c"], payload: { n: 1 } });
      expect([one.name, one.labels, one.payload, one.rev > task.rev]).toEqual(["new", ["b", "c"], { n: 1 }, true]);
      const refused = await board.refusal("tasks/update", { id: task.id, rev: task.rev, name: "late" });
      expect([refused.code, refused.data.reason, refused.data.rev]).toEqual([-32001, "rev_mismatch", one.rev]);
      expect(await board.call("tasks/get", { id: task.id })).toEqual(one);
      // what was found by the old text is found by the new one only
      const found = async (filter: object) => ((await board.call("tasks/list", filter)) as unknown[]).length;
      expect([await found({ name_contains: "old" }), await found({ q: "old" }), await found({ label: "a" })]).toEqual([0, 0, 0]);
      expect([await found({ name_contains: "new" }), await found({ q: "new" }), await found({ label: "c" })]).toEqual([1, 1, 1]);
      expect((await board.log()).at(-1)).toMatchObject({
        type: "task.updated",
        data: { changed: expect.arrayContaining(["name", "labels"]) },
      });
    });

    it("keeps its instruction while somebody works from it; its priority and labels may change", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "x" });
      await board.call("tasks/claim", { id, agent_id: "a" });
      const instruction = [{ name: "y" }, { description: "y" }, { payload: 1 }, { review: "required" }, { kind: "bug" }, { assignee: "b" }];
      for (const change of instruction)
        expect((await board.refusal("tasks/update", { id, ...change })).data).toMatchObject({ reason: "wrong_state", holder: "a" });
      expect(await board.call("tasks/update", { id, priority: "urgent", labels: ["hot"] })).toMatchObject({
        state: "claimed",
        claimed_by: "a",
      });
      expect((await board.refusal("tasks/update", { id, kind: "ack" })).code).toBe(-32602);
    });

    it("grows its rev with every change", async () => {
      const board = connect();
      const { id, rev } = await board.call("tasks/send", { name: "x" });
      let last = rev;
      const changed = async () => {
        const now = (await board.call("tasks/get", { id }))!.rev;
        expect(now).toBeGreaterThan(last);
        last = now;
      };
      for (const [method, params] of [
        ["tasks/unready", {}],
        ["tasks/ready", {}],
        ["tasks/claim", { agent_id: "a" }],
        ["tasks/extend", {}],
        ["tasks/release", {}],
        ["tasks/claim", { agent_id: "a" }],
        ["tasks/complete", {}],
      ] as const) {
        await board.raw(method, { id, ...params });
        await changed();
      }
    });
  });

  describe("who may claim", () => {
    it("reserves a job for its assignee", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "x", assignee: "chosen" });
      expect((await board.refusal("tasks/claim", { id, agent_id: "other" })).data).toMatchObject({
        reason: "not_claimable",
        assignee: "chosen",
      });
      expect(await board.call("tasks/next", { agent_id: "other" })).toBeNull();
      expect((await board.call("tasks/next", { agent_id: "chosen" }))!.id).toBe(id);
    });

    it("leaves user jobs to people, without a deadline", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "look at it", performer: "user" });
      await board.call("agents/heartbeat", { id: "bot", name: "Bot" });
      await board.call("agents/heartbeat", { id: "pat", name: "Pat", type: "user" });
      expect((await board.refusal("tasks/claim", { id, agent_id: "bot" })).data).toMatchObject({
        reason: "not_claimable",
        performer: "user",
      });
      expect(await board.call("tasks/next", { agent_id: "bot" })).toBeNull();
      const held = await board.call("tasks/claim", { id, agent_id: "pat", lease_seconds: 1 });
      expect([held.claim!.lease_until, "lease_until" in held]).toEqual([null, false]);
      expect(await board.call("tasks/extend", { id, agent_id: "pat" })).toEqual({ ok: true, lease_until: null });
      expect((await board.call("tasks/complete", { id, agent_id: "pat" })).task.state).toBe("completed");
    });

    it("gives a person an agent's job as well, under a lease", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "x" });
      await board.call("agents/heartbeat", { id: "pat", name: "Pat", type: "user" });
      expect((await board.call("tasks/claim", { id, agent_id: "pat" })).claim!.lease_until).toEqual(expect.any(String));
    });

    it("refuses every announcement", async () => {
      const board = connect();
      for (const kind of ["ack", "knowledge", "decision"]) {
        const { id } = await board.call("tasks/send", { name: "x", kind });
        expect((await board.refusal("tasks/claim", { id, agent_id: "a" })).code).toBe(-32001);
        expect((await board.refusal("tasks/send", { name: "x", kind, state: "backlog" })).code).toBe(-32602);
      }
      expect(await board.call("tasks/next", { agent_id: "a" })).toBeNull();
    });
  });
}
