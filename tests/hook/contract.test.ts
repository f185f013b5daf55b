import { createServer, type Server, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../harness/http.ts";
import { startServer, type TestServer, temporaryFolder } from "../harness/server.ts";
import { endHooks, type HostName, Others, Tab } from "./tab.ts";

let server: TestServer;
let state: string;
let used = 0;

beforeAll(async () => {
  server = await startServer();
  state = temporaryFolder();
});
afterEach(endHooks);
afterAll(() => server.stop());

/** A tab on a board of its own. */
function tabOf(host: HostName, env: Record<string, string> = {}): { tab: Tab; others: Others } {
  used += 1;
  const workspace = `contract-${used}`;
  return { tab: new Tab(host, server.url, state, { COORD_WORKSPACE: workspace, ...env }), others: new Others(server, workspace) };
}

/** How each host is told something as a session begins, and made to go on at a turn's end; and what is printed to say nothing. */
const SHAPES: Record<HostName, { start(out: string): string; goOn(out: string): string; silence: string }> = {
  claude: { start: context, goOn: (out) => only(out, { decision: "block" }, "reason"), silence: "" },
  codex: { start: context, goOn: (out) => only(out, { decision: "block" }, "reason"), silence: "{}\n" },
  gemini: { start: context, goOn: (out) => only(out, { decision: "deny" }, "reason"), silence: "{}\n" },
  cursor: { start: (out) => JSON.parse(out).additional_context, goOn: (out) => only(out, {}, "followup_message"), silence: "{}\n" },
  opencode: { start: (out) => out, goOn: (out) => out, silence: "" },
};
const NAMES = Object.keys(SHAPES) as HostName[];

function context(out: string): string {
  const { hookSpecificOutput, ...rest } = JSON.parse(out);
  expect([hookSpecificOutput.hookEventName, rest]).toEqual(["SessionStart", {}]);
  return hookSpecificOutput.additionalContext;
}

/** The text in one field; the others are as given, and there are no more. */
function only(out: string, others: object, field: string): string {
  const { [field]: text, ...rest } = JSON.parse(out);
  expect(rest).toEqual(others);
  return text;
}

describe.each(NAMES)("%s", (host) => {
  const shape = SHAPES[host];

  test("a session that begins is told who it is, what it holds, what it has not read, what is urgent and who is here", async () => {
    const { tab, others } = tabOf(host);
    const handle = await tab.handle();
    expect(handle).toMatch(new RegExp(`^${host}-[0-9a-f]{6}$`));
    await others.call("tasks/send", { name: "mine already" });
    await others.call("tasks/claim", { id: "#1", agent_id: handle });
    await others.call("tasks/send", { name: "the fire", priority: "urgent", agent_id: "boss" });
    await others.call("notes/add", { id: "#2", body: `bring water, @${handle}\nand sand`, agent_id: "boss" });
    const { code, stdout, stderr } = await tab.start();
    expect([code, stderr]).toEqual([0, ""]);
    const text = shape.start(stdout);
    for (const said of [
      `You are "${handle}"`,
      `agentId "${handle}"`,
      `#1 "mine already"`,
      `boss named you on #2 "the fire": "bring water, @${handle} and sand"`,
      "boss (active)",
    ])
      expect(text).toContain(said);
    expect(text.match(/the fire/g)).toHaveLength(2); // the mention, and the urgent job
    expect(text.length / 3).toBeLessThan(1_500);
  });

  test("a session on an empty board is told its handle and no more", async () => {
    const { tab } = tabOf(host);
    const text = shape.start((await tab.start()).stdout).trim();
    expect(text.split("\n")).toHaveLength(1);
    expect(text).toContain("You are");
  });

  test("a turn that ends with nothing to say ends in silence", async () => {
    const { tab } = tabOf(host);
    await tab.start();
    expect(await tab.stop()).toEqual({ code: 0, signal: null, stdout: shape.silence, stderr: "" });
  });

  test("a turn that ends with a claim still held goes on, once", async () => {
    const { tab, others } = tabOf(host);
    const handle = await tab.handle();
    await others.call("tasks/send", { name: "half done" });
    await others.call("tasks/claim", { id: "#1", agent_id: handle });
    const first = await tab.stop();
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(shape.goOn(first.stdout)).toContain(`${handle} still holds a job:\n- #1 "half done" (lease ends in `);
    expect((await tab.stop()).stdout).toBe(shape.silence);
  });

  test.each([
    "",
    "not json",
    "[1]",
    "null",
    '{"hook_event_name":',
    '{"session_id":"x"}',
    '{"hook_event_name":"Stop"}',
    '{"hook_event_name":"PreToolUse","session_id":"x"}',
  ])("input %j is passed over; the reason is only told to who debugs", async (input) => {
    const { tab } = tabOf(host);
    expect(await tab.hook([], input)).toEqual({ code: 0, signal: null, stdout: shape.silence, stderr: "" });
    tab.env.COORD_DEBUG = "1";
    const told = await tab.hook([], input);
    expect([told.code, told.stdout]).toEqual([0, shape.silence]);
    expect(told.stderr).toMatch(/^coord hook: \S.*\n$/);
  });

  test("with no server, every hook lets the session go on at once, and starts none", async () => {
    const port = await freePort();
    // the default server's address: any other command would start one there
    const tab = new Tab(host, "", state, { COORD_URL: undefined, COORD_ADDR: `127.0.0.1:${port}`, COORD_AUTOSTART: undefined });
    for (const ended of [await tab.start(), await tab.stop(), await tab.hook(["--event", "wait"], tab.input("stop"))]) {
      expect(ended).toMatchObject({ code: 0, stderr: "" });
      expect(["", shape.silence]).toContain(ended.stdout);
    }
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  });
});

describe("a server that does not answer", () => {
  let deaf: Server;
  const sockets = new Set<Socket>();
  beforeAll(async () => {
    deaf = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {
        // the hook has gone
      });
    });
    await new Promise<void>((ready) => deaf.listen(0, "127.0.0.1", ready));
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    deaf.close();
  });

  test.each(NAMES)("keeps no session of %s waiting: the hook gives up", async (host) => {
    const { port } = deaf.address() as { port: number };
    const tab = new Tab(host, `http://127.0.0.1:${port}/`, state);
    expect(await tab.stop()).toEqual({ code: 0, signal: null, stdout: SHAPES[host].silence, stderr: "" });
    expect(sockets.size).toBeGreaterThan(0);
  });
});

describe("a handle", () => {
  test("stays a tab's own: two tabs have two, and each keeps its own", async () => {
    const { tab, others } = tabOf("claude");
    const second = new Tab("claude", server.url, state, { COORD_WORKSPACE: tab.env.COORD_WORKSPACE });
    const handles = [await tab.handle(), await second.handle(), await tab.handle(), await second.handle()];
    expect(handles[0]).not.toBe(handles[1]);
    expect(handles.slice(2)).toEqual(handles.slice(0, 2));
    expect((await others.call("agents/list", {})).map((agent) => agent.id).sort()).toEqual(handles.slice(0, 2).sort());
  });

  test("is COORD_AS's where that is given, but never that of the tab around it", async () => {
    expect(await tabOf("codex", { COORD_AS: "harbor-lynx" }).tab.handle()).toBe("harbor-lynx");
    const outer = await tabOf("claude").tab.handle();
    expect(await tabOf("codex", { COORD_AS: outer }).tab.handle()).toMatch(/^codex-/);
  });

  test("is what Claude Code's shell commands find in COORD_AS", async () => {
    const file = `${temporaryFolder()}/env.sh`;
    const { tab } = tabOf("claude", { CLAUDE_ENV_FILE: file });
    const handle = await tab.handle();
    const { readFileSync } = await import("node:fs");
    expect(readFileSync(file, "utf8")).toBe(`export COORD_AS=${handle}\n`);
  });
});

test("the board is the project's own, wherever the host has its hooks run", async () => {
  const { writeFileSync } = await import("node:fs");
  const tab = new Tab("gemini", server.url, state);
  writeFileSync(`${tab.folder}/.coord.json`, '{"workspace":"shop"}');
  const { stdout } = await new Tab("gemini", server.url, state).hook([], tab.input("start"));
  expect(stdout).toContain('the board \\"shop\\"');
  expect((await new Others(server, "shop").call("agents/list", {})).length).toBe(1);
});
