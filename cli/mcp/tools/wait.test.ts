import { expect, test } from "vitest";
import { refuse } from "../../../protocol/refusals.ts";
import { ConnectionLost } from "../../client/failures.ts";
import { testDesk } from "../testing/desk.ts";
import { claimed, refusal, task } from "../testing/fake-session.ts";
import { settle } from "../testing/manual-clock.ts";

const never = (): Promise<never> => new Promise(() => {});
const lost = (): Error => new ConnectionLost({ url: "http://127.0.0.1:7777/", workspace: "default" }, "no connection could be made");

test("what exists answers at once, in full, with the cursor", async () => {
  const { session, call } = testDesk();
  const event = { seq: 9, at: task().created_at, type: "task.completed", agent_id: "otter", principal: "owner", data: { task: task() } };
  session.on("tasks/wait", () => ({ task: task({ payload: { commit: "abc" } }), event, cursor: 9, timed_out: false }));
  const { answer } = await call("tasks_wait", { kind: ["ack"], name_contains: "v1.1", after: 3 });
  expect(answer).toEqual({
    task: expect.objectContaining({ number: 7, payload: { commit: "abc" } }),
    event: { seq: 9, at: task().created_at, type: "task.completed", agent_id: "otter" },
    cursor: 9,
    timed_out: false,
  });
  expect(session.paramsOf("tasks/wait")).toEqual([
    { filter: { kind: ["ack"], name_contains: "v1.1" }, after: 3, all: undefined, timeout_ms: 50_000, agent_id: "heron" },
  ]);
});

test.each([
  [undefined, undefined, 50_000],
  [undefined, 5, 5_000],
  [undefined, 600, 50_000],
  ["claude-code", 100_000, 1_500_000],
  ["codex-mcp-client", 300, 280_000],
  ["gemini-cli-mcp-client-google", 3600, 540_000],
  ["opencode", 51, 50_000],
  ["claude-code", undefined, 50_000],
  [undefined, -3, 0],
])("on %s a wait of %s s is asked for as %s ms", async (host, timeout_s, expected) => {
  const { session, call } = testDesk();
  session.on("tasks/wait", () => ({ task: task(), cursor: 1, timed_out: false }));
  await call("tasks_wait", { timeout_s }, { host });
  expect(session.paramsOf("tasks/wait")[0]?.timeout_ms).toBe(expected);
});

test("a timeout is no error: it has the cursor and says how to go on", async () => {
  const { session, call, clock } = testDesk();
  session.on("tasks/wait", async ({ timeout_ms }) => {
    await clock.advance(timeout_ms as number);
    return { task: null, cursor: 12, timed_out: true };
  });
  expect(await call("tasks_wait", { timeout_s: 20 })).toEqual({
    isError: false,
    answer: { timed_out: true, cursor: 12, hint: "Nothing within 20 s. Call again with after = cursor; timeout_s can be up to 50." },
  });
});

test("progress comes every 10 seconds while the call waits, and not after", async () => {
  const { session, call, clock } = testDesk();
  const progress: [number, number][] = [];
  let answer = (_: unknown): void => {};
  session.on("tasks/wait", () => new Promise((resolve) => (answer = resolve)));
  const waiting = call("tasks_wait", { timeout_s: 45 }, { progress: (elapsed, total) => progress.push([elapsed, total]) });
  await clock.advance(31_000);
  answer({ task: task(), cursor: 1, timed_out: false });
  await waiting;
  await clock.advance(60_000);
  expect(progress).toEqual([10, 20, 30].map((elapsed) => [elapsed, 45]));
});

test("a server that goes away in the middle is waited for, with the same question", async () => {
  const { session, call, clock } = testDesk();
  let tries = 0;
  session.on("tasks/wait", async () => {
    await clock.advance(8_000);
    if (++tries < 3) throw lost();
    return { task: task(), cursor: 4, timed_out: false };
  });
  expect((await call("tasks_wait", { after: 2 })).answer).toMatchObject({ task: { number: 7 }, cursor: 4 });
  expect(session.paramsOf("tasks/wait").map(({ after, timeout_ms }) => [after, timeout_ms])).toEqual([
    [2, 50_000],
    [2, 42_000],
    [2, 34_000],
  ]);
});

test("a server that never comes back is a timeout with the caller's own cursor", async () => {
  const { session, call, clock } = testDesk();
  session.on("tasks/wait", never);
  const waiting = call("tasks_wait", { after: 2 });
  await clock.advance(52_000);
  expect((await waiting).answer).toMatchObject({ timed_out: true, cursor: 2 });
});

test("a server that is not there at the outset is an error", async () => {
  const { session, call } = testDesk();
  session.state = "connecting";
  session.on("agents/heartbeat", () => {
    throw lost();
  });
  expect(await call("tasks_wait", {})).toMatchObject({ isError: true, answer: { code: "unreachable" } });
  expect(session.paramsOf("tasks/wait")).toEqual([]);
});

test("a call that the host gives up ends the wait on the server", async () => {
  const { session, call } = testDesk();
  const host = new AbortController();
  session.on("tasks/wait", never);
  const waiting = call("tasks_wait", {}, { signal: host.signal });
  await settle();
  host.abort();
  await waiting;
  expect(session.asked.at(-1)?.signal?.aborted).toBe(true);
});

test("ids may be numbers and prefixes; one that names no task is refused", async () => {
  const { session, call } = testDesk();
  session
    .on("tasks/get", ({ id }) => (id === "#7" ? task() : null))
    .on("tasks/wait", () => ({ tasks: [task()], cursor: 1, timed_out: false }));
  const { answer } = await call("tasks_wait", { ids: ["7", task().id], all: true, state: "completed" });
  expect(session.paramsOf("tasks/wait")[0]).toMatchObject({ filter: { ids: [task().id, task().id], state: ["completed"] }, all: true });
  expect(answer.tasks).toHaveLength(1);
  expect(await call("tasks_wait", { ids: ["#8"] })).toMatchObject({
    isError: true,
    answer: { code: "not_found", message: "no task #8 in this workspace" },
  });
});

test("a refusal of the server's ends the wait, and so does a timeout_s that is no number", async () => {
  const { session, call } = testDesk();
  session.on("tasks/wait", () => {
    throw refusal(refuse("cursor_ahead", "the log ends at 3", { head: 3 }));
  });
  expect(await call("tasks_wait", { after: 9 })).toMatchObject({ isError: true, answer: { code: "cursor_ahead", now: { head: 3 } } });
  expect(await call("tasks_wait", { timeout_s: "soon" })).toMatchObject({
    isError: true,
    answer: { code: "invalid_params", now: { argument: "timeout_s" } },
  });
});

test("a server that answers nothing at once does not make the call spin", async () => {
  const { session, call } = testDesk();
  session.on("tasks/wait", () => ({ task: null, cursor: 1, timed_out: true }));
  expect((await call("tasks_wait", { timeout_s: 5 })).answer).toMatchObject({ timed_out: true, cursor: 1 });
  expect(session.paramsOf("tasks/wait").length).toBeLessThan(20);
});

test("tasks_next without a time asks once and does not wait", async () => {
  const { session, call } = testDesk();
  session.on("tasks/next", () => null);
  expect((await call("tasks_next", { kind: ["bug"] })).answer).toEqual({ timed_out: true, hint: expect.stringContaining("timeout_s") });
  expect(session.paramsOf("tasks/next")).toEqual([{ agent_id: "heron", filter: { kind: ["bug"] }, lease_seconds: undefined }]);
});

test("tasks_next stays in line past the server's own limit, and what it is handed is remembered", async () => {
  const { session, call, clock, keeper } = testDesk();
  session.on("tasks/next", async ({ wait_ms }) => {
    await clock.advance(wait_ms as number);
    return session.paramsOf("tasks/next").length < 3 ? null : claimed(600);
  });
  const { answer } = await call("tasks_next", { timeout_s: 150, leaseSeconds: 600 }, { host: "codex-mcp-client" });
  expect(session.paramsOf("tasks/next").map(({ wait_ms }) => wait_ms)).toEqual([60_000, 60_000, 30_000]);
  expect(answer.task).toMatchObject({ number: 7, state: "claimed" });
  expect(keeper.find("heron", "#7")).toMatchObject({ lease_seconds: 600 });
});

test("a job handed over as the host gives tasks_next up goes back", async () => {
  const { session, call, keeper } = testDesk();
  const host = new AbortController();
  session
    .on("tasks/release", () => task())
    .on("tasks/next", () => {
      host.abort();
      return claimed(300);
    });
  await call("tasks_next", { timeout_s: 30 }, { signal: host.signal });
  expect(session.paramsOf("tasks/release")).toEqual([expect.objectContaining({ id: task().id, claim_id: claimed(300).claim?.claim_id })]);
  expect(keeper.find("heron", "#7")).toBeUndefined();
});
