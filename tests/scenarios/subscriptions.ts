import { describe, expect, it } from "vitest";
import type { Event } from "../../protocol/index.ts";
import type { Board, Connect, Session } from "./client.ts";

type EventsFrame = { method: "events"; params: { subscription: number; events: Event[]; cursor: number } };

/** Collects a subscription's events until one of them is `last`; frames are taken in the order they came. */
async function follow(session: Session, subscription: number, last: (event: Event) => boolean): Promise<Event[]> {
  const events: Event[] = [];
  for (;;) {
    const { params } = await session.next<EventsFrame>((frame) => frame.method === "events" && frame.params.subscription === subscription);
    events.push(...params.events);
    expect(params.cursor).toBeGreaterThanOrEqual(events.at(-1)?.seq ?? 0);
    if (events.some(last)) return events;
  }
}

async function write(board: Board, count: number, name: string): Promise<void> {
  for (let n = 0; n < count; n += 1) await board.call("tasks/send", { name: `${name} ${n}`, kind: n % 2 ? "ack" : "bug" });
}

const named = (name: string) => (event: Event) => (event.data.task as { name?: string } | undefined)?.name === name;

/** Replay from a cursor, then live: every line once, in order, while others write (domain §8). */
export function subscriptions(connect: Connect): void {
  describe("a subscription", () => {
    it("replays from its cursor and goes on live, without a gap or a repeat, while others write", async () => {
      const board = connect();
      await board.batch(
        "tasks/send",
        Array.from({ length: 700 }, (_, n) => ({ name: `old ${n}` })),
      );
      const session = await board.session();
      const writing = Promise.all(["a", "b", "c"].map((name) => write(board, 40, name)));
      const { subscription, cursor } = await session.call("events/subscribe", { after: 10 });
      expect(cursor).toBeGreaterThanOrEqual(700);
      await writing;
      await board.call("tasks/send", { name: "the end" });
      const events = await follow(session, subscription, named("the end"));
      expect(events.map((event) => event.seq)).toEqual(Array.from({ length: events.length }, (_, n) => 11 + n));
      expect(events).toEqual((await board.log()).slice(10));
    }, 20_000);

    it("without a cursor begins now", async () => {
      const board = connect();
      await write(board, 3, "before");
      const session = await board.session();
      const { subscription, cursor } = await session.call("events/subscribe", {});
      expect(cursor).toBe(3);
      await board.call("tasks/send", { name: "now" });
      expect((await follow(session, subscription, named("now"))).map((event) => event.seq)).toEqual([4]);
    });

    it("gets what its filter asks for, in the replay as live", async () => {
      const board = connect();
      await write(board, 10, "old");
      const session = await board.session();
      const filters = [{ kind: "ack" }, { type: "task.claimed" as const }, { agent_id: "ada" }, { q: "needle" }, { name_contains: "END" }];
      const subscribed = [];
      for (const filter of filters) subscribed.push((await session.call("events/subscribe", { after: 0, filter })).subscription);
      await write(board, 10, "new");
      const job = await board.call("tasks/send", { name: "needle in hay", agent_id: "bob" });
      await board.call("tasks/claim", { id: job.id, agent_id: "ada" });
      await board.call("tasks/send", { name: "the end", kind: "ack", description: "needle", agent_id: "ada" });
      const log = await board.log();
      const wanted: ((event: Event) => boolean)[] = [
        (event) => (event.data.task as { kind?: string } | undefined)?.kind === "ack",
        (event) => event.type === "task.claimed",
        (event) => event.agent_id === "ada",
        (event) => event.task_id === job.id || named("the end")(event),
        named("the end"),
      ];
      for (const [n, fits] of wanted.entries()) {
        const expected = log.filter(fits);
        const got = await follow(session, subscribed[n]!, (event) => event.seq === expected.at(-1)!.seq);
        expect(got, JSON.stringify(filters[n])).toEqual(expected);
      }
    });

    it("ends with events/unsubscribe; the others of its session go on", async () => {
      const board = connect();
      const session = await board.session();
      const one = await session.call("events/subscribe", {});
      const two = await session.call("events/subscribe", {});
      expect(await session.call("events/unsubscribe", { subscription: one.subscription })).toEqual({ ok: true });
      expect((await session.refusal("events/unsubscribe", { subscription: one.subscription })).code).toBe(-32004);
      await board.call("tasks/send", { name: "x" });
      expect(await follow(session, two.subscription, named("x"))).toHaveLength(1);
      await session.call("workspace/info", {});
      expect(session.frames).toEqual([]);
    });

    it("carries each kind of change with the task as it was right after it", async () => {
      const board = connect();
      const session = await board.session();
      const { subscription } = await session.call("events/subscribe", {});
      const { id } = await session.call("tasks/send", { name: "job", agent_id: "ada" });
      await session.call("tasks/claim", { id, agent_id: "bob" });
      await session.call("tasks/fail", { id, reason: "no" });
      await session.call("tasks/retry", { id });
      await session.call("tasks/cancel", { id, reason: "never mind" });
      const events = await follow(session, subscription, (event) => event.type === "task.cancelled");
      const told = events.map((event) => [event.type, (event.data.task as { state?: string } | undefined)?.state, event.agent_id]);
      expect(told).toEqual([
        ["agent.seen", undefined, "ada"],
        ["task.created", "pending", "ada"],
        ["agent.seen", undefined, "bob"],
        ["task.claimed", "claimed", "bob"],
        ["task.failed", "failed", "bob"],
        ["task.ready", "pending", undefined],
        ["task.cancelled", "cancelled", undefined],
      ]);
      expect(events.every((event) => event.principal === "owner")).toBe(true);
    });

    it("comes back after a break by its cursor alone", async () => {
      const board = connect();
      const first = await board.session();
      const { subscription } = await first.call("events/subscribe", {});
      await write(board, 5, "a");
      const seen = await follow(first, subscription, named("a 4"));
      first.close();
      await write(board, 5, "b");
      const second = await board.session();
      const again = await second.call("events/subscribe", { after: seen.at(-1)!.seq });
      const rest = await follow(second, again.subscription, named("b 4"));
      expect([...seen, ...rest].map((event) => event.seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    });
  });
}
