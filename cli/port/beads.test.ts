import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { readBeads } from "./beads.ts";
import { Reading } from "./draft.ts";
import { objectsOf } from "./lines.ts";
import { link } from "./link.ts";

async function read(lines: readonly unknown[], keepAssignees = false) {
  const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
  const reading = new Reading("beads", "issues.jsonl");
  await readBeads(objectsOf(Readable.from([Buffer.from(text)]), reading), "issues.jsonl", { keepAssignees }, reading);
  const linked = link(reading, false);
  return {
    reading,
    linked,
    tasks: linked.map(({ task }) => task),
    mistakes: reading.mistakes.map(({ line, message }) => `${line}: ${message}`),
  };
}

const issue = (more: object = {}) => ({ id: "bd-1", title: "mend it", priority: 2, created_at: "2026-01-02T03:04:05Z", ...more });

test("an issue with all that it may have becomes a task that has it, too", async () => {
  const { tasks, mistakes } = await read([
    { _schema: "beads-jsonl/1" },
    issue({
      _type: "issue",
      description: "what",
      design: "how",
      acceptance_criteria: "until",
      notes: "said",
      status: "open",
      priority: 0,
      issue_type: "bug",
      labels: ["a", "b"],
      external_ref: "gh-9",
      estimated_minutes: 5,
      metadata: { k: [1] },
      created_by: "kim",
      comments: [{ id: "1", author: "bob", text: "hello @kim", created_at: "2026-01-03T00:00:00Z" }],
      dependencies: [{ issue_id: "bd-1", depends_on_id: "bd-0", type: "discovered-from" }],
    }),
    issue({ id: "bd-0", dependencies: [{ issue_id: "bd-0", depends_on_id: "bd-1", type: "blocks" }] }),
  ]);
  expect(mistakes).toEqual([]);
  const [bug, waiting] = tasks;
  expect(bug).toMatchObject({
    name: "mend it",
    kind: "bug",
    priority: "urgent",
    state: "pending",
    labels: ["a", "b"],
    description: "what\n\n## Design\n\nhow\n\n## Acceptance criteria\n\nuntil\n\n## Notes\n\nsaid",
    payload: { imported: { from: "beads", id: "bd-1", external_ref: "gh-9", estimated_minutes: 5, metadata: { k: [1] } } },
    depends_on: [],
  });
  expect(bug).not.toHaveProperty("assignee");
  expect(bug?.notes).toEqual([
    `imported from beads: bd-1 (issues.jsonl, line 2)\n\n- created 2026-01-02T03:04:05Z by kim\n- status there: open\n- discovered-from: bd-0 (task ${waiting?.id.slice(0, 13)})`,
    "comment by bob, 2026-01-03T00:00:00Z\n\nhello @kim",
  ]);
  expect(waiting?.depends_on).toEqual([bug?.id]);
});

test.each([
  ["open", {}, "pending"],
  ["in_progress", {}, "pending"],
  ["hooked", {}, "pending"],
  ["closed", {}, "completed"],
  ["deferred", {}, "backlog"],
  ["pinned", {}, "backlog"],
  ["blocked", {}, "backlog"],
  ["our-own", {}, "backlog"],
  ["constructor", {}, "backlog"],
  ["open", { issue_type: "epic" }, "backlog"],
  ["open", { issue_type: "gate" }, "backlog"],
  ["open", { issue_type: "decision" }, "pending"],
  ["closed", { issue_type: "decision" }, "completed"],
  ["closed", { issue_type: "epic" }, "completed"],
])("%s %j becomes %s, and says why where it is another thing", async (status, more, state) => {
  const { tasks, reading, mistakes } = await read([issue({ status, ...more })]);
  expect([mistakes, tasks[0]?.state]).toEqual([[], state]);
  const [mapped] = reading.states;
  if (!["open", "closed"].includes(status) || (state === "backlog" && status === "open")) expect(mapped?.why.length).toBeGreaterThan(10);
});

test("0 to 4 keep their order, and a hold is kept only where that is asked for", async () => {
  const { tasks } = await read([0, 1, 2, 3, 4].map((priority) => issue({ id: `bd-${priority}`, priority })));
  expect(tasks.map(({ priority }) => priority)).toEqual(["urgent", "high", "normal", "low", "lowest"]);
  expect((await read([issue({ assignee: "kim", status: "in_progress" })], true)).tasks[0]?.assignee).toBe("kim");
});

test("what is too long is cut, and stands whole in a note", async () => {
  const [title, description] = ["t".repeat(600), "é".repeat(40_000)];
  const { tasks, mistakes, reading } = await read([issue({ title, description, labels: Array.from({ length: 30 }, (_, at) => `l${at}`) })]);
  expect(mistakes).toEqual([]);
  expect(tasks[0]?.name).toHaveLength(512);
  const notes = tasks[0]?.notes?.join("") ?? "";
  for (const whole of [title, "l29"]) expect(notes).toContain(whole);
  expect(notes.replace(/\(part \d+ of \d+\)\n\n/g, "")).toContain(description);
  expect(reading.remarks).toHaveLength(3);
});

test("deleted, ephemeral and template issues are left out with a remark; a memory is knowledge", async () => {
  const { tasks, reading, mistakes } = await read([
    issue({ id: "a", status: "tombstone" }),
    issue({ id: "b", ephemeral: true }),
    issue({ id: "c", is_template: true }),
    { _type: "memory", key: "where", value: "behind the door" },
  ]);
  expect([mistakes, reading.remarks.length]).toEqual([[], 3]);
  expect(tasks).toMatchObject([{ kind: "knowledge", state: "completed", name: "where", description: "behind the door" }]);
});

test("every line that is none is named, and what else is in the file does not hide it", async () => {
  const deep = `{"id":"d","title":"d","metadata":${"[".repeat(200)}${"]".repeat(200)}}`;
  const { mistakes } = await read([
    "{",
    issue(),
    "[]",
    "null",
    '"x"',
    { id: "x" },
    { title: "y" },
    deep,
    issue({ id: "p", priority: 9 }),
    "",
    "\u0000",
  ]);
  expect(mistakes.map((one) => Number.parseInt(one, 10))).toEqual([1, 3, 4, 5, 6, 7, 8, 9, 11]);
});

test("hostile fields are data", async () => {
  const line =
    '{"id":"bd-1","title":"a\\u0000b\\ud800","__proto__":{"x":1},"constructor":1,"labels":[1,null,"ok","a\\nb"],"status":"__proto__","issue_type":"a\\u0000"}';
  const { tasks, mistakes } = await read([line]);
  expect(mistakes).toEqual([]);
  expect(tasks[0]).toMatchObject({ name: "a\ufffdb\ufffd", kind: "task", state: "backlog" });
  expect(({} as { x?: number }).x).toBeUndefined();
});
