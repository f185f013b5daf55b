import { describe, expect, it } from "vitest";
import { METHOD_NAMES, METHODS, type MethodName, SESSION_METHODS } from "../../protocol/index.ts";
import type { Board, Connect } from "./client.ts";

const JOB = "#1";

/** Finished work that waits for a decision. */
const HANDED_IN: readonly [string, object][] = [
  ["tasks/update", { id: JOB, review: "required" }],
  ["tasks/claim", { id: JOB, agent_id: "a" }],
  ["tasks/complete", { id: JOB, agent_id: "a" }],
];

/** What the call before answered, in the fields that the next one needs. */
type Last = { reviews: { review_id: string }[]; note_id: string };

/** One call of each method that succeeds on a board with one job; a method without a line here does not compile. */
const WORKING: Record<MethodName, { before?: readonly [string, object][]; params: object | ((last: Last) => object) }> = {
  "tasks/send": { params: { name: "x" } },
  "tasks/get": { params: { id: JOB } },
  "tasks/list": { params: {} },
  "tasks/claim": { params: { id: JOB, agentId: "a" } },
  "tasks/extend": { before: [["tasks/claim", { id: JOB, agent_id: "a" }]], params: { id: JOB, agentId: "a" } },
  "tasks/reclaim": { params: {} },
  "tasks/complete": { before: [["tasks/claim", { id: JOB, agent_id: "a" }]], params: { id: JOB, agentId: "a", postAck: true } },
  "tasks/cancel": { params: { id: JOB } },
  "agents/heartbeat": { params: { id: "a", name: "A" } },
  "agents/list": { before: [["agents/heartbeat", { id: "a", name: "A", type: "user" }]], params: {} },
  "tasks/next": { params: { agentId: "a" } },
  "tasks/release": { before: [["tasks/claim", { id: JOB, agent_id: "a" }]], params: { id: JOB, agentId: "a", reason: "r" } },
  "tasks/fail": { before: [["tasks/claim", { id: JOB, agent_id: "a" }]], params: { id: JOB, reason: "r" } },
  "tasks/retry": {
    before: [
      ["tasks/claim", { id: JOB, agent_id: "a" }],
      ["tasks/fail", { id: JOB, reason: "r" }],
    ],
    params: { id: JOB },
  },
  "tasks/ready": { before: [["tasks/unready", { id: JOB }]], params: { id: JOB } },
  "tasks/unready": { params: { id: JOB } },
  "tasks/update": { params: { id: JOB, name: "y" } },
  "tasks/wait": { params: { timeoutMs: 0 } },
  "tasks/depend": { before: [["tasks/send", { name: "first" }]], params: { id: JOB, on: "#2" } },
  "tasks/undepend": {
    before: [
      ["tasks/send", { name: "first" }],
      ["tasks/depend", { id: JOB, on: "#2" }],
    ],
    params: { id: JOB, on: "#2" },
  },
  "tasks/review": { before: HANDED_IN, params: { id: JOB, decision: "approve", agentId: "b" } },
  "reviews/dismiss": {
    before: [
      ...HANDED_IN,
      ["tasks/review", { id: JOB, decision: "request_changes", body: "no", agent_id: "b" }],
      ["tasks/history", { id: JOB }],
    ],
    params: (history) => ({ reviewId: history.reviews[0]!.review_id, reason: "b has left", agentId: "c" }),
  },
  "notes/add": { params: { id: JOB, agentId: "a", body: "see @b" } },
  "notes/list": { before: [["notes/add", { id: JOB, agent_id: "a", body: "x" }]], params: { id: JOB } },
  "notes/retract": {
    before: [["notes/add", { id: JOB, agent_id: "a", body: "x" }]],
    params: (note) => ({ noteId: note.note_id, reason: "wrong place" }),
  },
  "notes/purge": {
    before: [["notes/add", { id: JOB, agent_id: "a", body: "x" }]],
    params: (note) => ({ noteId: note.note_id, reason: "a secret" }),
  },
  "tasks/graph": { before: [["tasks/send", { name: "next", depends_on: [JOB] }]], params: {} },
  "tasks/history": { before: [["tasks/claim", { id: JOB, agent_id: "a" }]], params: { id: JOB } },
  "events/list": { params: { after: 0 } },
  "agents/checkin": { before: [["tasks/claim", { id: JOB, agent_id: "a" }]], params: { id: "a", name: "A" } },
  "agents/inbox": { before: [["notes/add", { id: JOB, agent_id: "b", body: "see @a" }]], params: { id: "a", waitMs: 0 } },
  "workspace/info": { params: {} },
  "events/subscribe": { params: {} },
  "events/unsubscribe": { before: [["events/subscribe", {}]], params: { subscription: 1 } },
  "session/ack": { params: { frames: 1 } },
  "session/cancel": { params: { id: 1 } },
};

/** The job that every `WORKING` call needs. */
async function oneJob(connect: Connect): Promise<Board> {
  const board = connect();
  await board.call("tasks/send", { name: "job", payload: { a: 1 }, labels: ["x"], agent_id: "poster" });
  return board;
}

/** Every method, as the table in `protocol/` has it (domain §5). */
export function methods(connect: Connect): void {
  describe("every method", () => {
    it.each(METHOD_NAMES)("%s answers as its schema says, in camelCase and in snake_case", async (method) => {
      const { before = [], params } = WORKING[method];
      for (const spell of [(given: object) => given, snake]) {
        const board = await oneJob(connect);
        const session = await board.session();
        const caller = (SESSION_METHODS as readonly string[]).includes(method) ? session : board;
        let last: unknown = {};
        for (const [name, first] of before) last = await session.call(name as MethodName, first as never);
        const given = typeof params === "function" ? params(last as Last) : params;
        expect(await caller.call(method, spell(given) as never)).not.toBeUndefined();
        session.close();
      }
    });

    it.each(METHOD_NAMES)("%s refuses wrong parameters by naming them, and is not a bug", async (method) => {
      const board = await oneJob(connect);
      const session = await board.session();
      for (const params of [{ id: {} }, { id: [], agentId: 3 }, { limit: "x", filter: [] }, { subscription: "x", id: null }]) {
        for (const answer of [
          await board.raw(method, { timeout_ms: 0, ...params }),
          await session.raw(method, { timeout_ms: 0, ...params }),
        ]) {
          if (answer.error) expect([-32602, -32600], `${method}: ${answer.error.message}`).toContain(answer.error.code);
          else METHODS[method].result.parse(answer.result);
        }
      }
      session.close();
    });

    it("is listed by workspace/info, and the session's own are refused over HTTP with the way out", async () => {
      const board = await oneJob(connect);
      const info = await board.call("workspace/info", {});
      expect(info.methods).toEqual(METHOD_NAMES);
      expect(info.schema).toBeGreaterThan(0);
      expect(info).toMatchObject({ workspace: board.name, counts: { pending: 1, completed: 0 }, agents: 1, head: 2, oldest: 1 });
      for (const method of SESSION_METHODS) {
        const refused = await board.refusal(method, WORKING[method].params);
        expect([refused.code, refused.message]).toEqual([-32600, expect.stringContaining("session")]);
      }
    });

    it("tells an agent that wakes up what it holds, what is urgent, what changed and who is here", async () => {
      const board = await oneJob(connect);
      const first = await board.call("agents/checkin", { id: "lynx" });
      expect(first).toMatchObject({ agent: { id: "lynx", status: "active" }, holds: [], urgent: [], changes: { since: 0 } });
      await board.call("tasks/claim", { id: JOB, agent_id: "lynx" });
      await board.call("tasks/send", { name: "fire", priority: "urgent", agent_id: "fox" });
      await board.call("tasks/send", { name: "for lynx", assignee: "lynx", priority: "low" });
      await board.call("tasks/send", { name: "for fox", assignee: "fox", priority: "urgent" });
      const second = await board.call("agents/checkin", { id: "lynx" });
      expect(second.holds.map((task) => [task.number, task.state, typeof task.claim_id])).toEqual([[1, "claimed", "string"]]);
      expect(second.urgent.map((task) => task.name)).toEqual(["fire", "for lynx"]);
      expect(second.changes.since).toBe(first.cursor);
      expect(second.changes.counts).toMatchObject({ "task.claimed": 1, "task.created": 3 });
      expect(second.agents.map((agent) => agent.id)).toContain("fox");
      expect(second.agents.map((agent) => agent.id)).not.toContain("lynx");
    });
  });
}

function snake(params: object): Record<string, unknown> {
  const name = (camel: string) => camel.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(params).map(([camel, value]) => [name(camel), value]));
}
