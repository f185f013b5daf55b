import { describe, expect, it } from "vitest";
import { type Agent, type RpcError, Task } from "../../protocol/index.ts";
import type { Board, Connect } from "./client.ts";

const UNKNOWN_ID = "00000000-0000-4000-8000-000000000000";
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** The fields that the bulletin's clients read, in what a job that nobody claimed has of them. */
const FIRST_BLOCK = ["id", "name", "kind", "priority", "state", "claimed_by", "payload", "result", "created_at", "updated_at"] as const;

/** A result as a client without a schema reads it: whatever field it looks for. */
type Loose = Required<Task> & { ok: true; ack: Task; task: Task } & Agent[] & Task[];

/** A call as the bulletin's clients make it: no `jsonrpc`. */
async function plain(
  board: Board,
  method: string,
  params: object,
  id: unknown = 7,
): Promise<{ id: unknown; result: Loose; error: RpcError }> {
  const reply = await board.post(JSON.stringify({ id, method, params }));
  expect(reply.status).toBe(200);
  return JSON.parse(await reply.text());
}

/** A client that was written for the bulletin works unchanged (domain §5, first block). */
export function wire(connect: Connect): void {
  describe("a client written for the bulletin", () => {
    it("sends a task and gets it with exactly the fields it knows, and then coord's own", async () => {
      const board = connect();
      const { result } = await plain(board, "tasks/send", { name: "fix it", kind: "bug", priority: "high", payload: { a: [1, null] } });
      for (const field of FIRST_BLOCK) expect(result).toHaveProperty(field);
      expect(result).not.toHaveProperty("claimed_at");
      expect(result).not.toHaveProperty("lease_until");
      expect([result.name, result.kind, result.priority, result.state, result.claimed_by]).toEqual([
        "fix it",
        "bug",
        "high",
        "pending",
        null,
      ]);
      expect([result.payload, result.result]).toEqual([{ a: [1, null] }, null]);
      expect(result.created_at).toMatch(TIME);
      expect((await plain(board, "tasks/get", { id: result.id })).result).toEqual(result);
    });

    it("gets kind task, priority normal, no payload, where it says nothing", async () => {
      const { result } = await plain(connect(), "tasks/send", { name: "x" });
      expect([result.kind, result.priority, result.payload]).toEqual(["task", "normal", null]);
    });

    it.each(["ack", "knowledge", "decision"])("publishes a %s that is completed at once", async (kind) => {
      const board = connect();
      const { result } = await plain(board, "tasks/send", { name: "x", kind });
      expect([result.state, result.claimed_by]).toEqual(["completed", null]);
      expect((await plain(board, "tasks/claim", { id: result.id, agentId: "a" })).error.code).toBe(-32001);
    });

    it("gets null for a task that is not there", async () => {
      const answer = await plain(connect(), "tasks/get", { id: UNKNOWN_ID });
      expect(answer).toHaveProperty("result", null);
      expect(answer).not.toHaveProperty("error");
    });

    it("claims, is refused with -32001 while another holds, extends, completes with an ack", async () => {
      const board = connect();
      const { id } = (await plain(board, "tasks/send", { name: "job", kind: "bug" })).result;
      const claimed = (await plain(board, "tasks/claim", { id, agentId: "a", leaseSeconds: 60 })).result;
      expect([claimed.id, claimed.state, claimed.claimed_by]).toEqual([id, "claimed", "a"]);
      expect(claimed.claimed_at).toMatch(TIME);
      expect(Date.parse(claimed.lease_until) - Date.parse(claimed.claimed_at)).toBe(60_000);
      expect(claimed.claim).toEqual({ claim_id: expect.any(String), attempt: 1, lease_until: claimed.lease_until });

      const refused = (await plain(board, "tasks/claim", { id, agentId: "b" })).error;
      expect([refused.code, refused.data.reason, refused.data.holder]).toEqual([-32001, "already_claimed", "a"]);
      expect((await plain(board, "tasks/extend", { id, agentId: "b" })).error.code).toBe(-32001);
      const extended = (await plain(board, "tasks/extend", { id, agentId: "a", leaseSeconds: 120 })).result;
      expect(extended).toEqual({ ok: true, lease_until: expect.stringMatching(TIME) });
      expect(Date.parse(extended.lease_until)).toBeGreaterThan(Date.parse(claimed.lease_until));

      const done = (
        await plain(board, "tasks/complete", { id, result: { sha: "f00" }, postAck: true, ackName: "fixed", ackPayload: { v: 1 } })
      ).result;
      expect(Object.keys(done).sort()).toEqual(["ack", "ok", "task"]);
      expect([done.ok, done.task.state, done.task.result, done.task.claimed_by]).toEqual([true, "completed", { sha: "f00" }, "a"]);
      expect(done.task).not.toHaveProperty("lease_until");
      expect([done.ack.name, done.ack.kind, done.ack.priority, done.ack.state]).toEqual(["fixed", "ack", "high", "completed"]);
      expect(done.ack.payload).toEqual({ fixed_bug_id: id, v: 1 });
    });

    it("completes whatever is held when it names no agent, and gets ack null when it asks for none", async () => {
      const board = connect();
      const { id } = (await plain(board, "tasks/send", { name: "job" })).result;
      expect((await plain(board, "tasks/complete", { id })).error.code).toBe(-32001);
      await plain(board, "tasks/claim", { id, agentId: "a" });
      const done = (await plain(board, "tasks/complete", { id })).result;
      expect([done.ok, done.ack, done.task.state]).toEqual([true, null, "completed"]);
    });

    it("cancels with {ok: true}, and is refused for a task that is finished", async () => {
      const board = connect();
      const { id } = (await plain(board, "tasks/send", { name: "job" })).result;
      expect((await plain(board, "tasks/cancel", { id, reason: "no longer" })).result).toEqual({ ok: true });
      expect((await plain(board, "tasks/cancel", { id })).error.code).toBe(-32001);
    });

    it("beats and sees the agents", async () => {
      const board = connect();
      expect((await plain(board, "agents/heartbeat", { id: "lynx", name: "Lynx" })).result).toEqual({ ok: true });
      const [agent] = (await plain(board, "agents/list", {})).result;
      expect(agent).toMatchObject({ id: "lynx", name: "Lynx", type: "agent", current_task: null, status: "active" });
      expect([agent!.first_seen, agent!.last_seen]).toEqual([expect.stringMatching(TIME), expect.stringMatching(TIME)]);
    });

    it("reclaims to a plain list, and lists newest first", async () => {
      const board = connect();
      for (const name of ["one", "two", "three"]) await plain(board, "tasks/send", { name });
      expect((await plain(board, "tasks/reclaim", {})).result).toEqual([]);
      const { result } = await plain(board, "tasks/list", { limit: 2, state: "pending" });
      expect(result.map((task: Task) => task.name)).toEqual(["three", "two"]);
      expect(result.map((task: unknown) => Task.safeParse(task).success)).toEqual([true, true]);
    });

    it("is answered without an id, as a notification without jsonrpc was", async () => {
      const reply = await connect().post(JSON.stringify({ method: "agents/list" }));
      expect(JSON.parse(await reply.text())).toEqual({ jsonrpc: "2.0", id: null, result: [] });
    });

    it("may give parameters that coord does not know, on the ten methods", async () => {
      const board = connect();
      const more = { verbose: true, "x-trace": 1 };
      const { id } = (await plain(board, "tasks/send", { name: "a", ...more })).result;
      expect((await plain(board, "tasks/claim", { id, agentId: "a", ...more })).result.state).toBe("claimed");
      expect((await plain(board, "tasks/extend", { id, agentId: "a", ...more })).result.ok).toBe(true);
      expect((await plain(board, "tasks/complete", { id, ...more })).result.ok).toBe(true);
      for (const method of ["tasks/list", "tasks/reclaim", "agents/list"]) expect((await plain(board, method, more)).error).toBeUndefined();
      expect((await plain(board, "agents/heartbeat", { id: "a", name: "a", ...more })).result).toEqual({ ok: true });
      expect((await plain(board, "tasks/get", { id, ...more })).result.id).toBe(id);
      expect((await plain(board, "tasks/cancel", { id, ...more })).error.code).toBe(-32001);
      expect((await board.refusal("tasks/next", { agentId: "a", ...more })).code).toBe(-32602);
    });

    it("has its out-of-range numbers clamped, not refused", async () => {
      const board = connect();
      const { id } = (await plain(board, "tasks/send", { name: "a" })).result;
      const long = (await plain(board, "tasks/claim", { id, agentId: "a", leaseSeconds: 1e9 })).result;
      expect(Date.parse(long.lease_until) - Date.parse(long.claimed_at)).toBe(3_600_000);
      const before = Date.parse((await plain(board, "tasks/get", { id })).result.claimed_at);
      const short = (await plain(board, "tasks/extend", { id, agentId: "a", leaseSeconds: -5 })).result;
      expect(Date.parse(short.lease_until) - before).toBeGreaterThanOrEqual(1000);
      for (const limit of [0, -3, 1e9, 2.7]) expect((await plain(board, "tasks/list", { limit })).result).toHaveLength(1);
      expect((await plain(board, "tasks/list", { wait_ms: 1e12, limit: 1 })).result).toHaveLength(1);
    });

    it("may hold tasks/list open with wait_ms", async () => {
      const board = connect();
      const held = plain(board, "tasks/list", { kind: "ack", wait_ms: 30_000 });
      await board.waiting(1);
      await plain(board, "tasks/send", { name: "noise", kind: "bug" });
      const { id } = (await plain(board, "tasks/send", { name: "landed", kind: "ack" })).result;
      expect((await held).result.map((task: Task) => task.id)).toEqual([id]);
      expect((await plain(board, "tasks/list", { kind: "nothing", wait_ms: 20 })).result).toEqual([]);
    });
  });
}
