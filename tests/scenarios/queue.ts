import { describe, expect, it } from "vitest";
import type { Task } from "../../protocol/index.ts";
import type { Connect } from "./client.ts";

/** `tasks/next` with `wait_ms`: a line, first come first served, over whatever it is joined (domain §4). */
export function queue(connect: Connect): void {
  describe("the line for tasks/next", () => {
    it("is first come, first served, over HTTP and sessions alike", async () => {
      const board = connect();
      const waiting: Promise<Task | null>[] = [];
      for (let n = 0; n < 8; n += 1) {
        const params = { agent_id: `agent-${n}`, wait_ms: 60_000 };
        waiting.push(n % 2 ? board.call("tasks/next", params) : (await board.session()).call("tasks/next", params));
        await board.waiting(n + 1);
      }
      const jobs = await board.batch(
        "tasks/send",
        Array.from({ length: 8 }, (_, n) => ({ name: `job ${n}` })),
      );
      const got = await Promise.all(waiting);
      expect(got.map((task) => [task!.id, task!.claimed_by])).toEqual(jobs.map((job, n) => [job.id, `agent-${n}`]));
      expect(got.every((task) => task!.claim)).toBe(true);
    });

    it("hands a job to exactly one, and leaves the others in line", async () => {
      const board = connect();
      const session = await board.session();
      const ids = Array.from({ length: 20 }, (_, n) => session.send("tasks/next", { agent_id: `agent-${n}`, wait_ms: 600_000 }));
      await board.waiting(20);
      const { id } = await board.call("tasks/send", { name: "only one" });
      expect((await session.result("tasks/next", ids[0]!))!.id).toBe(id);
      expect((await board.call("workspace/info", {})).waiters).toBe(19);
      expect((await board.log()).filter((event) => event.type === "task.claimed")).toHaveLength(1);
    });

    it("passes over those whom the job does not fit", async () => {
      const board = connect();
      await board.call("agents/heartbeat", { id: "pat", name: "Pat", type: "user" });
      const session = await board.session();
      const next = (agent_id: string, filter: object) => session.send("tasks/next", { agent_id, filter, wait_ms: 600_000 });
      const picky = next("picky", { kind: "bug", label: "ui" });
      const reader = next("reader", { q: "zebra" });
      const anyone = next("anyone", {});
      const chosen = next("chosen", {});
      const pat = next("pat", { performer: "user" });
      await board.waiting(5);
      const plain = await board.call("tasks/send", { name: "plain" });
      expect((await session.result("tasks/next", anyone))!.id).toBe(plain.id);
      const own = await board.call("tasks/send", { name: "for one", assignee: "chosen", labels: ["ui"], kind: "bug" });
      expect((await session.result("tasks/next", chosen))!.id).toBe(own.id);
      const text = await board.call("tasks/send", { name: "x", description: "a zebra" });
      expect((await session.result("tasks/next", reader))!.id).toBe(text.id);
      const hand = await board.call("tasks/send", { name: "by hand", performer: "user" });
      expect(await session.result("tasks/next", pat)).toMatchObject({ id: hand.id, claim: { lease_until: null } });
      const bug = await board.call("tasks/send", { name: "b", kind: "bug", labels: ["net", "ui"] });
      expect((await session.result("tasks/next", picky))!.id).toBe(bug.id);
      expect((await board.call("workspace/info", {})).waiters).toBe(0);
    });

    it("gets what is released, retried, readied, unblocked or no longer reserved, not only what is new", async () => {
      const board = connect();
      const session = await board.session();
      const send = async (params: object) => (await board.call("tasks/send", { name: "job", ...params })).id;
      const blocker = await send({ kind: "blocker" });
      await board.call("tasks/claim", { id: blocker, agent_id: "z" });
      const ways: [string, () => Promise<unknown>][] = [];
      const released = await send({});
      await board.call("tasks/claim", { id: released, agent_id: "z" });
      ways.push([released, () => board.call("tasks/release", { id: released, agent_id: "z" })]);
      const failed = await send({});
      await board.call("tasks/claim", { id: failed, agent_id: "z" });
      await board.call("tasks/fail", { id: failed, reason: "r" });
      ways.push([failed, () => board.call("tasks/retry", { id: failed })]);
      const later = await send({ state: "backlog" });
      ways.push([later, () => board.call("tasks/ready", { id: later })]);
      const blocked = await send({ depends_on: [blocker] });
      ways.push([blocked, () => board.call("tasks/complete", { id: blocker })]);
      const reserved = await send({ assignee: "z" });
      ways.push([reserved, () => board.call("tasks/update", { id: reserved, assignee: null })]);
      for (const [id, act] of ways) {
        const waiting = session.send("tasks/next", { agent_id: "a", wait_ms: 600_000 });
        await board.waiting(1);
        await act();
        expect((await session.result("tasks/next", waiting))!.id).toBe(id);
      }
    });

    it("gives the lease that was asked for, counted from when the job is handed over", async () => {
      const board = connect();
      const session = await board.session();
      const waiting = session.send("tasks/next", { agent_id: "a", lease_seconds: 77, wait_ms: 600_000 });
      await board.waiting(1);
      await board.call("tasks/send", { name: "job" });
      const task = (await session.result("tasks/next", waiting))!;
      expect(Date.parse(task.lease_until!) - Date.parse(task.claimed_at!)).toBe(77_000);
    });

    it("answers null when the time is up", async () => {
      const board = connect();
      expect(await board.call("tasks/next", { agent_id: "a", wait_ms: 30 })).toBeNull();
      expect(await (await board.session()).call("tasks/next", { agent_id: "a", wait_ms: 30 })).toBeNull();
    });

    it("keeps the place of a call that is asked again under its key, as after a broken connection", async () => {
      const board = connect();
      const broken = await board.session();
      const call = { agent_id: "first", wait_ms: 60_000, idempotency_key: "k" };
      broken.send("tasks/next", call);
      await broken.call("workspace/info", {});
      const second = await board.session();
      const behind = second.send("tasks/next", { agent_id: "second", wait_ms: 60_000 });
      await second.call("workspace/info", {});
      const back = await board.session();
      const again = back.send("tasks/next", call);
      await back.call("workspace/info", {});
      await board.call("tasks/send", { name: "one" });
      expect(((await back.answer(again)).result as Task).claimed_by).toBe("first");
      await board.call("tasks/send", { name: "two" });
      expect(((await second.answer(behind)).result as Task).claimed_by).toBe("second");
    });

    it("has one place for one idempotency key: whoever asks again takes it over", async () => {
      const board = connect();
      const call = { agent_id: "a", wait_ms: 600_000, idempotency_key: "once" };
      const first = await board.session();
      const given = first.send("tasks/next", call);
      await board.waiting(1);
      const second = await board.session();
      const again = second.send("tasks/next", call);
      expect(await first.result("tasks/next", given)).toBeNull();
      await board.waiting(1);
      const jobs = await board.batch("tasks/send", [{ name: "one" }, { name: "two" }]);
      expect((await second.result("tasks/next", again))!.id).toBe(jobs[0]!.id);
      expect((await board.call("tasks/get", { id: jobs[1]!.id }))!.state).toBe("pending");
      // and a third time, when the first answer was lost: the same job
      expect((await board.call("tasks/next", { ...call, wait_ms: 600_000 }))!.id).toBe(jobs[0]!.id);
    });
  });
}
