import { expect, test } from "vitest";
import { METHODS } from "../../protocol/index.ts";
import { culprit } from "../../protocol/siblings.ts";
import { CliError } from "../errors.ts";
import { dryRunLines } from "../output/plan.ts";
import { width } from "../output/text.ts";
import { FIELDS, planOf } from "./plan.ts";
import { parsePlan } from "./read.ts";

const plan = (text: string) => planOf({ source: "plan.yaml", entries: parsePlan(text, "plan.yaml") });

/** `[path, message]` of every mistake. */
function mistakes(text: string): string[] {
  try {
    plan(text);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return (error.data.issues as { path: string; message: string }[]).map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

const YAML = `
# what has to be done for 1.2
tasks:
  - ref: ship
    name: ship it
    kind: build
    depends_on: [test, 12, 0f2d6ab4]
  - name: "party #1"
    dependsOn: ship
  - { ref: test, name: test it, review: required, required_approvals: 2, labels: ci, payload: { a: [1] } }
`;

test("siblings' refs are written plainly, the board's tasks by number or id, in any order", () => {
  const { tasks, order } = plan(YAML);
  expect(tasks.map(({ params }) => params)).toEqual([
    { ref: "ship", name: "ship it", kind: "build", depends_on: ["@test", "#12", "0f2d6ab4"] },
    { ref: "task.2.of.3", name: "party #1", depends_on: ["@ship"] },
    { ref: "test", name: "test it", review: "required", required_approvals: 2, labels: ["ci"], payload: { a: [1] } },
  ]);
  expect(tasks.map(({ ref, line }) => [ref, line])).toEqual([
    ["ship", 4],
    [null, 8],
    ["test", 10],
  ]);
  expect(order.map((at) => tasks[at]?.params.name)).toEqual(["test it", "ship it", "party #1"]);
  for (const { params } of tasks) expect(METHODS["tasks/send"].params.safeParse(params).success).toBe(true);
});

test("JSON is read as well, with tabs and as a bare list", () => {
  const text = JSON.stringify(
    [
      { ref: "a", name: "ä \u2028 😀" },
      { name: "b", depends_on: ["a"], description: "x\ny" },
    ],
    null,
    "\t",
  );
  expect(plan(text).tasks.map(({ params, line }) => [params.name, line])).toEqual([
    ["ä \u2028 😀", 2],
    ["b", 6],
  ]);
});

test("a task of a plan takes what tasks/send takes", () => {
  expect(FIELDS).toEqual(
    expect.arrayContaining([
      "ref",
      "name",
      "kind",
      "priority",
      "description",
      "depends_on",
      "review",
      "assignee",
      "labels",
      "performer",
      "payload",
      "state",
    ]),
  );
  expect(FIELDS).not.toContain("agent_id");
});

test.each([
  ["no list", "name: a", ["plan.yaml:1: a plan is a list of tasks, or {tasks: [ … ]}"]],
  ["a word", "hello", ["plan.yaml:1: a plan is a list of tasks, or {tasks: [ … ]}"]],
  ["nothing", "", ["plan.yaml:1: a plan is a list of tasks, or {tasks: [ … ]}"]],
  ["no task", "tasks: []", ["plan.yaml:1: there is no task in it"]],
  ["something beside tasks", "name: x\ntasks:\n  - name: a", ["plan.yaml:1: beside tasks there is nothing in a plan; found name"]],
  ["a task that is a word", "- name: a\n- build it", ["plan.yaml:2: task 2 is not an object with a name, as `- name: build the parser`"]],
  ["no name", "- ref: a\n  kind: bug", ["plan.yaml:1 task 1 (@a) name: is missing"]],
  ["an empty name", "- name: ''", [/plan\.yaml:1 task 1 name: /]],
  [
    "a name too long",
    `- name: ${"x".repeat(513)}`,
    ["plan.yaml:1 task 1 name: over the limit name_chars: at most 512 characters, given 513"],
  ],
  ["a name that is a number", "- name: 12", [/plan\.yaml:1 task 1 name: expected string/]],
  [
    "a field that there is not",
    "- name: a\n  prioritie: high",
    ["plan.yaml:2 task 1 prioritie: there is no such field; did you mean priority?"],
  ],
  ["a field twice", "- name: a\n  name: b", [/plan\.yaml:2: Map keys must be unique/]],
  ["a field in two spellings", "- name: a\n  depends_on: []\n  dependsOn: []", [/plan\.yaml:1 task 1 name: a field is written twice/]],
  ["a state that is none to start in", "- name: a\n  state: done", ["plan.yaml:2 task 1 state: a job starts as idea, backlog or pending"]],
  ["a review that is none", "- name: a\n  review: maybe", [/plan\.yaml:2 task 1 review: /]],
  ["a ref that is no word", "- name: a\n  ref: a b", [/plan\.yaml:2 task 1 \(@a b\) ref: letters, digits/]],
  ["a ref of digits", "- name: a\n  ref: 12", ["plan.yaml:2 task 1 (@12) ref: a ref of digits alone would be a task's number; write t12"]],
  ["a ref twice", "- {name: a, ref: x}\n- {name: b, ref: x}", ["plan.yaml:2 task 2 (@x) ref: @x is used twice: task 1 has it, too"]],
  [
    "an unknown ref",
    "- {name: a, ref: build}\n- name: b\n  depends_on: [biuld]",
    ["plan.yaml:3 task 2 depends_on: no task of this plan has the ref biuld; did you mean build?"],
  ],
  [
    "a circle",
    "- {name: a, ref: a, depends_on: b}\n- {name: b, ref: b, depends_on: c}\n- {name: c, ref: c, depends_on: a}",
    ["plan.yaml:1 task 1 (@a) depends_on: that closes a circle: @a → @b → @c → @a"],
  ],
  ["itself", "- {name: a, ref: a, depends_on: a}", ["plan.yaml:1 task 1 (@a) depends_on: that closes a circle: @a → @a"]],
  ["#12 in a list", "- name: a\n  depends_on:\n    - #12", [/an item is empty|is a comment to YAML/]],
  ["#12 in brackets", "- name: a\n  depends_on: [#12]", [/12 for task #12/, /./]],
  [
    "a name cut off by a comment",
    "- name: mend #12",
    ["plan.yaml:1: #12 is a comment to YAML: for text put it in quotes, for a task write its number alone"],
  ],
  ["@ref without quotes", "- name: a\n  depends_on: @b", [/put it in quotes/]],
  [
    "no dependency but a map",
    "- name: a\n  depends_on: [{id: 1}]",
    ['plan.yaml:2 task 1 depends_on: a ref, a number or an id is expected, not {"id":1}'],
  ],
  [
    "an announcement that waits",
    "- {name: a, ref: a}\n- {name: b, kind: ack, depends_on: a, state: backlog}",
    [/state: a ack is an announcement/, /depends_on: a ack is an announcement/],
  ],
  ["a description too long", `- name: a\n  description: ${"x".repeat(65_537)}`, [/over the limit description_bytes/]],
  ["a payload too large", `- name: a\n  payload: ${"x".repeat(262_144)}`, [/over the limit payload_bytes/]],
  [
    "too many dependencies",
    `- name: a\n  depends_on: [${Array.from({ length: 51 }, (_, at) => at + 1)}]`,
    [/over the limit depends_on: at most 50 dependencies, given 51/],
  ],
  ["more than a batch takes", "- name: a\n".repeat(101), [/at most 100 tasks in one plan, given 101 .*split it/]],
  ["more than a request takes", `- name: a\n  description: ${"x".repeat(1_100_000)}`, [/over the limit body_bytes/]],
  ["two documents", "- name: a\n---\n- name: b", [/multiple documents/]],
  ["a tag", "- name: !secret a", [/Unresolved tag/]],
  ["an alias to nothing", "- name: *x", [/Unresolved alias/]],
  [
    "aliases without end",
    `- name: a\n  payload:\n    a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 8 }, (_, n) => `    a${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`)}]`).join("\n")}`,
    [/alias/],
  ],
  ["brackets without end", "[".repeat(50_000), [/./]],
  ["a tab for an indent", "- name: a\n\tkind: b", [/plan\.yaml:2/]],
  ["JSON that breaks off", '[{"name": "a"', [/./]],
] as [string, string, (string | RegExp)[]][])("%s is refused with file, line and task", (_what, text, expected) => {
  const found = mistakes(text);
  expect(found.length).toBeGreaterThan(0);
  for (const [at, one] of expected.entries()) typeof one === "string" ? expect(found[at]).toBe(one) : expect(found.join("\n")).toMatch(one);
});

test("all mistakes are told at once", () => {
  expect(mistakes("- kind: bug\n- name: b\n  prio: 1\n- name: c\n  depends_on: nothing")).toHaveLength(3);
});

test("a name such as __proto__ is a field that there is not", () => {
  expect(mistakes('[{"name":"a","__proto__":{"kind":"bug"},"constructor":1}]').length).toBeGreaterThan(0);
});

test("a dry run shows the order, each with what it waits for, in lines that fit", () => {
  const lines = dryRunLines(plan(`${YAML}  - name: ${"日本 ".repeat(60)}\n    depends_on: test\n`), ["a remark"], {
    columns: 80,
    colour: false,
  });
  expect(lines.slice(0, 6)).toEqual([
    "would post 4 tasks, in this order; nothing was posted",
    "1. @test: test it (task, reviewed)",
    "2. @ship: ship it (build)",
    "   after @test, #12, 0f2d6ab4",
    "3. party #1 (task)",
    "   after @ship",
  ]);
  for (const line of lines) expect(width(line)).toBeLessThanOrEqual(80);
});

test("of a refused batch the call is found that was refused itself", () => {
  const other = { ok: false as const, error: { code: -32602, message: "nothing of this plan was posted: @b was refused: no" } };
  expect(culprit([other, { ok: false, error: { code: -32602, message: "no" } }, other])?.at).toBe(1);
  expect(culprit([other])?.at).toBe(0);
  expect(culprit([])).toBeUndefined();
});
