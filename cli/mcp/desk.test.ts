import { expect, test } from "vitest";
import { claimed, notFound, refusal, staleClaim, task } from "../../mcp/testing/scripted.ts";
import { conflict, refuse } from "../../protocol/refusals.ts";
import { ConnectionLost } from "../client/failures.ts";
import { testDesk } from "./testing/desk.ts";

test("the first call announces the agent, later ones do not", async () => {
  const { session, call } = testDesk();
  session.on("agents/list", () => []);
  await call("agents_list");
  await call("agents_list");
  expect(session.asked.map(({ method }) => method)).toEqual(["agents/heartbeat", "agents/list", "agents/list"]);
  expect(session.paramsOf("agents/heartbeat")).toEqual([{ id: "heron", name: "heron" }]);
});

test("a call acts as the tab's handle, or as whom it names", async () => {
  const { session, call } = testDesk();
  session.on("tasks/send", () => task());
  await call("tasks_send", { name: "x" });
  await call("tasks_send", { name: "x", agentId: "otter" });
  expect(session.paramsOf("tasks/send").map(({ agent_id }) => agent_id)).toEqual(["heron", "otter"]);
  expect(session.paramsOf("agents/heartbeat").map(({ id }) => id)).toEqual(["heron", "otter"]);
});

test("a claim is remembered and sent with what is done to it, until it ends", async () => {
  const { session, call, keeper } = testDesk();
  session
    .on("tasks/claim", () => claimed(300))
    .on("tasks/extend", () => ({ ok: true, lease_until: null }))
    .on("tasks/complete", () => ({ ok: true, ack: task({ number: 8, kind: "ack" }), task: task() }));
  const { answer } = await call("tasks_claim", { id: 7 });
  expect(answer.task).toMatchObject({ number: 7, state: "claimed", claim: { claim_id: claimed(300).claim?.claim_id } });
  await call("tasks_extend", { id: "#7" });
  expect(session.paramsOf("tasks/extend")).toEqual([
    { claim_id: claimed(300).claim?.claim_id, id: "#7", agent_id: "heron", lease_seconds: 300 },
  ]);
  const done = await call("tasks_complete", { id: "0f2d6a", postAck: true, ackName: "v1 stable" });
  expect(session.paramsOf("tasks/complete")).toEqual([
    { claim_id: claimed(300).claim?.claim_id, id: "0f2d6a", post_ack: true, ack_name: "v1 stable", agent_id: "heron" },
  ]);
  expect(done.answer).toMatchObject({ ok: true, task: { number: 7 }, ack: { number: 8 } });
  expect(keeper.find("heron", "#7")).toBeUndefined();
});

test.each([
  ["tasks_release", "tasks/release", {}],
  ["tasks_fail", "tasks/fail", { reason: "no key" }],
] as const)("%s sends the remembered claim and forgets it", async (tool, method, args) => {
  const { session, call, keeper } = testDesk();
  session.on("tasks/claim", () => claimed(300)).on(method, () => task());
  await call("tasks_claim", { id: 7 });
  await call(tool, { id: 7, ...args });
  expect(session.paramsOf(method)).toEqual([{ claim_id: claimed(300).claim?.claim_id, id: "#7", agent_id: "heron", ...args }]);
  expect(keeper.find("heron", "#7")).toBeUndefined();
});

test("a claimId that the call names goes before the remembered one, and without either the holder decides", async () => {
  const { session, call } = testDesk();
  session.on("tasks/release", () => task());
  await call("tasks_release", { id: "#7", claimId: "mine" });
  await call("tasks_release", { id: "#7" });
  expect(session.paramsOf("tasks/release")).toEqual([
    { id: "#7", claim_id: "mine", agent_id: "heron" },
    { id: "#7", agent_id: "heron" },
  ]);
});

test("a claimId of the call's own that is refused leaves the remembered claim alone", async () => {
  const { session, call, keeper } = testDesk();
  session
    .on("tasks/claim", () => claimed(300))
    .on("tasks/complete", () => {
      throw staleClaim();
    });
  await call("tasks_claim", { id: 7 });
  expect(await call("tasks_complete", { id: 7, claimId: "an old one" })).toMatchObject({
    isError: true,
    answer: { reason: "stale_claim" },
  });
  expect(keeper.find("heron", "#7")).toBeDefined();
});

test("a lost lease is told with the agent's next answer, whatever it is", async () => {
  const { session, call, clock } = testDesk();
  session.on("tasks/claim", () => claimed(300)).on("agents/list", () => []);
  session.on("tasks/extend", () => {
    throw staleClaim();
  });
  await call("tasks_claim", { id: 7 });
  await clock.advance(100_000);
  const next = await call("agents_list");
  expect(next.answer.notices).toEqual([expect.stringContaining("You lost your lease on #7")]);
  expect(next.isError).toBe(false);
  expect((await call("agents_list")).answer).not.toHaveProperty("notices");
});

test("a lease lost while the agent was away is told by the very call that it comes back with, refused or not", async () => {
  const { session, call, clock } = testDesk();
  session.on("tasks/claim", () => claimed(300));
  session.on("tasks/extend", () => {
    if (clock.now() > 1_000_000 + 40 * 60_000) throw staleClaim();
    return { ok: true, lease_until: null };
  });
  await call("tasks_claim", { id: 7 });
  await clock.advance(60 * 60_000);
  const back = await call("tasks_get", {});
  expect(back).toMatchObject({ isError: true, answer: { code: "invalid_params", notices: [expect.stringContaining("#7")] } });
});

test("a claim whose call was given up meanwhile is released", async () => {
  const { session, call, keeper } = testDesk();
  const host = new AbortController();
  session
    .on("tasks/release", () => task())
    .on("tasks/claim", () => {
      host.abort();
      return claimed(300);
    });
  await call("tasks_claim", { id: 7 }, { signal: host.signal });
  expect(session.paramsOf("tasks/release")).toEqual([
    expect.objectContaining({ id: task().id, agent_id: "heron", claim_id: claimed(300).claim?.claim_id }),
  ]);
  expect(keeper.find("heron", "#7")).toBeUndefined();
});

test("a refusal says its code, reason, message, what is true now, and what to do in these tools' words", async () => {
  const { session, call } = testDesk();
  session.on("tasks/claim", () => {
    throw refusal(conflict("already_claimed", "#7 is claimed by otter", { state: "claimed", holder: "otter" }));
  });
  expect(await call("tasks_claim", { id: 7 })).toEqual({
    isError: true,
    answer: {
      code: "conflict",
      reason: "already_claimed",
      message: "#7 is claimed by otter",
      remedy: expect.stringContaining("tasks_next"),
      now: { state: "claimed", holder: "otter" },
    },
  });
  session.on("tasks/claim", () => {
    throw notFound();
  });
  expect((await call("tasks_claim", { id: 99 })).answer).toEqual({
    code: "not_found",
    message: "no task #99",
    remedy: expect.stringContaining("tasks_list"),
  });
  session.on("tasks/claim", () => {
    throw refusal(refuse("cursor_expired", "too old", { oldest: 3 }));
  });
  expect((await call("tasks_claim", { id: 9 })).answer).toMatchObject({ code: "cursor_expired", now: { oldest: 3 } });
});

test("a server that does not answer is a tool error that says how to start it", async () => {
  const { session, call, bugs } = testDesk();
  session.on("tasks/send", () => {
    throw new ConnectionLost({ url: "http://127.0.0.1:7777/", workspace: "default" }, "no connection could be made");
  });
  const { answer, isError } = await call("tasks_send", { name: "x" });
  expect(isError).toBe(true);
  expect(answer).toMatchObject({
    code: "unreachable",
    message: expect.stringContaining("http://127.0.0.1:7777/"),
    remedy: expect.stringContaining("coord serve --detach"),
  });
  expect(bugs).toEqual([]);
});

test("a bug is reported, and told without its details", async () => {
  const { session, call, bugs } = testDesk();
  const bug = new TypeError("undefined is not an object");
  session.on("tasks/send", () => {
    throw bug;
  });
  expect(await call("tasks_send", { name: "x" })).toMatchObject({ isError: true, answer: { code: "internal" } });
  expect(bugs).toEqual([bug]);
});

test("a list is brief, a claim cuts what is long, tasks_get has it all", async () => {
  const { session, call } = testDesk();
  const long = { text: "x".repeat(10_000) };
  session.on("tasks/list", () => ({ tasks: [task({ payload: long, description: "much" })], next: "c2" }));
  session.on("tasks/claim", () => claimed(300, { payload: long })).on("tasks/get", () => task({ payload: long }));
  const listed = (await call("tasks_list", { q: "gate" })).answer;
  expect(listed).toEqual({
    tasks: [
      {
        id: task().id,
        number: 7,
        name: "mend the gate",
        kind: "task",
        priority: "normal",
        state: "pending",
        updated_at: task().updated_at,
      },
    ],
    next: "c2",
  });
  expect(session.paramsOf("tasks/list")).toEqual([{ q: "gate", limit: 20, page: true }]);
  const cut = (await call("tasks_claim", { id: 7 })).answer.task as Record<string, string>;
  expect(cut.payload).toHaveLength(1501);
  expect(cut.cut).toContain("payload (10011 characters)");
  expect((await call("tasks_get", { id: 7 })).answer.task).toEqual(task({ payload: long }));
});

test("tasks_get says so where there is no task", async () => {
  const { session, call } = testDesk();
  session.on("tasks/get", () => null);
  expect((await call("tasks_get", { id: 7 })).answer).toEqual({ hint: expect.stringContaining("no such task") });
});

test("checkin tells what the agent holds, and looks after it from then on", async () => {
  const { session, call, clock } = testDesk();
  const { id, number, name, kind, priority, state, lease_until } = claimed(60);
  const hold = { id, number, name, kind, priority, state, claimed_by: "heron", lease_until, claim_id: "from-before" };
  const agent = {
    id: "heron",
    name: "heron",
    type: "agent",
    first_seen: task().created_at,
    last_seen: task().created_at,
    current_task: id,
    status: "active",
  };
  session.on("agents/checkin", () => ({
    agent,
    holds: [hold],
    urgent: [],
    changes: { since: 0, counts: {}, recent: [] },
    agents: [],
    cursor: 5,
  }));
  session.on("tasks/extend", () => ({ ok: true, lease_until: null }));
  const { answer } = await call("checkin");
  expect(answer).toMatchObject({ agent: { id: "heron" }, holds: [{ number: 7 }], cursor: 5 });
  const extension = { id, agent_id: "heron", claim_id: "from-before", lease_seconds: 300 };
  expect(session.paramsOf("tasks/extend")).toEqual([extension]);
  await clock.advance(100_000);
  expect(session.paramsOf("tasks/extend")).toEqual([extension, extension]);
});

test("agents_heartbeat announces whom it names, by default the tab's handle", async () => {
  const { session, call } = testDesk();
  expect((await call("agents_heartbeat")).answer).toEqual({ ok: true, id: "heron" });
  expect((await call("agents_heartbeat", { id: "ann", name: "Ann", type: "user" })).answer).toEqual({ ok: true, id: "ann" });
  expect(session.paramsOf("agents/heartbeat").at(-1)).toEqual({ id: "ann", name: "Ann", type: "user" });
});
