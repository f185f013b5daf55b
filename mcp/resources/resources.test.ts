import { expect, test } from "vitest";
import type { Result } from "../../protocol/index.ts";
import { tokens } from "../../protocol/tokens.ts";
import { claimed, FakeBoard, task } from "../testing/scripted.ts";
import { agentsText } from "./agents.ts";
import { boardText } from "./board.ts";
import { listResources, TEMPLATES } from "./index.ts";
import { logText } from "./log.ts";
import { taskNamed } from "./named.ts";
import { taskText } from "./task.ts";
import { fenced, oneLine } from "./text.ts";
import { concerns, taskRefOf, typesFor } from "./uris.ts";

const AT = "2026-01-02T03:04:05.000Z";
const LONG = "日本語 and words ".repeat(40).slice(0, 512);
const NOTHING: Result<"tasks/history"> = { attempts: [], claims: [], reviews: [], notes: [], events: [] };

/** A board on which every list is as long as it may be. */
function fullBoard(): FakeBoard {
  const labels = Array.from({ length: 20 }, () => "l".repeat(64));
  const job = claimed(300, {
    name: LONG,
    kind: "k".repeat(64),
    priority: "p".repeat(32),
    claimed_by: "a".repeat(128),
    assignee: "b".repeat(128),
    labels,
  });
  const created = { seq: 9, at: AT, type: "task.created" as const, principal: "owner", data: { task: { number: 7, name: LONG } } };
  return new FakeBoard()
    .on("workspace/info", () => ({ workspace: "default", head: 9, counts: { pending: 5, claimed: 500 } }))
    .on("tasks/list", ({ limit }) => ({ tasks: Array.from({ length: Number(limit) }, () => job), next: "1" }))
    .on("events/list", ({ limit }) => ({ events: Array.from({ length: Number(limit) }, () => created), cursor: 9 }));
}

test("however full the board is, what is read stays bounded, and says that there is more", async () => {
  const board = fullBoard();
  const text = await boardText(board);
  expect(tokens(text)).toBeLessThan(15_000);
  expect(text).toContain("… and more: tasks_list has them all");
  expect(tokens(await logText(board))).toBeLessThan(6_000);
  expect(tokens({ resources: await listResources(board), templates: TEMPLATES })).toBeLessThan(4_000);
});

test("a task with everything at its limit stays bounded", () => {
  const big = { text: "x".repeat(256 * 1024) };
  const note = {
    note_id: "n",
    task_id: "t",
    attempt: null,
    author: "otter",
    body: "y".repeat(64_000),
    mentions: [],
    at: AT,
    retracted: null,
  };
  const moved = { seq: 1, at: AT, type: "task.updated" as const, principal: "owner", data: {} };
  const history = { ...NOTHING, notes: Array.from({ length: 200 }, () => note), events: Array.from({ length: 5_000 }, () => moved) };
  const text = taskText(task({ description: "z".repeat(64_000), payload: big, result: big, name: LONG }), history);
  expect(tokens(text)).toBeLessThan(20_000);
  expect(text).toContain("tasks_get has it all");
  expect(text).toContain("(180 earlier ones: tasks_note without body)");
  expect(text).toContain("… 4970 earlier ones");
});

test("an empty board says so", async () => {
  const board = new FakeBoard()
    .on("workspace/info", () => ({ workspace: "default", head: 0, counts: {} }))
    .on("tasks/list", () => ({ tasks: [], next: null }));
  expect(await boardText(board)).toBe("# Board default\n\nNo task yet. The log is at 0.\n");
});

test("no name makes lines of its own, and no payload ends its block", () => {
  expect(oneLine("a\n## Failed\r\n- #1 \u2028 b\u0007")).toBe("a ## Failed - #1 b");
  expect(fenced("```\nout", 100)).toBe("````\n```\nout\n````");
});

test.each([
  ["coord://tasks/12", "#12"],
  ["coord://tasks/%2312", "#12"],
  ["coord://tasks/0f2d6a", "0f2d6a"],
  ["coord://tasks/", undefined],
  ["coord://tasks/a/b", undefined],
  ["coord://board", undefined],
])("the address %s names %s", (uri, ref) => {
  expect(taskRefOf(uri)).toBe(ref);
});

test.each([
  ["#1234", { "#1234": 1234 }, 1234],
  ["#1234", { "1234": 7 }, 7],
  ["#0123", { "0123": 8 }, 8],
  ["#12", { "12": 9 }, undefined],
  ["0f2d6a", { "0f2d6a": 3 }, 3],
  ["#1234", {}, undefined],
])("%s among %j is task %s: a number before an id's beginning", async (ref, known: Record<string, number>, number) => {
  const board = new FakeBoard().on("tasks/get", ({ id }) => (String(id) in known ? task({ number: known[String(id)] as number }) : null));
  expect((await taskNamed(board, ref))?.number).toBe(number);
});

test("a change concerns whoever asked for the task by its number or by an id that begins in digits", () => {
  const event = { seq: 1, at: AT, type: "note.added" as const, principal: "owner", data: { task: { id: "12345678-aaaa", number: 7 } } };
  const told = ["7", "12345678", "1234", "12345678-AAAA", "123", "8", "1235"].filter((ref) => concerns(`coord://tasks/${ref}`, event));
  expect(told).toEqual(["7", "12345678", "1234", "12345678-AAAA"]);
});

test("an agent's line says what it was offered, what it has read, and whether anything would wake it", async () => {
  const agent = { type: "agent", status: "idle", last_seen: AT, first_seen: AT, current_task: null };
  const board = new FakeBoard()
    .on("tasks/list", () => ({ tasks: [], next: null }))
    .on("agents/list", () => [
      { ...agent, id: "fox", name: "fox", offered: 12, read: 3, wake: { host: "claude", since: AT } },
      { ...agent, id: "hen", name: "hen", offered: 5, read: 9, wake: null },
      { ...agent, id: "owl", name: "owl" },
    ]);
  expect((await agentsText(board)).split("\n").slice(2, 5)).toEqual([
    "- **fox** · idle since 2026-01-02 03:04 · was offered news up to event 12 · has read up to event 3 · claude would wake it, since 2026-01-02 03:04",
    "- **hen** · idle since 2026-01-02 03:04 · has read up to event 9 · nothing would wake it",
    "- **owl** · idle since 2026-01-02 03:04 · has read nothing yet · nothing would wake it",
  ]);
});

test("who wants little is sent little", () => {
  expect(typesFor({ uris: [], list: true })).toEqual(["task.created", "task.completed", "task.cancelled"]);
  expect(typesFor({ uris: ["coord://agents"], list: false })).toContain("agent.seen");
  expect(typesFor({ uris: ["coord://agents", "coord://log"], list: true })).toBeUndefined();
});
