import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { afterEach, expect, test } from "vitest";
import { cleanEnv, type Finished, PROGRAM, runCoord, startServer, type TestServer, temporaryFolder, until } from "../harness/server.ts";

const servers: TestServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function serve(options: Parameters<typeof startServer>[0] = {}): Promise<TestServer> {
  const server = await startServer(options);
  servers.push(server);
  return server;
}

const at = (server: TestServer) => ({ env: { COORD_URL: server.url } });

async function coord(server: TestServer, ...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await runCoord([...args, "--json"], at(server));
  if (code !== 0) throw new Error(`coord ${args.join(" ")}: exit ${code}: ${stderr}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}

const standing = (server: TestServer, count: number) => until(`${count} wait`, async () => (await coord(server, "info")).waiters === count);

const answer = (finished: Finished) => JSON.parse(finished.stdout) as Record<string, unknown>;

test("answers at once where a match is there, and with the one that comes where not", async () => {
  const server = await serve();
  await coord(server, "send", "v1.0 stable", "--kind", "ack");
  expect(answer(await runCoord(["wait", "--kind", "ack"], at(server)))).toMatchObject({ name: "v1.0 stable" });
  const waiting = runCoord(["wait", "--kind", "ack", "--name-contains", "V1.1"], at(server));
  await standing(server, 1);
  await coord(server, "send", "v1.1 stable", "--kind", "ack", "--payload", '{"commit":"4f2a91c"}');
  const finished = await waiting;
  expect(finished).toMatchObject({ code: 0, stderr: "" });
  expect(answer(finished)).toMatchObject({ name: "v1.1 stable", payload: { commit: "4f2a91c" }, cursor: expect.any(Number) });
});

test("times out with exit 2 and the cursor to go on from; what came meanwhile is found with it", async () => {
  const server = await serve();
  const timedOut = await runCoord(["wait", "--kind", "ack", "--timeout", "0.1"], at(server));
  expect(timedOut.code).toBe(2);
  const { cursor, timed_out } = answer(timedOut) as { cursor: number; timed_out: boolean };
  expect(timed_out).toBe(true);
  await coord(server, "send", "in between", "--kind", "ack");
  expect(answer(await runCoord(["wait", "--kind", "ack", "--after", String(cursor), "--timeout", "5"], at(server)))).toMatchObject({
    name: "in between",
  });
});

test("waits for all of several tasks", async () => {
  const server = await serve();
  for (const name of ["one", "two"]) await coord(server, "send", name);
  const waiting = runCoord(["wait", "--ids", "1,2", "--all", "--state", "completed"], at(server));
  await standing(server, 1);
  for (const id of ["1", "2"]) {
    await coord(server, "claim", id, "--as", "a");
    await coord(server, "complete", id, "--as", "a");
  }
  expect(answer(await waiting)).toMatchObject({ tasks: [{ number: 1 }, { number: 2 }] });
});

test("shows its agent as here while it waits", async () => {
  const server = await serve();
  const waiting = runCoord(["wait", "--kind", "ack", "--as", "harbor-lynx", "--heartbeat", "1"], at(server));
  await standing(server, 1);
  expect(await coord(server, "agents")).toMatchObject([{ id: "harbor-lynx", status: "active" }]);
  await coord(server, "send", "done", "--kind", "ack");
  expect((await waiting).code).toBe(0);
});

test("outlasts a server that dies and comes back, and hears what happens afterwards", async () => {
  const db = temporaryFolder();
  const first = await serve({ db });
  const waiting = runCoord(["wait", "--kind", "ack", "--name-contains", "stable"], at(first));
  await standing(first, 1);
  await first.kill();
  servers.length = 0;
  const second = await serve({ db, addr: `127.0.0.1:${first.port}` });
  await standing(second, 1);
  await coord(second, "send", "v2 stable", "--kind", "ack");
  expect(answer(await waiting)).toMatchObject({ name: "v2 stable" });
});

test("misses nothing that came and moved on while it could not listen", async () => {
  const db = temporaryFolder();
  const first = await serve({ db });
  const waiting = runCoord(["wait", "--kind", "bug"], at(first));
  await standing(first, 1);
  await first.kill();
  servers.length = 0;
  // On another port: the waiter cannot reach it, and the job comes and is finished behind its back.
  const hidden = await serve({ db });
  await coord(hidden, "send", "brief", "--kind", "bug");
  await coord(hidden, "claim", "1", "--as", "a");
  await coord(hidden, "complete", "1", "--as", "a");
  await hidden.kill();
  servers.length = 0;
  await serve({ db, addr: `127.0.0.1:${first.port}` });
  expect(answer(await waiting)).toMatchObject({ name: "brief", event: { type: "task.created" } });
});

test("an interrupt ends it with 130, and the server forgets it", async () => {
  const server = await serve();
  const child = spawn(process.execPath, [PROGRAM, "wait", "--kind", "ack"], {
    env: cleanEnv({ COORD_URL: server.url }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  await standing(server, 1);
  child.kill("SIGINT");
  expect(await once(child, "exit")).toEqual([130, null]);
  await standing(server, 0);
});

test("a server with waiters connected stops in good time", async () => {
  const server = await serve();
  const children = Array.from({ length: 4 }, () =>
    spawn(process.execPath, [PROGRAM, "wait", "--kind", "ack"], { env: cleanEnv({ COORD_URL: server.url }), stdio: "ignore" }),
  );
  await standing(server, 4);
  server.child.kill("SIGTERM");
  const { code, signal } = await server.exited;
  for (const child of children) child.kill("SIGKILL");
  expect({ code, signal }).toEqual({ code: 0, signal: null });
});

test("events --follow prints what is there and what comes, across a restart", async () => {
  const db = temporaryFolder();
  const first = await serve({ db });
  await coord(first, "send", "one");
  const child = spawn(process.execPath, [PROGRAM, "events", "--follow", "--after", "0", "--json"], {
    env: cleanEnv({ COORD_URL: first.url }),
    stdio: ["ignore", "pipe", "ignore"],
  });
  const names: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) =>
    names.push((JSON.parse(line) as { data: { task: { name: string } } }).data.task.name),
  );
  await until("the first event", () => names.length === 1);
  await first.kill();
  servers.length = 0;
  const second = await serve({ db, addr: `127.0.0.1:${first.port}` });
  await coord(second, "send", "two");
  await until("the second event", () => names.length === 2);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([143, null]);
  expect(names).toEqual(["one", "two"]);
});

test("a reader that closes the pipe early is no error", async () => {
  const server = await serve();
  await coord(server, "send", "one");
  const child = spawn(process.execPath, [PROGRAM, "events", "--follow", "--after", "0"], {
    env: cleanEnv({ COORD_URL: server.url }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  const exited = once(child, "exit");
  await once(child.stdout, "data");
  child.stdout.destroy();
  await coord(server, "send", "two");
  await exited;
  expect(stderr).toBe("");
});

test("coord next --wait ends when its time is over, although the server is gone", async () => {
  const server = await serve();
  const waiting = runCoord(["next", "--as", "a", "--wait", "3"], at(server));
  await standing(server, 1);
  await server.kill();
  expect((await waiting).code).toBe(2);
});

test("coord events finds what is further back than its last lines", async () => {
  const server = await serve();
  for (let n = 0; n < 3; n += 1) await coord(server, "send", `t${n}`);
  await coord(server, "cancel", "1");
  for (let n = 0; n < 55; n += 1) await coord(server, "send", `later ${n}`);
  const found = (await coord(server, "events", "--type", "task.cancelled")) as { events: unknown[] };
  expect(found.events).toHaveLength(1);
});
