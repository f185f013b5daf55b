import { describe, expect, it } from "vitest";
import type { Task } from "../../protocol/index.ts";
import type { Answer, Connect } from "./client.ts";

const JOBS = 200;
const CLAIMERS = 8;

/** One winner for every job, whoever asks in whatever way (domain §4). */
export function claims(connect: Connect): void {
  describe("claims", () => {
    it(`gives each of ${JOBS} jobs to exactly one of ${CLAIMERS} claimers that all want all of them`, async () => {
      const board = connect();
      const jobs = await board.batch(
        "tasks/send",
        Array.from({ length: JOBS }, (_, n) => ({ name: `job ${n}` })),
      );
      const winners = new Map<string, string[]>();
      const losses: { id: string; answer: Answer }[] = [];
      await Promise.all(
        Array.from({ length: CLAIMERS }, async (_, n) => {
          const agent = `agent-${n}`;
          const session = await board.session();
          // each starts elsewhere and goes round, so that every job is somebody's first wish
          const order = jobs.map((_job, at) => jobs[(at + n * (JOBS / CLAIMERS)) % JOBS]!);
          const asked = order.map((job) => ({ id: job.id, call: session.send("tasks/claim", { id: job.id, agentId: agent }) }));
          for (const { id, call } of asked) {
            const answer = await session.answer(call);
            if (answer.result) winners.set(id, [...(winners.get(id) ?? []), agent]);
            else losses.push({ id, answer });
          }
          session.close();
        }),
      );
      expect(winners.size).toBe(JOBS);
      for (const [id, agents] of winners) expect(agents, id).toHaveLength(1);
      expect(losses).toHaveLength(JOBS * (CLAIMERS - 1));
      for (const { id, answer } of losses) {
        expect(answer.error).toMatchObject({ code: -32001, data: { reason: "already_claimed", holder: winners.get(id)![0] } });
      }
      const held = await board.call("tasks/list", { state: "claimed", limit: 500 });
      expect((held as Task[]).map((task) => [task.id, task.claimed_by]).sort()).toEqual(
        [...winners].map(([id, agents]) => [id, agents[0]]).sort(),
      );
    });

    it(`shares ${JOBS} jobs out among ${CLAIMERS} that call tasks/next until nothing is left`, async () => {
      const board = connect();
      await board.batch(
        "tasks/send",
        Array.from({ length: JOBS }, (_, n) => ({ name: `job ${n}` })),
      );
      const got = await Promise.all(
        Array.from({ length: CLAIMERS }, async (_, n) => {
          const mine: string[] = [];
          for (;;) {
            const task = await board.call("tasks/next", { agent_id: `agent-${n}` });
            if (!task) return mine;
            expect([task.state, task.claimed_by]).toEqual(["claimed", `agent-${n}`]);
            mine.push(task.id);
          }
        }),
      );
      expect(new Set(got.flat()).size).toBe(JOBS);
      expect(got.flat()).toHaveLength(JOBS);
    });

    it("goes by priority, then by age, words that nobody knows last", async () => {
      const board = connect();
      const sent = ["low", "someday", "normal", "high", "urgent", "normal", "urgent", "high", "low"];
      await board.batch(
        "tasks/send",
        sent.map((priority, n) => ({ name: `${n}`, priority })),
      );
      const order: string[] = [];
      for (const _ of sent) order.push((await board.call("tasks/next", { agent_id: "a" }))!.name);
      expect(order).toEqual(["4", "6", "3", "7", "2", "5", "0", "8", "1"]);
      expect(await board.call("tasks/next", { agent_id: "a" })).toBeNull();
    });

    it("keeps the order within what tasks/next asks for", async () => {
      const board = connect();
      await board.batch("tasks/send", [
        { name: "other", kind: "feature", priority: "urgent" },
        { name: "late", kind: "bug", priority: "normal" },
        { name: "first", kind: "build", priority: "high" },
        { name: "labelled", kind: "bug", priority: "low", labels: ["ui"] },
      ]);
      const next = async (filter: object) => (await board.call("tasks/next", { agent_id: "a", filter }))?.name;
      expect(await next({ label: "ui" })).toBe("labelled");
      expect(await next({ kind: ["bug", "build"] })).toBe("first");
      expect(await next({ name_contains: "OTH" })).toBe("other");
      expect(await next({ q: "nowhere" })).toBeUndefined();
      expect(await next({})).toBe("late");
    });

    it("is refused while the caller holds it itself: two processes under one handle do not share a job", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "job" });
      await board.call("tasks/claim", { id, agent_id: "a" });
      expect((await board.refusal("tasks/claim", { id, agent_id: "a" })).data.reason).toBe("already_claimed");
    });

    it("holds the fencing token against the holder's own name", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "job" });
      const first = (await board.call("tasks/claim", { id, agent_id: "a" })).claim!.claim_id;
      await board.call("tasks/release", { id, agent_id: "a", claim_id: first, reason: "later" });
      const second = (await board.call("tasks/claim", { id, agent_id: "a" })).claim!.claim_id;
      expect(second).not.toBe(first);
      for (const method of ["tasks/extend", "tasks/release", "tasks/complete"]) {
        expect((await board.refusal(method, { id, agent_id: "a", claim_id: first })).data.reason, method).toBe("stale_claim");
        expect((await board.refusal(method, { id, agent_id: "b" })).data, method).toMatchObject({ reason: "not_held", holder: "a" });
      }
      expect((await board.refusal("tasks/fail", { id, agent_id: "b", reason: "no" })).data.reason).toBe("not_held");
      expect((await board.call("tasks/complete", { id, claim_id: second })).task.state).toBe("completed");
    });

    it("takes a full id in any case, #number, and a unique prefix; refuses what is none or not unique", async () => {
      const board = connect();
      const task = await board.call("tasks/send", { name: "job" });
      for (const id of [task.id.toUpperCase(), `#${task.number}`, task.number, task.id.slice(0, 8)]) {
        expect((await board.call("tasks/get", { id }))?.id).toBe(task.id);
      }
      expect((await board.refusal("tasks/claim", { id: "#999", agent_id: "a" })).code).toBe(-32004);
      for (const id of ["abc", "%", "' OR 1=1 --", "#0", "#1e3x", ""]) {
        expect((await board.refusal("tasks/claim", { id, agent_id: "a" })).code, id).toBe(-32602);
      }
    });
  });
}
