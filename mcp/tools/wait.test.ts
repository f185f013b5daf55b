import { expect, test } from "vitest";
import { refuse } from "../../protocol/refusals.ts";
import { Unreachable } from "../failures.ts";
import { testDesk } from "../testing/desk.ts";
import { settle } from "../testing/manual-clock.ts";
import { claimed, refusal, task } from "../testing/scripted.ts";

const never = (): Promise<never> => new Promise(() => {});
const lost = () => new Unreachable("no connection could be made", "coord serve");

test("what exists answers at once, in full, with the cursor", async () => {
  const { board, call } = testDesk();
  const event = { seq: 9, at: task().created_at, type: "task.completed", agent_id: "otter", principal: "owner", data: { task: task() } };
  board.on("tasks/wait", () => ({ task: task({ payload: { commit: "abc" } }), event, cursor: 9, timed_out: false }));
  const { answer } = await call("tasks_wait", { kind: ["ack"], name_contains: "v1.1", after: 3 });
  expect(answer).toEqual({
    task: expect.objectContaining({ number: 7, payload: { commit: "abc" } }),
    event: { seq: 9, at: task().created_at, type: "task.completed", agent_id: "otter" },
    cursor: 9,
    timed_out: false,
  });
  expect(board.paramsOf("tasks/wait")).toEqual([
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
  const { board, call } = testDesk();
  board.on("tasks/wait", () => ({ task: task(), cursor: 1, timed_out: false }));
  await call("tasks_wait", { timeout_s }, { host });
  expect(board.paramsOf("tasks/wait")[0]?.timeout_ms).toBe(expected);
});

test("a timeout is no error: it has the cursor and says how to go on", async () => {
  const { board, call, clock } = testDesk();
  board.on("tasks/wait", async ({ timeout_ms }) => {
    await clock.advance(timeout_ms as number);
    return { task: null, cursor: 12, timed_out: true };
  });
  expect(await call("tasks_wait", { timeout_s: 20 })).toEqual({
    isError: false,
    answer: { timed_out: true, cursor: 12, hint: "Nothing within 20 s. Call again with after = cursor; timeout_s can be up to 50." },
  });
});

test("progress comes after a second and then every 10 while the call waits, and not after", async () => {
  const { board, call, clock } = testDesk();
  const progress: [number, number][] = [];
  let answer = (_: unknown): void => {};
  board.on("tasks/wait", () => new Promise((resolve) => (answer = resolve)));
  const waiting = call("tasks_wait", { timeout_s: 45 }, { progress: (elapsed, total) => progress.push([elapsed, total]) });
  await clock.advance(31_000);
  answer({ task: task(), cursor: 1, timed_out: false });
  await waiting;
  await clock.advance(60_000);
  expect(progress).toEqual([1, 10, 20, 30].map((elapsed) => [elapsed, 45]));
});

test("a server that goes away in the middle is waited for, with the same question", async () => {
  const { board, call, clock } = testDesk();
  let tries = 0;
  board.on("tasks/wait", async () => {
    await clock.advance(8_000);
    if (++tries < 3) throw lost();
    return { task: task(), cursor: 4, timed_out: false };
  });
  expect((await call("tasks_wait", { after: 2 })).answer).toMatchObject({ task: { number: 7 }, cursor: 4 });
  expect(board.paramsOf("tasks/wait").map(({ after, timeout_ms }) => [after, timeout_ms])).toEqual([
    [2, 50_000],
    [2, 42_000],
    [2, 34_000],
  ]);
});

test("a server that never comes back is a timeout with the caller's own cursor", async () => {
  const { board, call, clock } = testDesk();
  board.on("tasks/wait", never);
  const waiting = call("tasks_wait", { after: 2 });
  await clock.advance(52_000);
  expect((await waiting).answer).toMatchObject({ timed_out: true, cursor: 2 });
});

test("a server that is not there at the outset is an error", async () => {
  const { board, call } = testDesk();
  board.away = lost();
  expect(await call("tasks_wait", {})).toMatchObject({ isError: true, answer: { code: "unreachable" } });
  expect(board.paramsOf("tasks/wait")).toEqual([]);
});

test("a call that the host gives up ends the wait on the server", async () => {
  const { board, call } = testDesk();
  const host = new AbortController();
  board.on("tasks/wait", never);
  const waiting = call("tasks_wait", {}, { signal: host.signal });
  await settle();
  host.abort();
  await waiting;
  expect(board.asked.at(-1)?.signal?.aborted).toBe(true);
});

test("ids may be numbers and prefixes; one that names no task is refused", async () => {
  const { board, call } = testDesk();
  board
    .on("tasks/get", ({ id }) => (id === "#7" ? task() : null))
    .on("tasks/wait", () => ({ tasks: [task()], cursor: 1, timed_out: false }));
  const { answer } = await call("tasks_wait", { ids: ["7", task().id], all: true, state: "completed" });
  expect(board.paramsOf("tasks/wait")[0]).toMatchObject({ filter: { ids: [task().id, task().id], state: ["completed"] }, all: true });
  expect(answer.tasks).toHaveLength(1);
  expect(await call("tasks_wait", { ids: ["#8"] })).toMatchObject({
    isError: true,
    answer: { code: "not_found", message: "no task #8 in this workspace" },
  });
});

test("a refusal of the server's ends the wait, and so does a timeout_s that is no number", async () => {
  const { board, call } = testDesk();
  board.on("tasks/wait", () => {
    throw refusal(refuse("cursor_ahead", "the log ends at 3", { head: 3 }));
  });
  expect(await call("tasks_wait", { after: 9 })).toMatchObject({ isError: true, answer: { code: "cursor_ahead", now: { head: 3 } } });
  expect(await call("tasks_wait", { timeout_s: "soon" })).toMatchObject({
    isError: true,
    answer: { code: "invalid_params", now: { argument: "timeout_s" } },
  });
});

test("a server that answers nothing at once does not make the call spin", async () => {
  const { board, call } = testDesk();
  board.on("tasks/wait", () => ({ task: null, cursor: 1, timed_out: true }));
  expect((await call("tasks_wait", { timeout_s: 5 })).answer).toMatchObject({ timed_out: true, cursor: 1 });
  expect(board.paramsOf("tasks/wait").length).toBeLessThan(20);
});

test("tasks_next without a time asks once and does not wait", async () => {
  const { board, call } = testDesk();
  board.on("tasks/next", () => null);
  expect((await call("tasks_next", { kind: ["bug"] })).answer).toEqual({ timed_out: true, hint: expect.stringContaining("timeout_s") });
  expect(board.paramsOf("tasks/next")).toEqual([{ agent_id: "heron", filter: { kind: ["bug"] }, lease_seconds: undefined }]);
});

test("tasks_next stays in line past the server's own limit, and what it is handed is remembered", async () => {
  const { board, call, clock, remembered } = testDesk();
  board.on("tasks/next", async ({ wait_ms }) => {
    await clock.advance(wait_ms as number);
    return board.paramsOf("tasks/next").length < 3 ? null : claimed(600);
  });
  const { answer } = await call("tasks_next", { timeout_s: 150, leaseSeconds: 600 }, { host: "codex-mcp-client" });
  expect(board.paramsOf("tasks/next").map(({ wait_ms }) => wait_ms)).toEqual([60_000, 60_000, 30_000]);
  expect(answer.task).toMatchObject({ number: 7, state: "claimed" });
  expect(remembered).toMatchObject([{ agent_id: "heron", number: 7, lease_seconds: 600 }]);
});

test("a job handed over as the host gives tasks_next up goes back", async () => {
  const { board, call, remembered } = testDesk();
  const host = new AbortController();
  board
    .on("tasks/release", () => task())
    .on("tasks/next", () => {
      host.abort();
      return claimed(300);
    });
  await call("tasks_next", { timeout_s: 30 }, { signal: host.signal });
  expect(board.paramsOf("tasks/release")).toEqual([expect.objectContaining({ id: task().id, claim_id: claimed(300).claim?.claim_id })]);
  expect(remembered).toEqual([]);
});
