import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer } from "../harness/server.ts";
import { CommandBoard } from "./board.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

describe("every mistake is refused clearly: its exit code, what is wrong, what to do, no stack, and nothing changed", () => {
  let board: CommandBoard;
  let before: unknown;

  beforeAll(async () => {
    board = new CommandBoard(server, "refusals");
    await board.json("send", "job");
    await board.json("send", "later", "--depends-on", "1");
    await board.json("send", "claimed");
    await board.json("claim", "3", "--as", "a");
    await board.json("send", "done");
    await board.json("claim", "4", "--as", "a");
    await board.json("complete", "4", "--as", "a");
    writeFileSync(join(board.folder, "bad.yaml"), "- ref: a\n  name: one\n- name: two\n  depends_on: [b]\n");
    writeFileSync(join(board.folder, "missing.yaml"), "- ref: a\n  name: one\n- name: two\n  depends_on: [a, 99]\n");
    writeFileSync(join(board.folder, "long.json"), JSON.stringify(Array.from({ length: 101 }, (_, at) => ({ name: `n${at}` }))));
    before = await board.json("tasks", "--state", "any");
  });
  afterAll(async () => {
    expect(await board.json("tasks", "--state", "any")).toEqual(before);
    expect(await board.json("notes", "1")).toEqual([]);
  });

  test.each([
    [["review", "1", "--as", "b"], 1, /no decision is given.*\nnext: .*coord review 1 --approve/],
    [["review", "1", "--approve", "--request-changes", "x", "--as", "b"], 1, /stands alone/],
    [["review", "1", "--request-changes", " ", "--as", "b"], 1, /--request-changes says nothing/],
    [["review", "1", "--comment", "-", "--as", "b"], 1, /standard input was empty/],
    [["review", "1", "--request-changes"], 1, /argument missing/],
    [["review", "--approve", "--as", "b"], 1, /missing required argument 'id'/],
    [["review", "1", "--approve"], 1, /no agent is named/],
    [["review", "1", "--approve", "--attempt", "one", "--as", "b"], 1, /not a whole number/],
    [["review", "1", "--approve", "--as", "b"], 3, /#1 is pending, not in review/],
    [["review", "4", "--approve", "--as", "b"], 3, /#4 is completed/],
    [["review", "99", "--approve", "--as", "b"], 4, /no task/],
    [["dismiss", "nonsense", "--reason", "x", "--as", "b"], 1, /not a review's id.*\nnext: .*coord history/],
    [["dismiss", "00000000-0000-4000-8000-000000000000", "--reason", "x", "--as", "b"], 4, /no review/],
    [["note", "1", "--as", "b"], 1, /a task and words/],
    [["note", "1", "", "--as", "b"], 1, /says nothing/],
    [["note", "1", "hello"], 1, /no agent is named/],
    [["note", "1", "x", "--reason", "y", "--as", "b"], 1, /--reason goes with/],
    [["note", "1", "x".repeat(65_537), "--as", "b"], 1, /note_bytes/],
    [["note", "99", "x", "--as", "b"], 4, /no task/],
    [["note", "1", "--retract", "00000000-0000-4000-8000-000000000000", "--reason", "x", "--as", "b"], 1, /no task beside it/],
    [["note", "--retract", "12", "--reason", "x", "--as", "b"], 1, /not a note's id/],
    [["note", "--retract", "00000000-0000-4000-8000-000000000000", "--as", "b"], 1, /why\?/],
    [["notes", "99"], 4, /no task/],
    [["depend", "1"], 1, /required option '--on/],
    [["depend", "1", "--on", ","], 1, /--on names no task/],
    [["depend", "1", "--on", "2"], 3, /circle: #1 → #2 → #1/],
    [["depend", "3", "--on", "1"], 3, /#3 is claimed/],
    [["depend", "4", "--on", "1"], 3, /#4 is completed/],
    [["depend", "1", "--on", "99"], 4, /no task/],
    [["undepend", "1", "--on", "2"], 4, /does not depend/],
    [["claim", "2", "--as", "b"], 3, /held/],
    [["graph", "99"], 4, /no task/],
    [["start", "1", "--as", "b"], 3, /job for agents/],
    [["start", "1"], 1, /no agent is named/],
    [["update", "1", "--state", "done", "--as", "b"], 1, /moved to backlog, pending, claimed or review/],
    [["update", "1", "--state", "review", "--as", "b"], 3, /only jobs for people/],
    [["heartbeat", "--as", "me", "--remember"], 1, /who you are/],
    [["heartbeat", "--as", "b", "--type", "agent", "--remember"], 1, /for a person/],
    [["wait", "--mentions", "me"], 1, /who you are/],
    [["plan", "nowhere.yaml"], 1, /cannot read nowhere\.yaml/],
    [["plan", "."], 1, /cannot read \./],
    [
      ["plan", "bad.yaml"],
      1,
      /a mistake in the plan; nothing of it was posted\n {2}bad\.yaml:4 task 2 depends_on: no task of this plan has the ref b/,
    ],
    [["plan", "bad.yaml", "--dry-run"], 1, /bad\.yaml:4/],
    [["plan", "missing.yaml"], 4, /missing\.yaml:3: task 2: no task #99 in this workspace; nothing of this plan was posted/],
    [["plan", "missing.yaml", "--dry-run"], 4, /missing\.yaml:4 task 2 depends_on: there is no task #99/],
    [["plan", "long.json"], 1, /at most 100 tasks in one plan, given 101/],
    [["plan", "-"], 1, /standard input:1: a plan is a list of tasks/],
    [["plan"], 1, /missing required argument 'file'/],
  ] as [string[], number, RegExp][])("coord %j", async (args, exit, message) => {
    const { code, stdout, stderr } = await board.run(args);
    expect({ code, stdout }).toEqual({ code: exit, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/\nnext: {2}\S/);
    expect(stderr).not.toContain("    at ");
  });

  test.each([
    [["review", "1", "--as", "b"], 1],
    [["plan", "bad.yaml"], 1],
    [["plan", "missing.yaml"], 4],
    [["depend", "1", "--on", "2"], 3],
    [["graph", "--mermaid"], 1],
  ])("coord %j --json says it as one JSON value on stderr, and nothing on stdout", async (args, exit) => {
    const { code, stdout, stderr } = await board.run([...args, "--json"]);
    expect({ code, stdout }).toEqual({ code: exit, stdout: "" });
    const { error } = JSON.parse(stderr);
    expect(error).toMatchObject({ message: expect.any(String), next: expect.any(String), exit });
  });

  test("7: no server, for each of them; a plan is checked first, and a dry run needs none", async () => {
    const away = ["--url", "http://127.0.0.1:9/"];
    writeFileSync(join(board.folder, "good.yaml"), "- name: one\n");
    for (const args of [
      ["review", "1", "--approve", "--as", "b"],
      ["note", "1", "x", "--as", "b"],
      ["graph"],
      ["start", "1", "--as", "b"],
      ["plan", "good.yaml"],
    ]) {
      expect((await board.run([...args, ...away])).code, args.join(" ")).toBe(7);
    }
    expect((await board.run(["plan", "bad.yaml", ...away])).code).toBe(1);
    expect((await board.run(["plan", "good.yaml", "--dry-run", ...away])).code).toBe(0);
    const unasked = await board.run(["plan", "missing.yaml", "--dry-run", ...away]);
    expect(unasked.code).toBe(0);
    expect(unasked.stdout).toContain("note: the board was not asked");
  });
});

test("a plan posted twice under one key is one plan; without a key it is two", async () => {
  const board = new CommandBoard(server, "keys");
  const plan = ["plan", "-", "--json"];
  const input = '[{"ref":"a","name":"one"},{"name":"two","depends_on":["a"]}]';
  const first = await board.run([...plan, "--idempotency-key", "k"], { input });
  expect((await board.run([...plan, "--idempotency-key", "k"], { input })).stdout).toBe(first.stdout);
  expect(await board.json("tasks")).toHaveLength(2);
  await board.run(plan, { input });
  expect(await board.json("tasks")).toHaveLength(4);
});
