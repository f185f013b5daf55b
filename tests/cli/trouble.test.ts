import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readdirSync, writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cleanEnv, type Finished, PROGRAM, runCoord, startServer, type TestServer, temporaryFolder, until } from "../harness/server.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.stop();
});

function plain({ stdout, stderr }: Pick<Finished, "stdout" | "stderr">): void {
  expect(stdout + stderr).not.toMatch(/a bug, not a mistake|\n {4}at /);
}

/** Runs a program in a folder that it finds gone. A shell removes it, since no process can be started in one that is not there. */
function runFromNowhere(args: readonly string[], env: Record<string, string> = {}): Promise<Finished> {
  const folder = join(temporaryFolder(), "gone");
  mkdirSync(folder);
  const child = spawn("/bin/sh", ["-c", 'rmdir "$PWD" && exec "$0" "$@"', process.execPath, PROGRAM, ...args], {
    cwd: folder,
    env: cleanEnv(env),
    timeout: 20_000,
    killSignal: "SIGKILL",
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((done, failed) => {
    child.once("error", failed);
    child.once("close", (code, signal) => done({ code, signal, stdout, stderr }));
  });
}

describe("from a folder that is gone", () => {
  test.each([["tasks"], ["status"], ["vault", "v"], ["plan", "x.md"]])("coord %s says so", async (...args) => {
    const outcome = await runFromNowhere([...args, "--url", server.url], { COORD_DB: temporaryFolder() });
    expect(outcome.code).not.toBe(0);
    expect(outcome.stderr).toContain("is gone");
    expect(outcome.stderr).toContain("next:  cd to");
    plain(outcome);
  });

  test("what needs nothing of it works", async () => {
    const named = await runFromNowhere(["tasks", "--json", "--url", server.url, "--workspace", "default"]);
    expect(named).toMatchObject({ code: 0, stderr: "" });
  });

  test("a server starts all the same", async () => {
    const db = temporaryFolder();
    const started = await runFromNowhere(["serve", "--detach", "--addr", "127.0.0.1:0", "--db", db]);
    expect(started).toMatchObject({ code: 0, stderr: "" });
    expect(await runCoord(["stop", "--db", db])).toMatchObject({ code: 0 });
  });
});

/** Runs it with its standard output on a device that is always full. */
function runPrintingNowhere(args: readonly string[]): Promise<Finished> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: cleanEnv({ COORD_URL: server.url }),
    stdio: ["ignore", openSync("/dev/full", "w"), "pipe"],
    timeout: 20_000,
    killSignal: "SIGKILL",
  });
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((done, failed) => {
    child.once("error", failed);
    child.once("close", (code, signal) => done({ code, signal, stdout: "", stderr }));
  });
}

describe.runIf(existsSync("/dev/full"))("where nothing can be printed (needs /dev/full)", () => {
  test.each([["tasks", "--state", "any"], ["--help"], ["version"], ["wait", "--timeout", "0.2"]])("coord %s says so", async (...args) => {
    const outcome = await runPrintingNowhere(args);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/^coord: the answer cannot be written to standard output: .*\(ENOSPC\)\nnext: {2}/);
    plain(outcome);
  });

  test("and with --json as JSON", async () => {
    const { code, stderr } = await runPrintingNowhere(["tasks", "--json"]);
    expect(code).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "unprintable", exit: 1 } });
  });
});

describe("an odd environment", () => {
  test("coord demo without a temporary folder", async () => {
    const outcome = await runCoord(["demo"], { env: { TMPDIR: "/nowhere/at/all" } });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain("/nowhere/at/all");
    expect(outcome.stderr).toContain("TMPDIR=");
    plain(outcome);
  });

  test("an empty HOME puts no data into the working folder", async () => {
    const cwd = temporaryFolder();
    const { stdout, stderr } = await runCoord(["status"], { cwd, env: { HOME: "", XDG_DATA_HOME: "" } });
    expect(stdout + stderr).toMatch(/no server runs on \/|no home folder/);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test("variables that are set to nothing count as unset", async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, ".coord.json"), JSON.stringify({ url: server.url, workspace: "from-file" }));
    const empty = { COORD_URL: "", COORD_ADDR: "", COORD_DB: "", COORD_WORKSPACE: "", COORD_AS: "", XDG_DATA_HOME: temporaryFolder() };
    expect(await runCoord(["send", "x", "--json"], { cwd, env: empty })).toMatchObject({ code: 0, stderr: "" });
    const listed = await runCoord(["tasks", "--json", "--url", server.url, "--workspace", "from-file"], { cwd });
    expect(JSON.parse(listed.stdout)).toMatchObject([{ name: "x", created_by: null }]);
    expect((await runCoord(["status"], { cwd, env: empty })).stdout).toContain(join(empty.XDG_DATA_HOME, "coord"));
  });

  test("coord mcp takes no person for an agent", async () => {
    const outcome = await runCoord(["mcp", "--as", "me"], { env: { COORD_URL: server.url }, input: "" });
    expect(outcome).toMatchObject({ code: 1, stdout: "" });
    expect(outcome.stderr).toContain("stands for a person");
  });

  test("a mistake is told in the words that were typed", async () => {
    const outcome = await runCoord(["send", "x", "--performer", "robot"], { env: { COORD_URL: server.url } });
    expect(outcome.stderr).toContain("--performer");
    expect(outcome.stderr).toContain("next:  correct it and call again: coord send --help\n");
    expect(outcome.stderr).not.toContain("data.issues");
  });
});

describe("a server that takes connections and says nothing", () => {
  const sockets = new Set<Socket>();
  const mute = createServer((socket) => void sockets.add(socket.on("error", () => {})));
  let url = "";

  beforeAll(async () => {
    mute.listen(0, "127.0.0.1");
    await until("it listens", () => mute.listening);
    url = `http://127.0.0.1:${(mute.address() as { port: number }).port}/`;
  });

  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    mute.close();
  });

  test.each([
    ["wait", "--timeout", "0.5"],
    ["wait", "--timeout", "0.5", "--ids", "12"],
    ["next", "--as", "a", "--wait", "0.5"],
  ])("ends coord %s near its own time, and not after three tries", async (...args) => {
    const outcome = await runCoord([...args, "--url", url], { limit_ms: 12_000 });
    expect(outcome).toMatchObject({ code: 7, signal: null, stdout: "" });
    expect(outcome.stderr).toMatch(/does not answer at .*\nnext: {2}.*coord status/);
  });
});

test("a call to a frozen server is of unknown effect, and takes effect once when it thaws", async () => {
  await using frozen = await startServer();
  const env = { COORD_URL: frozen.url };
  expect(await runCoord(["send", "a job"], { env })).toMatchObject({ code: 0 });
  process.kill(frozen.workerdPid, "SIGSTOP");
  let outcome: Finished;
  try {
    outcome = await runCoord(["claim", "1", "--as", "harbor-lynx"], { env, limit_ms: 60_000 });
  } finally {
    process.kill(frozen.workerdPid, "SIGCONT");
  }
  expect(outcome).toMatchObject({ code: 7, stdout: "" });
  expect(outcome.stderr).toContain("whether it took effect is not known");
  expect(outcome.stderr).toContain("coord get 1");
  const key = /--idempotency-key ([0-9a-f-]{36})/.exec(outcome.stderr)?.[1] ?? "";
  const again = await runCoord(["claim", "1", "--as", "harbor-lynx", "--idempotency-key", key, "--json"], { env });
  expect(JSON.parse(again.stdout)).toMatchObject({ claimed_by: "harbor-lynx", attempt: 1 });
}, 90_000);
