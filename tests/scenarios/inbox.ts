import { describe, expect, it } from "vitest";
import type { Result } from "../../protocol/index.ts";
import type { Board, Connect, Session } from "./client.ts";

type Inbox = Result<"agents/inbox">;

/** What a hook of a host asks for its agent. */
const WAKE = { wake: { host: "claude", session: "tab-1" } };

const told = (inbox: Inbox) => inbox.items.map((item) => [item.why, item.task.name, item.by]);

/** A job that `by` has handed in for review. */
async function handedIn(board: Board, by: string, name = "job"): Promise<string> {
  const { id } = await board.call("tasks/send", { name, review: "required", agent_id: "poster" });
  await board.call("tasks/claim", { id, agent_id: by });
  await board.call("tasks/complete", { id, agent_id: by });
  return id;
}

async function agent(board: Board, id: string) {
  const { offered, read, wake } = (await board.call("agents/list", {})).find((one) => one.id === id)!;
  return { offered, read, wake: wake === null ? null : wake?.host };
}

async function head(board: Board): Promise<number> {
  return (await board.call("workspace/info", {})).head;
}

/** A wait for `a`'s inbox that stands when this resolves. */
async function armed(board: Board, more: object = {}): Promise<{ session: Session; asked: number }> {
  await board.call("agents/heartbeat", { id: "a" });
  const after = await head(board);
  const session = await board.session();
  const asked = session.send("agents/inbox", { id: "a", after, wait_ms: 600_000, ...WAKE, ...more });
  await board.waiting(1);
  return { session, asked };
}

/** Each cause to wake an agent: what another does on the board, and what agent `a` is told. */
const CAUSES: readonly [string, (board: Board) => Promise<void>, (board: Board) => Promise<unknown>, Inbox["items"][number]["why"]][] = [
  [
    "changes requested of its work",
    async (board) => void (await handedIn(board, "a")),
    (board) => board.call("tasks/review", { id: "#1", decision: "request_changes", body: "no", agent_id: "b" }),
    "feedback",
  ],
  [
    "its work approved",
    async (board) => void (await handedIn(board, "a")),
    (board) => board.call("tasks/review", { id: "#1", decision: "approve", agent_id: "b" }),
    "feedback",
  ],
  [
    "a note that names it",
    async (board) => void (await board.call("tasks/send", { name: "job" })),
    (board) => board.call("notes/add", { id: "#1", body: "what do you say, @a?", agent_id: "b" }),
    "mention",
  ],
  ["a job posted for it", async () => {}, (board) => board.call("tasks/send", { name: "job", assignee: "a", agent_id: "b" }), "assigned"],
  [
    "a job of its own that nothing holds any more",
    async (board) => {
      await board.call("tasks/send", { name: "first" });
      await board.call("tasks/send", { name: "job", assignee: "a", depends_on: ["#1"] });
      await board.call("tasks/claim", { id: "#1", agent_id: "b" });
    },
    (board) => board.call("tasks/complete", { id: "#1", agent_id: "b" }),
    "assigned",
  ],
  [
    "a job handed to it",
    async (board) => void (await board.call("tasks/send", { name: "job" })),
    (board) => board.call("tasks/update", { id: "#1", assignee: "a", agent_id: "b" }),
    "assigned",
  ],
  [
    "a job of its own out of the backlog",
    async (board) => void (await board.call("tasks/send", { name: "job", assignee: "a", state: "backlog" })),
    (board) => board.call("tasks/ready", { id: "#1", agent_id: "b" }),
    "assigned",
  ],
];

/** What happens on the board and is no reason to wake `a`. */
const NO_CAUSE: readonly [string, (board: Board) => Promise<unknown>][] = [
  ["a job for somebody else", (board) => board.call("tasks/send", { name: "x", assignee: "b", agent_id: "c" })],
  ["a job for anybody", (board) => board.call("tasks/send", { name: "x", agent_id: "c" })],
  ["a job for it that is held", (board) => board.call("tasks/send", { name: "x", assignee: "a", depends_on: ["#1"], agent_id: "c" })],
  ["a job for it in the backlog", (board) => board.call("tasks/send", { name: "x", assignee: "a", state: "backlog", agent_id: "c" })],
  ["another's name", (board) => board.call("notes/add", { id: "#1", body: "@b @ab and a@example.org", agent_id: "c" })],
  ["its own note that names it", (board) => board.call("notes/add", { id: "#1", body: "note to @a", agent_id: "a" })],
  ["a job that it posts for itself", (board) => board.call("tasks/send", { name: "x", assignee: "a", agent_id: "a" })],
  [
    "a review of another's work",
    async (board) => {
      await handedIn(board, "b");
      await board.call("tasks/review", { id: "#2", decision: "approve", agent_id: "c" });
    },
  ],
  [
    "its own review",
    async (board) => {
      await handedIn(board, "b");
      await board.call("tasks/review", { id: "#2", decision: "request_changes", body: "@b no", agent_id: "a" });
    },
  ],
  [
    "what it gives back itself",
    async (board) => {
      await board.call("tasks/send", { name: "x", assignee: "a", agent_id: "a" });
      await board.call("tasks/claim", { id: "#2", agent_id: "a" });
      await board.call("tasks/release", { id: "#2", agent_id: "a" });
    },
  ],
];

/** An agent's inbox, what wakes it, and what is known of its having been told (hosts §3). */
export function inbox(connect: Connect): void {
  describe("an inbox", () => {
    it.each(CAUSES)("tells of %s: at once where a wait stands, and later by the cursor", async (_what, before, happens, why) => {
      const board = connect();
      await before(board);
      const { session, asked } = await armed(board);
      const after = await head(board);
      await happens(board);
      const live = await session.result("agents/inbox", asked);
      expect([live.items.map((item) => item.why), live.timed_out]).toEqual([[why], false]);
      expect(live.items[0]).toMatchObject({
        task: { name: "job" },
        by: why === "assigned" && live.items[0]!.type === "task.unblocked" ? null : "b",
      });
      const looked = await board.call("agents/inbox", { id: "a", after, ...WAKE });
      expect(looked.items).toEqual(live.items);
      expect((await board.call("agents/inbox", { id: "a", after: looked.cursor, ...WAKE })).items).toEqual([]);
      session.close();
    });

    it.each(NO_CAUSE)("does not tell of %s", async (_what, happens) => {
      const board = connect();
      await board.call("tasks/send", { name: "other" });
      const { session, asked } = await armed(board);
      const after = await head(board);
      await happens(board);
      expect((await board.call("agents/inbox", { id: "a", after, ...WAKE })).items).toEqual([]);
      expect((await board.call("workspace/info", {})).waiters).toBe(1);
      expect(await session.call("session/cancel", { id: asked })).toEqual({ ok: true });
      expect(await session.result("agents/inbox", asked)).toMatchObject({ items: [], timed_out: true });
      session.close();
    });

    it("tells of what a filter asks for besides, matched on the server, and never of the agent's own posts", async () => {
      const board = connect();
      const { session, asked } = await armed(board, { filter: { kind: "ack", name_contains: "V1.1" } });
      const after = await head(board);
      for (let n = 0; n < 14; n += 1) await board.call("tasks/send", { name: `my v1.1 ${n}`, kind: "ack", agent_id: "a" });
      await board.call("tasks/send", { name: "v1.0 stable", kind: "ack", agent_id: "b" });
      await board.call("tasks/send", { name: "v1.1 broken", kind: "bug", agent_id: "b" });
      await board.call("tasks/send", { name: "v1.1 stable", kind: "ack", agent_id: "b" });
      expect(told(await session.result("agents/inbox", asked))).toEqual([["match", "v1.1 stable", "b"]]);
      const filter = { kind: "ack", name_contains: "v1.1" };
      expect(told(await board.call("agents/inbox", { id: "a", after, filter, ...WAKE }))).toEqual([["match", "v1.1 stable", "b"]]);
      expect((await board.refusal("agents/inbox", { id: "a", filter: { mentions: "b" } })).data.issues).toMatchObject([
        { path: "filter.mentions" },
      ]);
      session.close();
    });

    it("with a filter tells an agent that never looked only of what comes", async () => {
      const board = connect();
      await board.call("tasks/send", { name: "old", kind: "ack" });
      const first = await board.call("agents/inbox", { id: "new", filter: { kind: "ack" }, ...WAKE });
      expect(first.items).toEqual([]);
      await board.call("tasks/send", { name: "fresh", kind: "ack" });
      expect(told(await board.call("agents/inbox", { id: "new", after: first.cursor, filter: { kind: "ack" }, ...WAKE }))).toEqual([
        ["match", "fresh", null],
      ]);
    });

    it("tells in the log's order, in parts, each once, with the words that were said", async () => {
      const board = connect();
      await handedIn(board, "a");
      await board.call("tasks/review", {
        id: "#1",
        decision: "request_changes",
        body: `mind the gap @a ${"x".repeat(400)}`,
        agent_id: "b",
      });
      await board.call("tasks/send", { name: "for a", assignee: "a", agent_id: "c" });
      await board.call("notes/add", { id: "#2", body: "soon please, @a", agent_id: "c" });
      const seen: unknown[] = [];
      for (let after = 0; ; ) {
        const part = await board.call("agents/inbox", { id: "a", after, limit: 1 });
        if (part.items.length === 0) break;
        seen.push(...part.items.map((item) => [item.why, item.decision ?? null, item.text?.slice(0, 12) ?? null]));
        after = part.cursor;
      }
      expect(seen).toEqual([
        ["feedback", "request_changes", "mind the gap"],
        ["assigned", null, null],
        ["mention", null, "soon please,"],
      ]);
      const { items } = await board.call("agents/inbox", { id: "a", after: 0 });
      expect(items[0]!.text).toHaveLength(300);
    });

    it("leaves out a job that is no longer to be had, and words that were taken back", async () => {
      const board = connect();
      await board.call("agents/checkin", { id: "a" });
      const { id } = await board.call("tasks/send", { name: "x", assignee: "a", agent_id: "b" });
      const { note_id } = await board.call("notes/add", { id, body: "@a secret", agent_id: "b" });
      await board.call("tasks/cancel", { id });
      await board.call("notes/retract", { note_id, reason: "secret" });
      expect((await board.call("agents/inbox", { id: "a" })).items).toEqual([]);
    });

    it("refuses a cursor ahead of the log", async () => {
      const board = connect();
      expect((await board.refusal("agents/inbox", { id: "a", after: 1_000 })).code).toBe(-32012);
    });

    it("over HTTP is answered in one request", async () => {
      const board = connect();
      await board.call("agents/checkin", { id: "a" });
      const waiting = board.call("agents/inbox", { id: "a", wait_ms: 60_000, ...WAKE });
      await board.waiting(1);
      await board.call("tasks/send", { name: "x", assignee: "a" });
      expect(told(await waiting)).toEqual([["assigned", "x", null]]);
      expect((await agent(board, "a")).offered).toBeGreaterThan(0);
    });
  });

  describe("what an agent was told", () => {
    it("by a hook is offered, and offered again until it looks by itself", async () => {
      const board = connect();
      await board.call("agents/checkin", { id: "a" });
      const before = await agent(board, "a");
      const { id } = await board.call("tasks/send", { name: "x" });
      await board.call("notes/add", { id, body: "@a", agent_id: "b" });
      const seq = await head(board);
      for (let again = 0; again < 2; again += 1) {
        const { items } = await board.call("agents/inbox", { id: "a", ...WAKE });
        expect(items.map((item) => item.seq)).toEqual([seq]);
        expect(await agent(board, "a")).toEqual({ offered: seq, read: before.read, wake: null });
      }
      expect((await board.call("agents/inbox", { id: "a" })).items).toHaveLength(1);
      expect(await agent(board, "a")).toEqual({ offered: seq, read: seq, wake: null });
      expect((await board.call("agents/inbox", { id: "a", ...WAKE })).items).toEqual([]);
    });

    it("by a hook's check-in is offered, and told again by its own", async () => {
      const board = connect();
      const { id } = await board.call("tasks/send", { name: "x" });
      await board.call("notes/add", { id, body: "@a", agent_id: "b" });
      const offered = await board.call("agents/checkin", { id: "a", offer: true });
      expect(offered.mentions).toHaveLength(1);
      expect(offered.agent).toMatchObject({ offered: offered.cursor, read: 0 });
      const own = await board.call("agents/checkin", { id: "a" });
      expect([own.mentions.length, own.changes.since]).toEqual([1, 0]);
      expect(own.agent.read).toBe(own.cursor);
      expect((await board.call("agents/checkin", { id: "a" })).mentions).toEqual([]);
    });

    it("by a wait of its own is read, and by one of a hook offered", async () => {
      const board = connect();
      const own = await armed(board, { wake: undefined });
      expect((await agent(board, "a")).wake).toBeNull();
      await board.call("tasks/send", { name: "x", assignee: "a" });
      const { cursor } = await own.session.result("agents/inbox", own.asked);
      expect(await agent(board, "a")).toEqual({ offered: 0, read: cursor, wake: null });
      own.session.close();
      const hook = await armed(board);
      await board.call("tasks/send", { name: "y", assignee: "a" });
      const next = await hook.session.result("agents/inbox", hook.asked);
      expect(await agent(board, "a")).toEqual({ offered: next.cursor, read: cursor, wake: null });
      hook.session.close();
    });
  });

  describe("a wake", () => {
    it("is seen by everybody for as long as it stands", async () => {
      const board = connect();
      const { session } = await armed(board);
      expect((await agent(board, "a")).wake).toBe("claude");
      expect((await board.call("agents/checkin", { id: "a" })).agent.wake!.host).toBe("claude");
      session.close();
      await board.waiting(0);
      expect((await agent(board, "a")).wake).toBeNull();
    });

    it("ends the one before it of the same session, and no other's", async () => {
      const board = connect();
      const first = await armed(board);
      const session = await board.session();
      const after = await head(board);
      const other = session.send("agents/inbox", { id: "a", after, wait_ms: 600_000, wake: { host: "codex", session: "tab-2" } });
      await board.waiting(2);
      const second = session.send("agents/inbox", { id: "a", after, wait_ms: 600_000, ...WAKE });
      expect(await first.session.result("agents/inbox", first.asked)).toMatchObject({ items: [], timed_out: true, replaced: true });
      expect((await board.call("workspace/info", {})).waiters).toBe(2);
      await board.call("tasks/send", { name: "x", assignee: "a" });
      for (const wait of [other, second]) expect(told(await session.result("agents/inbox", wait))).toEqual([["assigned", "x", null]]);
      expect((await agent(board, "a")).wake).toBeNull();
      first.session.close();
      session.close();
    });
  });
}
