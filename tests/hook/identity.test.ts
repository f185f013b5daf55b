import { spawn } from "node:child_process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cleanEnv, PROGRAM, startServer, type TestServer, temporaryFolder, until } from "../harness/server.ts";
import { Others, Tab } from "./tab.ts";

let server: TestServer;
let used = 0;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

/** Runs in a process of its own, as a host does, what it starts: hooks through a shell, and `coord mcp`. Says what each answered. */
const HOST = `
const { spawn } = require("node:child_process");
const { createInterface } = require("node:readline");
const [node, program, steps] = process.argv.slice(1);
const answers = [];
const servers = [];
const hook = (input) => new Promise((done) => {
  const child = spawn("/bin/sh", ["-c", '"$0" "$1" hook claude; exit $?', node, program], { stdio: ["pipe", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk) => (text += chunk));
  child.on("close", () => done(text));
  child.stdin.end(input);
});
const mcp = (args) => new Promise((done) => {
  const child = spawn(node, [program, "mcp", ...args], { stdio: ["pipe", "pipe", "inherit"] });
  servers.push(child);
  createInterface({ input: child.stdout }).once("line", done);
  const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "claude-code", version: "1" } };
  child.stdin.write(JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params }) + "\\n");
});
(async () => {
  for (const step of JSON.parse(steps)) {
    if (step.kill) servers.pop().kill("SIGKILL");
    else answers.push(step.hook ? await hook(step.hook) : await mcp(step.mcp));
  }
  process.stdout.write(JSON.stringify(answers));
  for (const child of servers) child.stdin.end();
})();`;

type Step = { hook: string } | { mcp: string[] } | { kill: true };

/** The handles that a host's hooks and servers name, in the order of the steps. */
async function handlesOf(steps: readonly Step[], env: Record<string, string> = {}): Promise<string[]> {
  used += 1;
  const settings = { COORD_URL: server.url, COORD_WORKSPACE: `identity-${used}`, COORD_DB: temporaryFolder(), ...env };
  const child = spawn(process.execPath, ["-e", HOST, process.execPath, PROGRAM, JSON.stringify(steps)], { env: cleanEnv(settings) });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  await new Promise((done) => child.once("close", done));
  return (JSON.parse(text) as string[]).map((answer) => /You are \\+"([^"\\]+)\\+"/.exec(answer)?.[1] ?? `nothing in ${answer}`);
}

const session = (id: string): Step => ({ hook: JSON.stringify({ session_id: id, hook_event_name: "SessionStart" }) });
const MCP: Step = { mcp: [] };

test("a tab has one handle for its hooks and its tools, whichever are started first", async () => {
  const [hook, tools] = await handlesOf([session("one"), MCP]);
  expect(hook).toMatch(/^claude-[0-9a-f]{6}$/);
  expect(tools).toBe(hook);
  const [first, second, third] = await handlesOf([MCP, session("one"), session("one")]);
  expect(first).toMatch(/^[a-z]+-[a-z]+$/);
  expect([second, third]).toEqual([first, first]);
});

test("it keeps that through a restart of its tools, and through a new session beside them", async () => {
  const [hook, before, after, cleared] = await handlesOf([session("one"), MCP, { kill: true }, MCP, session("two")]);
  expect([before, after, cleared]).toEqual([hook, hook, hook]);
});

test("what the user named goes first, whether the tools were told or the whole tab", async () => {
  expect(await handlesOf([{ mcp: ["--as", "reviewer"] }, session("one")])).toEqual(["reviewer", "reviewer"]);
  expect(await handlesOf([session("one"), MCP], { COORD_AS: "harbor-lynx" })).toEqual(["harbor-lynx", "harbor-lynx"]);
});

test("a second server of the same host, and another host, have handles of their own", async () => {
  const [first, second] = await handlesOf([MCP, MCP]);
  expect(second).not.toBe(first);
  const [one, other] = await Promise.all([handlesOf([session("one"), MCP]), handlesOf([session("two"), MCP])]);
  expect(one[0]).not.toBe(other[0]);
});

test("a folder that cannot be written is no obstacle", async () => {
  const [hook, tools] = await handlesOf([session("one"), MCP], { COORD_DB: "/dev/null/none" });
  expect(hook).toMatch(/^claude-/);
  expect(tools).toMatch(/^[a-z]+-[a-z]+$/);
});

test("the tools of a tab act under the handle that its waiter waits for", async () => {
  used += 1;
  const env = { COORD_WORKSPACE: `identity-${used}` };
  const tab = new Tab("claude", server.url, temporaryFolder(), env);
  const handle = await tab.handle();
  const others = new Others(server, env.COORD_WORKSPACE);
  const tools = spawn(process.execPath, [PROGRAM, "mcp"], { env: cleanEnv(tab.env), cwd: tab.folder, stdio: ["pipe", "ignore", "ignore"] });
  const messages = [
    {
      id: 1,
      method: "initialize",
      params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "claude-code", version: "1" } },
    },
    { method: "notifications/initialized" },
    { id: 2, method: "tools/call", params: { name: "tasks_send", arguments: { name: "mine" } } },
  ];
  for (const message of messages) tools.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  await until("it is posted", async () => (await others.call("workspace/info", {})).counts.pending === 1);
  expect((await others.call("tasks/get", { id: "#1" }))!.created_by).toBe(handle);
  tools.stdin.end();
});
