import { afterAll, beforeAll, expect, test } from "vitest";
import { tokens } from "../../protocol/tokens.ts";
import { startServer, type TestServer, until } from "../harness/server.ts";
import { CONNECTIONS, connect, rpc, waiters } from "./harness.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

test.each(CONNECTIONS)("a plan, its review and its second attempt, between two agents (%o)", async (by) => {
  const client = `${by.transport}-${by.client.replace(" ", "-")}`;
  await using heron = await connect(server.url, { ...by, as: `heron-${client}` });
  await using otter = await connect(server.url, { ...by, as: `otter-${client}` });
  const kind = `parser-${client}`;
  const posted = await heron.call("tasks_plan", {
    tasks: [
      { ref: "ship", name: "ship it", kind: `ship-${client}`, depends_on: ["parser"] },
      { ref: "parser", name: "build the parser", kind, review: "required" },
    ],
  });
  expect(posted.isError).toBe(false);
  const [ship, parser] = posted.answer.tasks;
  expect(ship).toMatchObject({ ref: "ship", held: { reason: "dependencies", blockers: [parser.id] } });

  const refused = await heron.call("tasks_plan", {
    tasks: [
      { name: "x", ref: "x" },
      { name: "y", depends_on: ["#999999"] },
    ],
  });
  expect(refused).toMatchObject({
    isError: true,
    answer: { code: "not_found", message: expect.stringContaining("task 2: no task #999999") },
  });

  expect((await otter.call("tasks_next", { kind: [kind] })).answer.task).toMatchObject({ id: parser.id, attempt: 1 });
  const handedIn = await otter.call("tasks_complete", { id: parser.id, result: { commit: "abc" }, summary: "first try" });
  expect(handedIn.answer.task).toMatchObject({ state: "review", attempt: 1 });
  const own = await otter.call("tasks_review", { id: parser.id, decision: "approve" });
  expect(own).toMatchObject({ isError: true, answer: { code: "conflict", reason: "self_review" } });

  const waiting = otter.call("tasks_wait", { mentions: ["me"] });
  await until("the wait stands", async () => (await waiters(server)) === 1);
  const back = await heron.call("tasks_review", {
    id: parser.id,
    decision: "request_changes",
    body: `tests, @otter-${client}`,
  });
  expect(back.answer.task).toMatchObject({ state: "pending" });
  expect((await waiting).answer).toMatchObject({ timed_out: false, task: { id: parser.id } });
  await heron.call("tasks_note", { id: parser.id, body: "the fixture is in tests/data" });

  const again = await otter.call("tasks_claim", { id: parser.id });
  expect(again.answer.task.claim.feedback).toMatchObject([{ attempt: 1, reviewer: `heron-${client}` }]);
  const said = (await otter.call("tasks_note", { id: parser.id })).answer;
  expect(said).toMatchObject({
    notes: [{ body: "the fixture is in tests/data" }],
    reviews: [{ decision: "request_changes", attempt: 1 }],
    attempts: [{ number: 1, outcome: "changes_requested", summary: "first try" }, { number: 2 }],
  });
  await otter.call("tasks_complete", { id: parser.id, result: { commit: "def" } });
  const stale = await heron.call("tasks_review", { id: parser.id, decision: "approve", attempt: 1 });
  expect(stale).toMatchObject({ isError: true, answer: { reason: "wrong_state", now: { attempt: 2 } } });
  const shipping = heron.call("tasks_next", { kind: [`ship-${client}`], timeout_s: 20 });
  expect((await heron.call("tasks_review", { id: parser.id, decision: "approve", attempt: 2 })).answer.task.state).toBe("completed");
  expect((await shipping).answer.task).toMatchObject({ id: ship.id, claimed_by: `heron-${client}` });

  const { id } = (await heron.call("tasks_send", { name: "after all" })).answer.task;
  expect((await heron.call("tasks_depend", { id, on: ship.id })).answer.task.held.blockers).toEqual([ship.id]);
  expect(await heron.call("tasks_depend", { id: ship.id, on: id })).toMatchObject({ isError: true });
  expect((await heron.call("tasks_depend", { id, on: ship.id, remove: true })).answer.task.held).toBeUndefined();
});

test("on a busy board a check-in is read in 1,500 tokens, and what I hold is in it", async () => {
  const name = "日本語の長い名前 with words and more words ".repeat(4).slice(0, 120);
  await using heron = await connect(server.url, { as: "busy-heron" });
  await heron.call("checkin");
  for (let each = 0; each < 12; each++) {
    const { id } = await rpc(server, "tasks/send", {
      name: `${each} ${name}`,
      priority: "urgent",
      review: "required",
      agent_id: `poster-${each}`,
    });
    if (each < 8) await rpc(server, "tasks/claim", { id, agent_id: "busy-heron" });
    await rpc(server, "notes/add", { id, agent_id: `poster-${each}`, body: `@busy-heron ${name.repeat(5)}` });
    if (each > 2) continue;
    await rpc(server, "tasks/complete", { id, agent_id: "busy-heron" });
    await rpc(server, "tasks/review", { id, agent_id: `poster-${each}`, decision: "request_changes", body: name.repeat(5) });
    await rpc(server, "tasks/claim", { id, agent_id: "busy-heron" });
  }
  const { answer } = await heron.call("checkin");
  expect(tokens(answer)).toBeLessThanOrEqual(1_500);
  expect(answer.holds.length).toBeGreaterThan(0);
  expect(answer.holds.length + (answer.left_out?.holds ?? 0)).toBe(8);
  expect(answer.mentions.length).toBeGreaterThan(0);
  expect(answer.feedback.length).toBeGreaterThan(0);
});
