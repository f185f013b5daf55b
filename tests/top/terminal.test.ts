import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Task } from "../../protocol/records.ts";
import { freePort, rpc } from "../harness/http.ts";
import { runCoord, startServer, type TestServer, temporaryFolder } from "../harness/server.ts";
import { Terminal, type TerminalOptions } from "./terminal.ts";

let server: TestServer;
let workspaces = 0;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.stop();
});

/** A board of its own on the one server. */
function board() {
  const name = `top-${++workspaces}`;
  const url = `${server.url}w/${name}/`;
  const call = <T>(method: string, params: object) => rpc(url, method, params) as Promise<T>;
  return {
    call,
    send: (task: string, more: object = {}) => call<Task>("tasks/send", { name: task, ...more }),
    args: (...more: string[]) => ["--url", server.url, "--workspace", name, "top", ...more],
    open: (options: TerminalOptions = {}, ...more: string[]) =>
      new Terminal(["--url", server.url, "--workspace", name, "top", ...more], options),
  };
}

const ENTER = "\r";
const ESCAPE = "\x1b";
const DOWN = "\x1b[B";
const UP = "\x1b[A";
const PAGE_DOWN = "\x1b[6~";
const PAGE_UP = "\x1b[5~";

test("every key does what the help says", async () => {
  const { call, send, open } = board();
  const bug = await send("login is broken", { kind: "bug", priority: "urgent", payload: { browser: "Safari" } });
  const build = await send("build is slow", { priority: "high" });
  await send("docs are thin", { priority: "low" });
  await call("tasks/claim", { id: bug.id, agent_id: "harbor-lynx" });
  await using top = open();
  await top.shows(/› +1 .*login is broken/);
  await top.shows("live");
  expect(top.isOnOtherScreen).toBe(true);

  top.press("j");
  await top.shows(/› +2 /);
  top.press(DOWN);
  await top.shows(/› +3 /);
  top.press(UP);
  await top.shows(/› +2 /);
  top.press("k");
  await top.shows(/› +1 /);
  top.press("G");
  await top.shows(/› +3 /);
  top.press("g");
  await top.shows(/› +1 /);
  top.press(PAGE_DOWN);
  await top.shows(/› +3 /);
  top.press(PAGE_UP);
  await top.shows(/› +1 /);

  top.press("?");
  await top.shows("any key goes back");
  top.press(" ");
  await top.lacks("any key goes back");

  top.press(ENTER);
  await top.shows(/"browser": "Safari"/);
  top.press(ESCAPE);
  await top.shows("tasks · active");
  top.press("d");
  await top.shows("claim_id");
  top.press("d");
  await top.lacks("claim_id");

  top.press("y");
  await top.shows(`copied the id of #1: ${bug.id}`);
  expect(top.raw).toContain(`\x1b]52;c;${Buffer.from(bug.id).toString("base64")}\x07`);

  top.press("x");
  await top.shows("released #1: harbor-lynx holds it no longer");
  await top.shows(/1 .*Ready/);
  top.press("x");
  await top.shows("release: that claim of #1 has ended");

  await call("tasks/claim", { id: build.id, agent_id: "copper-finch" });
  await call("tasks/fail", { id: build.id, agent_id: "copper-finch", reason: "no space left" });
  top.press("f");
  await top.shows("tasks · attention");
  await top.shows(/› +2 .*failed: no space left/);
  top.press("R");
  await top.shows("#2 is ready again");
  await top.lacks("failed: no space left");
  top.press("f");
  await top.shows("tasks · all");
  top.press("f");
  await top.shows(/── log/);
  await top.shows(/task\.failed .*no space left/);
  top.press("f");
  await top.shows("tasks · active");

  top.press("/thin docs");
  await top.shows("filter: thin docs · 1");
  top.press(ENTER);
  await top.shows(/› +3 /);
  top.press("c");
  await top.shows("cancel #3 docs are thin for ever?");
  top.press("n");
  await top.lacks("for ever?");
  top.press("cy");
  await top.shows("cancelled #3");
  await top.shows("nothing matches the filter");
  top.press(ESCAPE);
  await top.shows("login is broken");

  top.press("sfix the roof\r");
  await top.shows("send fix the roof, kind:");
  top.press(`bug${ENTER}`);
  await top.shows("priority:");
  top.press(ENTER);
  await top.shows("sent #4 fix the roof");
  await top.shows(/4 .*bug .*fix the roof/);

  top.press("p");
  await top.shows("paused, 0 new");
  await send("while it stood still");
  await top.shows("paused, 1 new");
  expect(top.text()).not.toContain("while it stood still");
  top.press("p");
  await top.shows("while it stood still");

  top.press("r");
  await top.shows("read anew");
  top.press("A");
  await top.shows("tasks · active");
  top.press("q");
  expect(await top.exited).toBe(0);
});

test("the detail has room beside the list on a wide terminal, and follows the selection and the task", async () => {
  const { call, send, open } = board();
  const first = await send("first", { payload: { about: "apples" } });
  await send("second", { payload: { about: "pears" } });
  await using top = open({ columns: 200, rows: 50 });
  await top.shows("apples");
  top.press("j");
  await top.shows("pears");
  top.press("k");
  const claim = await call<Task>("tasks/claim", { id: first.id, agent_id: "harbor-lynx" });
  await top.shows(`claim_id   ${claim.claim?.claim_id}`);
  await call("tasks/complete", {
    id: first.id,
    agent_id: "harbor-lynx",
    result: { fruit: "plums" },
    post_ack: true,
    ack_name: "apples are picked",
  });
  top.press("ff");
  await top.shows("tasks · all");
  top.press("G");
  await top.shows("plums");
  await top.shows(/acked by +#3 apples are picked/);
  top.press("d");
  await top.lacks("── detail");
});

test("it survives every size, and uses what it gets", async () => {
  const { send, open } = board();
  for (let number = 1; number <= 60; number++) await send(`日本語 ${number}`);
  await using top = open({ columns: 80, rows: 24 });
  await top.shows("1-16 of 60");
  top.press("G");
  await top.shows(/› +60 /);
  for (const [columns, rows] of [
    [200, 50],
    [60, 12],
    [30, 5],
    [132, 43],
    [80, 24],
  ] as const) {
    top.resize(columns, rows);
    await top.shows(columns < 40 ? "needs 40" : /› +60 /);
    if (columns >= 40) await top.shows(/^ coord top-\d/);
    if (columns >= 40) await top.shows("q quit");
    if (columns >= 130) await top.shows("── detail");
  }
  // One header, at the top: nothing of another size is left over.
  await top.shows(/^ coord top-\d(?!.*coord top-)/s);
});

test("a lost server shows as reconnecting; when it is back, the screen has what it missed", async () => {
  const db = temporaryFolder();
  const port = await freePort();
  const addr = `127.0.0.1:${port}`;
  const first = await startServer({ db, addr });
  await rpc(first.url, "tasks/send", { name: "before the crash" });
  await using top = new Terminal(["--url", first.url, "top"]);
  await top.shows("before the crash");
  await first.kill();
  await top.shows(/reconnecting for \d+s/);
  expect(top.text()).toContain("before the crash");
  top.press("R");
  await top.shows("nothing was sent");
  await using second = await startServer({ db, addr });
  await rpc(second.url, "tasks/send", { name: "after the crash" });
  await top.shows("after the crash");
  await top.shows("live");
  await second.stop();
  await top.shows("reconnecting");
  const other = temporaryFolder();
  await using third = await startServer({ db: other, addr });
  await rpc(third.url, "tasks/send", { name: "of another database" });
  await top.shows("of another database");
  await top.lacks("before the crash");
  top.press("q");
  expect(await top.exited).toBe(0);
});

test.each([
  ["^C", 0, (top: Terminal) => top.press("\x03")],
  ["Esc", 0, (top: Terminal) => top.press(ESCAPE)],
  ["SIGTERM", 143, (top: Terminal) => top.signal("SIGTERM")],
  ["SIGINT", 130, (top: Terminal) => top.signal("SIGINT")],
  ["SIGHUP", 129, (top: Terminal) => top.signal("SIGHUP")],
])("%s ends it with exit code %i and gives the terminal back", async (_name, code, end) => {
  const { open } = board();
  await using top = open();
  await top.shows("nothing to do");
  expect(top.isOnOtherScreen).toBe(true);
  end(top);
  expect(await top.exited).toBe(code);
  expect(top.isOnOtherScreen).toBe(false);
  expect(top.raw).toMatch(/\x1b\[\?25h(?!.*\x1b\[\?25l)/s);
});

test("a bug gives the terminal back as well, and is told on it", async () => {
  const { open } = board();
  const trigger = join(temporaryFolder(), "crash");
  const bomb = `import fs from "node:fs"; setInterval(() => { if (fs.existsSync(${JSON.stringify(trigger)})) throw new Error("boom"); }, 20);`;
  await using top = open({ env: { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(bomb)}` } });
  await top.shows("nothing to do");
  writeFileSync(trigger, "");
  expect(await top.exited).toBe(1);
  expect(top.isOnOtherScreen).toBe(false);
  expect(top.raw).toMatch(/\x1b\[\?1049l.*boom/s);
});

const COLOURS = /\x1b\[(?:\d+;)*(?:[39][0-7]|4[0-7]|10[0-7]|[34]8;[\d;]*)m/;

test("NO_COLOR: not one colour, and the same words", async () => {
  const { send, open } = board();
  await send("urgent one", { priority: "urgent" });
  await using plain = open({ env: { NO_COLOR: "1" } });
  await using coloured = open({ env: { NO_COLOR: undefined } });
  await plain.shows("urgent one");
  await coloured.shows("urgent one");
  expect(plain.raw).not.toMatch(COLOURS);
  expect(coloured.raw).toMatch(COLOURS);
  // each screen comes to its end in its own time, and ages its rows by its own clock
  const words = (screen: typeof plain) =>
    screen
      .text()
      .replace(/\d\d:\d\d:\d\d|\d+s|\bnow\b/g, "")
      .replace(/\s+/g, " ");
  await expect.poll(() => ({ both: [words(plain), words(coloured)] }), { timeout: 10_000 }).toSatisfy(({ both }) => both[0] === both[1]);
});

test("hostile names do nothing to the terminal", async () => {
  const { call, send, open } = board();
  const hostile = "\x1b]0;pwned\x07\x1b[2J\x1b[10;10Hforged\u202egpj\u009b31m";
  const task = await send(hostile, { payload: { [hostile]: hostile }, description: hostile });
  await call("tasks/claim", { id: task.id, agent_id: "a\u202eb" });
  await call("tasks/fail", { id: task.id, reason: hostile });
  await using top = open({ columns: 160, rows: 40 });
  await top.shows("\\x1b]0;pwned");
  await top.shows("payload");
  top.press("fff");
  await top.shows("task.failed");
  expect(top.raw).not.toContain("\x1b]0;");
  expect(top.raw).not.toContain("\x1b[2J");
  expect(top.raw).not.toMatch(/[\u202e\u009b]/);
});

test("a burst of thousands of events makes few frames", async () => {
  const { call, open } = board();
  await using top = open();
  await top.shows("nothing to do");
  const framesBefore = top.raw.split("\x1b[?2026h").length;
  const started = performance.now();
  for (let round = 0; round < 30; round++) {
    await Promise.all(Array.from({ length: 100 }, (_, index) => call("tasks/send", { name: `task ${round * 100 + index}` })));
  }
  await top.shows("seq 3000");
  await top.shows("of 3000");
  const seconds = (performance.now() - started) / 1000;
  const frames = top.raw.split("\x1b[?2026h").length - framesBefore;
  expect(frames).toBeLessThanOrEqual(20 * seconds + 2);
  expect(frames).toBeLessThan(3_000 / 5);
});

test("without a terminal it says how to get one frame", async () => {
  const { args } = board();
  const refused = await runCoord(args());
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toContain("coord top --once");
  const json = await runCoord(args("--json"));
  expect(JSON.parse(json.stderr)).toMatchObject({ error: { next: "print one frame's data: coord top --once --json" } });
});

test("--once prints one frame without an escape sequence, --once --json its data", async () => {
  const { call, send, args } = board();
  const bug = await send("login is broken", { kind: "bug", payload: { browser: "Safari" } });
  await send("after it", { depends_on: [bug.id] });
  await call("tasks/claim", { id: bug.id, agent_id: "harbor-lynx", lease_seconds: 60 });
  const frame = await runCoord(args("--once"));
  expect(frame.code).toBe(0);
  expect(frame.stdout).not.toContain("\x1b");
  expect(frame.stdout.split("\n")).toHaveLength(25);
  expect(frame.stdout).toMatch(/› +1 .*login is broken/);
  const wide = await runCoord(args("--once", "--size", "150x30", "--view", "all", "--filter", "broken"));
  expect(wide.stdout).toContain('"browser": "Safari"');
  expect(wide.stdout).not.toContain("after it");

  const { stdout } = await runCoord(args("--once", "--json"));
  expect(JSON.parse(stdout)).toMatchObject({
    view: "active",
    cursor: 4,
    counts: { tasks: { claimed: 1, held: 1 }, agents: { active: 1 } },
    agents: [{ id: "harbor-lynx", status: "active", holds: [{ number: 1 }] }],
    tasks: [
      { number: 1, state: "claimed", claimed_by: "harbor-lynx" },
      { number: 2, shown_as: "Held", held: { reason: "dependencies", blockers: [bug.id] } },
    ],
    detail: { task: { id: bug.id, payload: { browser: "Safari" } } },
  });
  const log = JSON.parse((await runCoord(args("--once", "--json", "--view", "log"))).stdout) as { events: { type: string }[] };
  expect(log.events.map(({ type }) => type)).toEqual(["task.created", "task.created", "agent.seen", "task.claimed"]);
});

test.each([
  [["--view", "nope"], "no such view"],
  [["--once", "--size", "big"], "not a size"],
  [["--size", "80x24"], "--size is for one frame"],
])("%j is refused", async (more, why) => {
  const { args } = board();
  const refused = await runCoord(args(...more));
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(why);
});

test("no server: exit 7 and how to start one", async () => {
  const port = await freePort();
  const refused = await runCoord(["--url", `http://127.0.0.1:${port}/`, "top", "--once"]);
  expect(refused.code).toBe(7);
  expect(refused.stderr).toContain("coord serve");
});
