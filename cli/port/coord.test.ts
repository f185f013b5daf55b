import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { readCoord } from "./coord.ts";
import { Reading } from "./draft.ts";
import { objectsOf } from "./lines.ts";
import { link } from "./link.ts";

const HEAD = { record: "coord_export", version: 1, coord: "0.1.0", workspace: "w", at: "2026-01-01T00:00:00.000Z", head: 1 };
const ID = "6f0c8e3a-0000-4000-8000-000000000001";
const task = (more: object = {}) => ({
  record: "task",
  id: ID,
  number: 7,
  name: "a",
  kind: "bug",
  priority: "high",
  state: "pending",
  labels: [],
  created_at: "2026-01-01T00:00:00.000Z",
  created_by: "kim",
  ...more,
});

async function read(records: readonly unknown[]) {
  const text = records.map((record) => (typeof record === "string" ? record : JSON.stringify(record))).join("\n");
  const reading = new Reading("coord", "board.jsonl");
  const all = await readCoord(objectsOf(Readable.from([Buffer.from(text)]), reading), "board.jsonl");
  all.mistakes.unshift(...reading.mistakes);
  const linked = link(all, false);
  return { reading: all, tasks: linked.map((one) => one.task), mistakes: all.mistakes.map(({ line, message }) => `${line}: ${message}`) };
}

test.each([
  ["pending", "pending", ""],
  ["backlog", "backlog", ""],
  ["idea", "idea", ""],
  ["completed", "completed", ""],
  ["cancelled", "cancelled", ""],
  ["claimed", "pending", "a hold is not carried over"],
  ["review", "backlog", "its work waits for a decision there; release it to have it done here"],
  ["failed", "backlog", "it failed there; release it to have it tried again"],
])("%s becomes %s", async (state, to, why) => {
  const { tasks, reading, mistakes } = await read([
    HEAD,
    task({ state, claimed_by: "bob", result: { r: 1 } }),
    { record: "end", counts: { task: 1 } },
  ]);
  expect([mistakes, tasks[0]?.state, reading.states]).toEqual([[], to, [{ from: state, to, why, count: 1 }]]);
  expect(tasks[0]?.id).toBe(ID);
  if (to === "completed") expect(tasks[0]?.result).toEqual({ r: 1 });
  else expect(tasks[0]?.notes?.at(-1)).toContain('"r": 1');
});

test("what others did is told in notes, and what was retracted stays withheld", async () => {
  const { tasks, mistakes } = await read([
    HEAD,
    task({ state: "cancelled" }),
    { record: "attempt", task_id: ID, number: 1, outcome: "submitted", ended_at: "T", summary: "tried" },
    { record: "review", task_id: ID, attempt: 1, reviewer: "rev", decision: "request_changes", body: "again", at: "T" },
    { record: "note", task_id: ID, author: "bob", body: "hi @kim", at: "T" },
    { record: "note", task_id: ID, author: "bob", body: null, at: "T", retracted: { by: "kim" } },
    { record: "event", seq: 1, type: "task.cancelled", task_id: ID, data: { reason: "no use" } },
    { record: "something new", x: 1 },
    { record: "end", counts: { task: 1 } },
  ]);
  expect(mistakes).toEqual([]);
  expect(tasks[0]?.reason).toBe("no use");
  expect(tasks[0]?.notes).toEqual([
    [
      `imported from coord: ${ID} (board.jsonl, line 2)`,
      "",
      "- #7 there, posted 2026-01-01T00:00:00.000Z by kim",
      "- state there: cancelled",
      "- reason: no use",
      "- attempt 1 ended T: submitted: tried",
      "- note by bob, T: retracted",
    ].join("\n"),
    "review: request_changes by rev on attempt 1, T\n\nagain",
    "note by bob, T\n\nhi @kim",
  ]);
});

test.each<[string, unknown[], RegExp]>([
  ["nothing", [], /^1: it is empty/],
  ["no head", [task()], /^1: it does not begin as coord export begins/],
  ["a newer version", [{ ...HEAD, version: 2 }], /^1: it has version 2 of the format, this coord reads 1: update coord/],
  ["no end", [HEAD, task()], /^2: its last line .* was cut off/],
  ["a line that is none", [HEAD, "{", { record: "end", counts: {} }], /^2: not JSON/],
  ["a task without an id", [HEAD, task({ id: undefined }), { record: "end", counts: {} }], /^2: a task without an id/],
  ["a task twice", [HEAD, task(), task(), { record: "end", counts: {} }], /^3: .* twice: line 2/],
  ["an unknown state", [HEAD, task({ state: "constructor" }), { record: "end", counts: {} }], /no state "constructor"/],
  [
    "a dependency of nothing",
    [HEAD, { record: "dependency", task_id: ID, depends_on: ID }, { record: "end", counts: {} }],
    /^2: a dependency of task/,
  ],
  [
    "an unknown dependency",
    [HEAD, task(), { record: "dependency", task_id: ID, depends_on: "x" }, { record: "end", counts: {} }],
    /^3: .* not in this source/,
  ],
  ["an id that is none", [HEAD, task({ id: "x" }), { record: "end", counts: {} }], /^2: x: id/],
  ["a name too long", [HEAD, task({ name: "x".repeat(600) }), { record: "end", counts: {} }], /^2: .*name_chars/],
])("%s is told with its line", async (_what, records, told) => {
  expect((await read(records)).mistakes[0]).toMatch(told);
});
