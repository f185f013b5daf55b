import { expect, test } from "vitest";
import { METHODS } from "../../protocol/index.ts";
import { conflict } from "../../protocol/refusals.ts";
import { testDesk } from "../testing/desk.ts";
import { claimed, refusal, task } from "../testing/scripted.ts";

const AT = "2026-01-02T03:04:05.000Z";
const note = { note_id: "n", task_id: "t", attempt: null, author: "otter", body: "look", mentions: [], at: AT, retracted: null };

test("a decision is made as the agent; an approval that is not enough says so", async () => {
  const { board, call } = testDesk();
  board.on("tasks/review", () => task({ state: "review", attempt: 2, review: "required" }));
  const { answer } = await call("tasks_review", { id: 7, decision: "approve", attempt: 2 });
  expect(board.paramsOf("tasks/review")).toEqual([{ id: "#7", decision: "approve", attempt: 2, agent_id: "heron" }]);
  expect(answer).toMatchObject({ task: { state: "review", attempt: 2 }, hint: expect.stringContaining("still in review") });
});

test("one's own work is refused with what to do", async () => {
  const { board, call } = testDesk();
  board.on("tasks/review", () => {
    throw refusal(conflict("self_review", "heron worked on attempt 1 of #7", { state: "review" }));
  });
  const { answer, isError } = await call("tasks_review", { id: 7, decision: "approve" });
  expect({ answer, isError }).toMatchObject({
    isError: true,
    answer: { reason: "self_review", remedy: expect.stringContaining("somebody") },
  });
});

test("a note is added, and without words all that was said is read", async () => {
  const { board, call } = testDesk();
  const gone = { ...note, body: null, retracted: { by: "anna", reason: "wrong task", at: AT, purged: false } };
  const review = {
    review_id: "r",
    task_id: "t",
    attempt: 1,
    reviewer: "otter",
    decision: "request_changes",
    body: "x".repeat(7000),
    mentions: [],
    at: AT,
    dismissed: null,
  };
  board
    .on("notes/add", () => note)
    .on("tasks/history", () => ({
      notes: [note, gone],
      reviews: [review],
      attempts: [
        { task_id: "t", number: 1, trigger: "first", started_at: AT, ended_at: AT, outcome: "submitted", summary: "tried", result: null },
      ],
      claims: [],
      events: [],
    }));
  expect((await call("tasks_note", { id: 7, body: "look" })).answer).toEqual({
    note: { note_id: "n", author: "otter", at: AT, body: "look" },
  });
  expect(board.paramsOf("notes/add")).toEqual([{ id: "#7", body: "look", agent_id: "heron" }]);
  const { answer } = await call("tasks_note", { id: "#7" });
  expect(answer).toMatchObject({
    notes: [{ body: "look" }, { retracted: "by anna: wrong task" }],
    reviews: [{ decision: "request_changes" }],
    attempts: [{ number: 1, outcome: "submitted", summary: "tried" }],
  });
  expect(JSON.stringify(answer).length).toBeLessThan(2500);
});

test("an edge is added, and taken away with remove", async () => {
  const { board, call } = testDesk();
  board.on("tasks/depend", () => task()).on("tasks/undepend", () => task());
  await call("tasks_depend", { id: 7, on: 6 });
  await call("tasks_depend", { id: "7", on: "6", remove: "true" });
  expect(board.paramsOf("tasks/depend")).toEqual([{ id: "#7", on: "#6", agent_id: "heron" }]);
  expect(board.paramsOf("tasks/undepend")).toEqual([{ id: "#7", on: "#6", agent_id: "heron" }]);
});

test("a plan's tasks say what tasks_send takes, with siblings by their plain refs", async () => {
  const { board, call } = testDesk();
  board.on("tasks/send", ({ name }) => task({ name: String(name) }));
  const tasks = [
    { name: "ship", dependsOn: ["build", "@docs", 12, "12"] },
    { name: "build", ref: "build", labels: "x" },
    { name: "docs", ref: "@docs", depends_on: "build" },
  ];
  const { answer, isError } = await call("tasks_plan", { tasks: JSON.stringify(tasks) });
  expect(isError).toBe(false);
  expect(board.paramsOf("tasks/send")).toEqual([
    { name: "ship", ref: "task.1.of.3", depends_on: ["@build", "@docs", "#12"], agent_id: "heron" },
    { name: "build", ref: "build", labels: ["x"], depends_on: [], agent_id: "heron" },
    { name: "docs", ref: "docs", depends_on: ["@build"], agent_id: "heron" },
  ]);
  expect((answer.tasks as object[])[1]).toMatchObject({ ref: "build", name: "build" });
  expect((answer.tasks as object[])[0]).not.toHaveProperty("ref");
  // what is made up for the others is a ref the protocol takes
  for (const params of board.paramsOf("tasks/send")) expect(METHODS["tasks/send"].params.safeParse(params).success).toBe(true);
});

test.each([
  ["no list", { tasks: {} }, "not a list"],
  ["an empty list", { tasks: [] }, "not a list"],
  ["no tasks", {}, "tasks"],
  ["no object", { tasks: ["a"] }, "task 1 of the plan is not an object"],
  ["no name", { tasks: [{ name: "a" }, { kind: "bug" }] }, "task 2 of the plan: tasks_plan needs the argument name"],
  ["a field that there is not", { tasks: [{ name: "a", prio: 1 }] }, "prio"],
  ["a ref of digits", { tasks: [{ name: "a", ref: "1" }] }, "digits alone"],
  ["a ref that is a number", { tasks: [{ name: "a", ref: 1 }] }, "digits alone"],
  ["a ref that is an object", { tasks: [{ name: "a", ref: { toString: "x" } }] }, "digits alone"],
  [
    "a ref twice",
    {
      tasks: [
        { name: "a", ref: "a" },
        { name: "b", ref: "a" },
      ],
    },
    "used twice",
  ],
  [
    "a ref that is nobody's",
    {
      tasks: [
        { name: "a", ref: "build" },
        { name: "b", depends_on: ["biuld"] },
      ],
    },
    "did you mean build?",
  ],
  [
    "a circle",
    {
      tasks: [
        { name: "a", ref: "a", depends_on: ["b"] },
        { name: "b", ref: "b", depends_on: ["a"] },
      ],
    },
    "@a → @b → @a",
  ],
])("a plan with %s is refused before anything is sent", async (_what, args, says) => {
  const { board, call, bugs } = testDesk();
  const { answer, isError } = await call("tasks_plan", args);
  expect({ isError, code: answer.code }).toEqual({ isError: true, code: "invalid_params" });
  expect(answer.message).toContain(says);
  expect({ sent: board.paramsOf("tasks/send"), bugs }).toEqual({ sent: [], bugs: [] });
});

test("what the server refuses in a plan is told of the task that it refused", async () => {
  const { board, call } = testDesk();
  board.on("tasks/send", ({ name }) => new Error(name === "b" ? "name: too long" : "nothing of this plan was posted: @b was refused"));
  const { answer } = await call("tasks_plan", { tasks: [{ name: "a" }, { name: "b", ref: "b" }] });
  expect(answer.message).toBe("task 2 (b): name: too long; nothing of the plan was posted");
});

test("a claim's answer has what reviewers said, however long", async () => {
  const { board, call } = testDesk();
  const said = { attempt: 1, reviewer: "otter", decision: "request_changes", body: "tests, please", at: AT };
  const { claim } = claimed(300);
  board.on("tasks/claim", () => claimed(300, { claim: { ...claim!, feedback: [said, { ...said, body: "y".repeat(60_000) }] } }));
  const { answer } = await call("tasks_claim", { id: 7 });
  const { feedback } = (answer.task as { claim: { feedback: { body: string }[] } }).claim;
  expect(feedback[0]).toEqual(said);
  expect(feedback[1]!.body).toMatch(/^y+… \(60000 characters in all\)$/);
});
