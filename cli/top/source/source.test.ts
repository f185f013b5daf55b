import { expect, test, vi } from "vitest";
import type { Task } from "../../../protocol/records.ts";
import { CliError } from "../../errors.ts";
import { perform } from "../actions.ts";
import { agent, at, claimed, event, idOf, NOW, task } from "../testing/board.ts";
import { ScriptedSession } from "../testing/session.ts";
import { Source } from "./source.ts";

/** A server's side: the tasks it has and the head of its log. */
function world(tasks: Task[], head = 100) {
  const state = { tasks, head, now: NOW, ended: undefined as unknown, changes: 0 };
  const session = new ScriptedSession((method, params) => {
    switch (method) {
      case "workspace/info":
        return { workspace: "default", version: "0.1.0", counts: { pending: state.tasks.length }, head: state.head };
      case "agents/list":
        return [agent("harbor-lynx", 0, { last_seen: new Date(state.now).toISOString() })];
      case "events/list":
        return { events: [], cursor: state.head };
      case "tasks/list": {
        if (params.ids) return state.tasks.filter(({ id }) => (params.ids as string[]).includes(id));
        const wanted = state.tasks.filter((each) => (params.state as string[]).includes(each.state)).sort((a, b) => b.number - a.number);
        const from = params.cursor === undefined ? wanted : wanted.filter(({ number }) => number < Number(params.cursor));
        const page = from.slice(0, params.limit as number);
        return { tasks: page, next: from.length > page.length ? String(page.at(-1)?.number) : null };
      }
      case "tasks/history":
        return { claims: [{ claim_id: idOf(901), agent_id: "harbor-lynx", end: null }], attempts: [], events: [], notes: [], reviews: [] };
      default:
        return {};
    }
  });
  const source = new Source(session, { now: () => state.now, onChange: () => state.changes++, onEnd: (error) => (state.ended = error) });
  return { state, session, source };
}

/** Lets everything that is settled already take its course. */
const settle = () => new Promise<void>((done) => setImmediate(done));

test("reads every page, open tasks and those that are over, then follows the log from the head that it took first", async () => {
  const tasks = Array.from({ length: 120 }, (_, index) => task(index + 1, index % 2 ? {} : { state: "completed" }));
  const { session, source } = world(tasks);
  expect(source.phase).toBe("reading");
  await source.start();
  expect(source.phase).toBe("live");
  expect(source.board.rows.size).toBe(120);
  expect(session.methods()[0]).toBe("workspace/info");
  expect(session.asked.filter(({ method }) => method === "tasks/list")).toHaveLength(4);
  expect(session.subscriptions.map(({ options }) => options.after)).toEqual([100]);
});

test("changes come by the subscription alone: no call while nothing is held and everybody was just seen", async () => {
  const { session, source, state } = world([task(1)]);
  await source.start();
  source.tick();
  await settle();
  session.asked.length = 0;
  state.now += 4_000;
  for (let seq = 101; seq <= 1_100; seq++) session.deliver(event(seq, "task.updated", task(1, { rev: seq }), { changed: ["priority"] }));
  source.tick();
  await settle();
  expect(session.asked).toEqual([]);
  expect(source.board.cursor).toBe(1_100);
});

test("looks at leases and presence every 5 s, and at once where a lease is over by what is known", async () => {
  const held = claimed(1, "harbor-lynx", { lease_until: at(3) });
  const { session, source, state } = world([held]);
  await source.start();
  source.tick();
  await settle();
  session.asked.length = 0;
  state.now += 2_000;
  source.tick();
  await settle();
  expect(session.asked).toEqual([]);
  state.tasks = [{ ...held, rev: 3, lease_until: at(303) }];
  state.now += 1_500;
  source.tick();
  await settle();
  expect(session.asked).toEqual([{ method: "tasks/list", params: { ids: [idOf(1)], limit: 1 } }]);
  expect(source.board.rows.get(idOf(1))?.leaseUntil).toBe(NOW + 303_000);
  state.now += 5_000;
  source.tick();
  await settle();
  expect(session.methods().slice(1)).toEqual(["agents/list", "tasks/list"]);
});

test("finds out what a new job waits for", async () => {
  const { session, source, state } = world([task(1)]);
  await source.start();
  source.tick();
  await settle();
  const waiting = task(2, { depends_on: [idOf(1)], held: { reason: "dependencies", blockers: [idOf(1)] } });
  state.tasks.push(waiting);
  session.deliver(event(101, "task.created", waiting));
  source.tick();
  await settle();
  expect(source.board.rows.get(idOf(2))).toMatchObject({ dependsOn: [idOf(1)], isPartial: false });
});

test("while the server is away it asks nothing and says so; what was read stays", async () => {
  const { session, source, state } = world([claimed(1, "harbor-lynx", { lease_until: at(-5) })]);
  await source.start();
  session.become("reconnecting");
  session.asked.length = 0;
  state.now += 60_000;
  source.tick();
  await settle();
  expect(source.phase).toBe("reconnecting");
  expect(session.asked).toEqual([]);
  expect(source.board.rows.size).toBe(1);
  const act = await perform({ do: "retry", id: idOf(1), number: 1 }, session, source);
  expect(act).toEqual({ tone: "bad", text: expect.stringContaining("nothing was sent") });
  session.become("open");
  expect(source.phase).toBe("live");
  session.deliver(event(101, "task.lapsed", task(1, { rev: 3 }), { claim_id: idOf(900), agent_id: "harbor-lynx" }));
  expect(source.board.rows.get(idOf(1))?.state).toBe("pending");
});

test("a log that does not go on from here is answered by reading anew; the old board stays until then", async () => {
  const { session, source, state } = world([task(1)]);
  await source.start();
  const before = source.board;
  state.tasks = [task(1, { name: "of another database" })];
  state.head = 3;
  session.lose(new CliError("the log ends at 3", { exit: 6, data: { code: "cursor_ahead" } }));
  expect(source.board).toBe(before);
  await vi.waitFor(() => expect(source.board).not.toBe(before));
  expect(source.board.rows.get(idOf(1))?.name).toBe("of another database");
  expect(session.subscriptions.at(-1)?.options.after).toBe(3);
  expect(session.subscriptions[0]?.isStopped).toBe(true);
  expect(state.ended).toBeUndefined();
});

test("anything else that ends the subscription ends the screen with its reason", async () => {
  const { session, source, state } = world([task(1)]);
  await source.start();
  const refusal = new CliError("another token is wanted", { exit: 5, data: { code: "unauthorized" } });
  session.lose(refusal);
  expect(state.ended).toBe(refusal);
});

test("release ends the claim that is shown, by its claim id, without a sign of life from its holder", async () => {
  const { session, source } = world([claimed(1, "harbor-lynx"), task(2)]);
  await source.start();
  await perform({ do: "release", id: idOf(1), number: 1 }, session, source);
  expect(session.asked.at(-1)).toEqual({
    method: "tasks/release",
    params: { id: idOf(1), claim_id: idOf(901), reason: "released in coord top" },
  });
  session.deliver(event(101, "task.claimed", claimed(2, "harbor-lynx"), { claim_id: idOf(905), lease_until: at(300) }, "harbor-lynx"));
  await perform({ do: "release", id: idOf(2), number: 2 }, session, source);
  expect(session.asked.at(-1)?.params.claim_id).toBe(idOf(905));
});

test("a refusal is told in its own words, with its remedy", async () => {
  const session = new ScriptedSession(() => {
    throw new CliError("#4 is completed", {
      exit: 3,
      next: "Post a new task that refers to it.",
      data: { code: "conflict", reason: "terminal" },
    });
  });
  const source = new Source(session, { now: () => NOW, onChange: () => {}, onEnd: () => {} });
  expect(await perform({ do: "cancel", id: idOf(4), number: 4 }, session, source)).toEqual({
    tone: "bad",
    text: "cancel: #4 is completed. Post a new task that refers to it.",
  });
});
