import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { cleanEnv, isRunning, PROGRAM, runCoord, startServer, temporaryFolder, until } from "../harness/server.ts";
import { connect, rpc, waiters } from "./harness.ts";

const INITIALIZE = {
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "codex-mcp-client", version: "1" } },
};
const INITIALIZED = { jsonrpc: "2.0", method: "notifications/initialized" };
const call = (id: number, name: string, args: object = {}) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: args },
});
const lines = (...messages: object[]): string => messages.map((message) => `${JSON.stringify(message)}\n`).join("");

/** A port that nothing listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as { port: number };
  await new Promise((closed) => server.close(closed));
  return port;
}

test("what is piped in is answered, on a stdout that is the protocol's alone, and the program ends", async () => {
  await using server = await startServer();
  const input = lines(INITIALIZE, INITIALIZED, { jsonrpc: "2.0", id: 2, method: "tools/list" }, call(3, "tasks_send", { name: "x" }));
  const { code, stdout, stderr } = await runCoord(["mcp", "--as", "heron", "--url", server.url], { input });
  const answers = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(answers.map(({ id }) => id).sort()).toEqual([1, 2, 3]);
  expect(answers.find(({ id }) => id === 3).result.structuredContent.task.name).toBe("x");
  // What Codex allows, which its handshake told: the list says so.
  expect(JSON.stringify(answers.find(({ id }) => id === 2))).toContain("default 50, at most 280");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

test("what is piped in behind a subscription is answered, too", async () => {
  await using server = await startServer();
  const listen = {
    jsonrpc: "2.0",
    id: 2,
    method: "subscriptions/listen",
    params: { notifications: { resourceSubscriptions: ["coord://board"] } },
  };
  const input = lines(INITIALIZE, INITIALIZED, listen, call(3, "agents_list"));
  const { code, stdout, stderr } = await runCoord(["mcp", "--as", "heron", "--url", server.url], { input });
  expect(
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).id),
  ).toContain(3);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

test("--max-wait goes before what the host is known to allow", async () => {
  const input = lines(INITIALIZE, INITIALIZED, { jsonrpc: "2.0", id: 2, method: "tools/list" });
  const { stdout } = await runCoord(["mcp", "--max-wait", "900"], { input });
  expect(stdout).toContain("default 50, at most 900");
});

test.each([
  [["--max-wait", "soon"], "whole number of seconds"],
  [["--as", " heron"], "not a handle"],
  [["--workspace", "No Way"], "not a workspace name"],
])("%j is refused before anything is served", async (args, says) => {
  const { code, stdout, stderr } = await runCoord(["mcp", ...args], { input: lines(INITIALIZE) });
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(says);
  expect(stderr).not.toContain("    at ");
});

test.each(["the end of stdin", "SIGTERM", "SIGINT"])("%s ends it within a moment, with waits open, and leaves none behind", async (how) => {
  await using server = await startServer();
  const child = spawn(process.execPath, [PROGRAM, "mcp", "--url", server.url], {
    env: cleanEnv(),
    stdio: ["pipe", "pipe", "inherit"],
    timeout: 20_000,
    killSignal: "SIGKILL",
  });
  child.stdout.resume();
  child.stdin.write(
    lines(INITIALIZE, INITIALIZED, call(2, "tasks_wait", { kind: ["never"] }), call(3, "tasks_next", { kind: ["never"], timeout_s: 50 })),
  );
  await until("both stand", async () => (await waiters(server)) === 2);
  const exited = new Promise<number | null>((done) => child.once("exit", done));
  const asked = performance.now();
  if (how === "the end of stdin") child.stdin.end();
  else child.kill(how as NodeJS.Signals);
  expect(await exited).toBe(0);
  expect(performance.now() - asked).toBeLessThan(3000);
  await until("the server has forgotten them", async () => (await waiters(server)) === 0);
});

test("a host that dies takes it along", async () => {
  await using server = await startServer();
  const host = spawn(
    process.execPath,
    [
      "-e",
      `const c = require("node:child_process").spawn(process.execPath, ${JSON.stringify([PROGRAM, "mcp", "--url", server.url])}); console.log(c.pid); setInterval(() => {}, 1000);`,
    ],
    {
      env: cleanEnv(),
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const pid = Number(await new Promise<string>((line) => createInterface({ input: host.stdout }).once("line", line)));
  expect(isRunning(pid)).toBe(true);
  host.kill("SIGKILL");
  await until("it is gone", () => !isRunning(pid));
});

test("where no server is, a tool says how to start one; when it is there, the same process works", async () => {
  const port = await freePort();
  await using host = await connect(`http://127.0.0.1:${port}/`);
  // Claude Code holds its first turn back until it has this
  expect((await host.listResources()).map(({ uri }) => uri)).toEqual(["coord://board", "coord://agents", "coord://log"]);
  const refused = await host.call("tasks_list");
  expect(refused).toMatchObject({
    isError: true,
    answer: {
      code: "unreachable",
      message: expect.any(String),
      remedy: expect.stringContaining(`coord serve --detach --addr 127.0.0.1:${port}`),
    },
  });
  await using server = await startServer({ addr: `127.0.0.1:${port}` });
  expect((await host.call("tasks_send", { name: "x" })).isError).toBe(false);
  expect(await rpc(server, "tasks/list", {})).toHaveLength(1);
});

test("a call starts the default server where nothing listens, and merely being started does not", async () => {
  const addr = `127.0.0.1:${await freePort()}`;
  const env = { COORD_ADDR: addr, COORD_DB: temporaryFolder(), COORD_AUTOSTART: undefined };
  const host = await connect(`http://${addr}/`, { env });
  try {
    await host.listTools();
    await expect(fetch(`http://${addr}/healthz`)).rejects.toThrow();
    expect((await host.call("checkin")).answer.agent.id).toBe("heron");
    expect((await fetch(`http://${addr}/healthz`)).status).toBe(200);
  } finally {
    await host.close();
    await runCoord(["stop"], { env });
    rmSync(env.COORD_DB, { recursive: true, force: true });
  }
});

test("a server that wants a token it was not given is a refusal that says so", async () => {
  await using server = await startServer({ env: { COORD_TOKEN: "open-sesame" } });
  await using stranger = await connect(server.url);
  expect(await stranger.call("checkin")).toMatchObject({
    isError: true,
    answer: { code: "unauthorized", remedy: expect.stringContaining("COORD_TOKEN") },
  });
  expect(await stranger.call("checkin")).toMatchObject({ isError: true, answer: { code: "unauthorized" } });
  await using friend = await connect(server.url, { env: { COORD_TOKEN: "open-sesame" } });
  expect((await friend.call("checkin")).isError).toBe(false);
});
