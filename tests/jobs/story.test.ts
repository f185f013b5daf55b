import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer } from "../harness/server.ts";
import { CommandBoard, type Task } from "./board.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const PLAN = `
# 1.2
- ref: ship
  name: ship it
  kind: ship
  depends_on: [parser, docs]
- ref: docs
  name: write the docs
  priority: low
- ref: parser
  name: build the parser
  priority: high
  review: required
`;

describe("a plan of three jobs, from its file to its end", () => {
  test("posted, handed in, sent back, taken up again with the feedback, approved; and what waited is handed on", async () => {
    const board = new CommandBoard(server, "story");
    writeFileSync(join(board.folder, "plan.yaml"), PLAN);
    expect(await board.says("plan", "plan.yaml", "--dry-run")).toContain("would post 3 tasks");
    expect(await board.json("tasks", "--state", "any")).toEqual([]);
    const posted = await board.json<(Task & { ref: string })[]>("plan", "plan.yaml", "--as", "planner");
    const [ship, docs, parser] = posted as unknown as [Task, Task, Task];
    expect(posted.map(({ name, ref }) => [name, ref])).toEqual([
      ["ship it", "ship"],
      ["write the docs", "docs"],
      ["build the parser", "parser"],
    ]);
    expect(new Set(ship.held?.blockers)).toEqual(new Set([docs.id, parser.id]));
    expect((await board.run(["claim", String(ship.number), "--as", "shipper"])).code).toBe(3);

    const shipping = board.run(["next", "--as", "shipper", "--kind", "ship", "--wait", "25", "--json"]);
    const docsDone = await board.json<Task>("claim", String(docs.number), "--as", "scribe");
    expect(docsDone.state).toBe("claimed");
    await board.json("complete", String(docs.number), "--as", "scribe");

    const first = await board.json<Task>("next", "--as", "lynx", "--ignore-id", String(ship.number));
    expect(first).toMatchObject({ id: parser.id, attempt: 1 });
    const number = String(parser.number);
    const handedIn = await board.json<{ task: Task }>("complete", number, "--as", "lynx", "--summary", "first try", "--result", '"v1"');
    expect(handedIn.task.state).toBe("review");

    const own = await board.run(["review", number, "--approve", "--as", "lynx", "--json"]);
    expect(own).toMatchObject({ code: 3, stdout: "" });
    expect(JSON.parse(own.stderr)).toMatchObject({ error: { reason: "self_review", exit: 3 } });

    const mentioned = board.run(["wait", "--mentions", "me", "--as", "lynx", "--timeout", "25"]);
    await board.waiting(2);
    const back = await board.json<Task>("review", number, "--request-changes", "the empty list fails, @lynx", "--as", "owl");
    expect(back.state).toBe("pending");
    const woken = await mentioned;
    expect(woken.code).toBe(0);
    expect(JSON.parse(woken.stdout)).toMatchObject({ id: parser.id, event: { type: "review.decided" } });
    expect(await board.says("checkin", "--as", "lynx")).toContain("the empty list fails");

    const again = await board.says("claim", number, "--as", "otter");
    expect(again).toContain("attempt 2");
    expect(again).toContain("attempt 1: owl asked for changes\n  the empty list fails, @lynx");
    await board.json("complete", number, "--as", "otter", "--summary", "second try", "--result", '"v2"');
    const stale = await board.run(["review", number, "--approve", "--attempt", "1", "--as", "owl"]);
    expect(stale.code).toBe(3);
    expect(stale.stderr).toContain("attempt 1 of #");
    expect(await board.says("review", number, "--approve", "--attempt", "2", "--as", "heron")).toContain(
      "owl asked for changes and has to approve",
    );
    expect(await board.says("review", number, "--approve", "--comment", "good now", "--as", "owl")).toContain("approved: Done");

    const shipped = await shipping;
    expect(shipped.code).toBe(0);
    expect(JSON.parse(shipped.stdout)).toMatchObject({ id: ship.id, claimed_by: "shipper", held: null });
    const told = (await board.says("history", number)).replaceAll(/^\d\d:\d\d:\d\d {2}/gm, "");
    expect(told).toBe(`#${number} build the parser
posted by planner: task, high priority

attempt 1: changes requested
lynx claimed it
lynx handed it in
          first try
          result "v1"
owl asked for changes
          the empty list fails, @lynx

attempt 2, after a request for changes: approved
otter claimed it
otter handed it in
          second try
          result "v2"
heron approved it
owl approved it
          good now
completed
`);
    const story = await board.json<{ attempts: unknown[]; reviews: unknown[] }>("history", number);
    expect([story.attempts.length, story.reviews.length]).toEqual([2, 3]);
  });

  test("the graph shows it: as text, as Mermaid, as JSON", async () => {
    const board = new CommandBoard(server, "graph");
    const { code, stdout } = await board.run(["plan", "-", "--json"], { input: PLAN });
    expect(code).toBe(0);
    const posted = JSON.parse(stdout) as Task[];
    const numbers = Object.fromEntries(posted.map(({ name, number }) => [name, number]));
    const [ship, docs, parser] = [numbers["ship it"], numbers["write the docs"], numbers["build the parser"]];
    await board.json("claim", String(docs), "--as", "scribe");
    const lines = (await board.says("graph")).split("\n");
    expect(lines[0]).toMatch(new RegExp(`^#${ship} Held {2}ship it · waits for #`));
    expect(
      lines
        .slice(1, 3)
        .map((line) => line.slice(3))
        .sort(),
    ).toEqual([`#${docs} In Progress  write the docs · scribe`, `#${parser} Ready  build the parser`].sort());
    expect(await board.says("graph", String(docs))).not.toContain("parser");
    const mermaid = await board.says("graph", "--mermaid");
    expect(mermaid).toMatch(/^flowchart TD\n/);
    expect(mermaid).toContain(`  t${parser} --> t${ship}\n`);
    const graph = await board.json<{ tasks: Task[]; edges: object[] }>("graph");
    expect([graph.tasks.length, graph.edges.length]).toEqual([3, 2]);
    await board.json("send", "a \u001b[2Jhostile‮\nname", "--depends-on", String(ship));
    await board.says("graph");
    const { stdout: hostile } = await board.run(["graph", "--mermaid"]);
    expect(hostile.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
  });
});

describe("dependencies", () => {
  test("are added and taken away; a circle is refused with its path, and what was done before it is told", async () => {
    const board = new CommandBoard(server, "edges");
    for (const name of ["a", "b", "c"]) await board.json("send", name);
    expect(await board.says("depend", "3", "--on", "1", "2")).toBe("#3 c\ndepends on #1, #2: Held\n");
    expect(await board.json<Task>("undepend", "3", "--on", "2")).toMatchObject({ held: { reason: "dependencies" } });
    const circle = await board.run(["depend", "1", "--on", "2,3", "--json"]);
    expect({ code: circle.code, stdout: circle.stdout }).toEqual({ code: 3, stdout: "" });
    expect(JSON.parse(circle.stderr).error).toMatchObject({
      reason: "cycle",
      path: ["#1", "#3", "#1"],
      done: ["2"],
      message: expect.stringContaining("depend #2 is done"),
    });
    await board.json("cancel", "2");
    expect((await board.run(["claim", "1", "--as", "x"])).code).toBe(3);
    expect(await board.says("graph", "1")).toContain("#2 cancelled");
    expect(await board.says("undepend", "1", "--on", "2")).toContain("no longer depends on #2: Ready");
  });
});

describe("reviews", () => {
  test("an owner sets a request for changes aside; several approvals are several reviewers'", async () => {
    const board = new CommandBoard(server, "dismiss");
    await board.json("send", "job", "--review", "required", "--approvals", "2");
    const handIn = async () => {
      await board.json("claim", "1", "--as", "lynx");
      await board.json("complete", "1", "--as", "lynx");
    };
    await handIn();
    await board.json("review", "1", "--request-changes", "no", "--as", "owl");
    await handIn();
    expect(await board.says("review", "1", "--approve", "--as", "heron")).toContain("it needs 1 more approval, by others");
    const approved = await board.says("review", "1", "--approve", "--as", "crane");
    const review = /coord dismiss (\S+)/.exec(approved)?.[1] ?? "";
    expect((await board.run(["dismiss", review, "--as", "anna"])).code).toBe(1);
    expect(await board.says("dismiss", review, "--reason", "owl is away", "--as", "anna")).toContain("set aside: Done");
    expect((await board.run(["dismiss", review, "--reason", "twice", "--as", "anna"])).code).toBe(3);
    expect(await board.says("history", "1")).toContain("anna set owl's request for changes aside: owl is away");
  });

  test("a request for changes is waited for like anything else", async () => {
    const board = new CommandBoard(server, "wait-review");
    await board.json("send", "job", "--review", "required");
    await board.json("claim", "1", "--as", "lynx");
    await board.json("complete", "1", "--as", "lynx");
    const waiting = board.run(["wait", "--ids", "1", "--state", "completed,pending", "--timeout", "25"]);
    await board.waiting(1);
    const { code } = await board.run(["review", "1", "--request-changes", "-", "--as", "owl"], { input: "\n\n  from a file\n\n" });
    expect(code).toBe(0);
    expect(JSON.parse((await waiting).stdout)).toMatchObject({ state: "pending", attempt: 1 });
    const { reviews } = await board.json<{ reviews: { body: string }[] }>("history", "1");
    expect(reviews[0]?.body).toBe("  from a file");
  });
});
