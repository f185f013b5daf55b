import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cleanEnv, PROGRAM, startServer, type TestServer, until } from "../harness/server.ts";
import { CONNECTIONS, connect, rpc, waiters } from "./harness.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const ROUNDS = 8;

describe.each(CONNECTIONS)("over $transport, through the $client client", (by) => {
  const kind = `raced-${by.transport}-${by.client.replace(" ", "-")}`;

  // the present era cancels over HTTP by closing the stream: what had left for it by then is given back by its lease's end alone
  const lease = by.transport === "http" && by.client === "v2" ? { leaseSeconds: 1 } : {};

  test("a tasks_next that is cancelled as its job comes strands no claim, whichever is first", async () => {
    await using host = await connect(server.url, { ...by, as: kind });
    await host.call("checkin");
    for (let round = 0; round < ROUNDS; round++) {
      const cancel = new AbortController();
      const next = host.call("tasks_next", { kind: [kind], timeout_s: 40, ...lease }, { signal: cancel.signal }).then(
        ({ answer }) => answer.task?.id as string | undefined,
        () => undefined,
      );
      let isAnswered = false;
      void next.then(() => {
        isAnswered = true;
      });
      await until("it stands in line", async () => (await waiters(server)) === 1);
      const posted = rpc(server, "tasks/send", { name: `${kind} ${round}`, kind });
      // from both at once to the job well before the cancellation
      await new Promise((later) => setTimeout(later, round % 4));
      // a client of the older era would cancel what it has been told of, too, which no host means
      if (!isAnswered) cancel.abort();
      const { id } = await posted;
      const got = await next;
      // whoever was told of the job has it; else nobody has, a moment later
      if (got === undefined)
        await until("nobody holds it", async () => (await rpc(server, "tasks/get", { id }))?.state === "pending", 5_000);
      else expect([got, (await rpc(server, "tasks/get", { id }))?.claimed_by]).toEqual([id, kind]);
      await until("nothing of it is left", async () => (await waiters(server)) === 0);
      const { claims } = await rpc(server, "tasks/history", { id });
      expect(claims.filter(({ ended_at }) => ended_at === null)).toHaveLength(got === undefined ? 0 : 1);
      await rpc(server, "tasks/cancel", { id });
    }
    expect((await host.call("agents_list")).isError).toBe(false);
  });

  test("a wait with an answer that nobody wants any more leaves the connection as it was", async () => {
    await using host = await connect(server.url, { ...by, as: kind });
    for (let round = 0; round < 3; round++) {
      const cancel = new AbortController();
      const waiting = host
        .call("tasks_wait", { kind: [`${kind}-${round}`], timeout_s: 40 }, { signal: cancel.signal })
        .catch(() => "given up");
      await until("it stands", async () => (await waiters(server)) === 1);
      const [{ id }] = await Promise.all([rpc(server, "tasks/send", { name: "x", kind: `${kind}-${round}` }), cancel.abort()]);
      await waiting;
      await until("nothing of it is left", async () => (await waiters(server)) === 0);
      expect((await host.call("tasks_get", { id })).answer.task.id).toBe(id);
      await rpc(server, "tasks/cancel", { id });
    }
  });
});

/** `coord mcp`, spoken to line by line. */
async function raw(modern: boolean, name = "raw") {
  const child = spawn(process.execPath, [PROGRAM, "mcp", "--as", "raw", "--url", server.url], {
    env: cleanEnv(),
    stdio: ["pipe", "pipe", "pipe"],
    timeout: 25_000,
    killSignal: "SIGKILL",
  });
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects out of JSON
  const heard: Record<string, any>[] = [];
  let stderr = "";
  createInterface({ input: child.stdout }).on("line", (line) => heard.push(JSON.parse(line)));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const clientInfo = { name, version: "1" };
  const META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": clientInfo,
  };
  const write = (line: string) => child.stdin.write(`${line}\n`);
  const send = (id: number | undefined, method: string, params: Record<string, unknown> = {}) =>
    write(
      JSON.stringify({ jsonrpc: "2.0", ...(id === undefined ? {} : { id }), method, params: modern ? { _meta: META, ...params } : params }),
    );
  const answer = async (id: number) => {
    await until(`${id} is answered`, () => heard.some((one) => one.id === id));
    return heard.find((one) => one.id === id)!;
  };
  if (modern) send(1, "server/discover");
  else {
    send(1, "initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
    send(undefined, "notifications/initialized");
  }
  const { result } = await answer(1);
  const end = async () => {
    const ended = new Promise<number | null>((done) => child.once("close", done));
    child.stdin.end();
    return { code: await ended, stderr };
  };
  return { capabilities: result.capabilities, heard, write, send, answer, end };
}

describe.each([
  ["2026-07-28", true],
  ["2025-11-25", false],
])("on stdio, in revision %s", (_revision, modern) => {
  test("no more is declared than is served: no log messages are, and none are sent", async () => {
    const host = await raw(modern);
    expect(host.capabilities).toEqual({ tools: {}, resources: { subscribe: true, listChanged: true }, prompts: {}, completions: {} });
    host.send(2, "logging/setLevel", { level: "debug" });
    expect((await host.answer(2)).error.code).toBe(-32601);
    host.send(3, "tools/call", { name: "tasks_send", arguments: { name: "" } });
    expect((await host.answer(3)).result.isError).toBe(true);
    expect((await host.end()).code).toBe(0);
    expect(host.heard.filter(({ method }) => method === "notifications/message")).toEqual([]);
  });

  test("progress is told to who gave a token, and to nobody else", async () => {
    const host = await raw(modern);
    const wait = (id: number, meta: object | undefined) => {
      const call = { name: "tasks_wait", arguments: { kind: ["never"], timeout_s: 2 } };
      const before = modern
        ? {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
          }
        : {};
      host.send(id, "tools/call", { ...call, _meta: { ...before, ...meta } });
    };
    wait(2, undefined);
    wait(3, { progressToken: "mine" });
    await Promise.all([host.answer(2), host.answer(3)]);
    const told = host.heard.filter(({ method }) => method === "notifications/progress");
    expect(told.map(({ params }) => params.progressToken)).toEqual(["mine"]);
    await host.end();
  });

  test("what is no message is passed over, and what it was fits a line of standard error", async () => {
    const host = await raw(modern);
    for (const line of ["garbage", "{", "[]", '{"jsonrpc":"2.0"}', '"x"', "\u0000"]) host.write(line);
    host.send(undefined, "notifications/cancelled", { requestId: 99 });
    host.send(undefined, "notifications/cancelled");
    host.send(2, "nope/nope");
    expect((await host.answer(2)).error.code).toBe(-32601);
    host.send(3, "tools/list");
    expect((await host.answer(3)).result.tools).toHaveLength(19);
    const { code, stderr } = await host.end();
    expect(code).toBe(0);
    for (const line of stderr.split("\n")) expect(line).toMatch(/^(coord mcp: .{1,300})?$/);
  });

  test("a cancellation that crosses the answer on its way gives back the job that nobody read of", async () => {
    const host = await raw(modern, "claude-code");
    for (const name of ["tasks_next", "tasks_claim"]) {
      const { id } = await rpc(server, "tasks/send", { name: "crossed", kind: "crossed" });
      const requestId = name === "tasks_next" ? 2 : 3;
      host.send(requestId, "tools/call", { name, arguments: name === "tasks_next" ? { kind: ["crossed"] } : { id } });
      expect((await host.answer(requestId)).result.structuredContent.task.id).toBe(id);
      host.send(undefined, "notifications/cancelled", { requestId });
      await until("it is nobody's", async () => (await rpc(server, "tasks/get", { id }))?.state === "pending");
      expect((await rpc(server, "tasks/history", { id })).claims.map(({ end }) => end)).toEqual(["released"]);
      await rpc(server, "tasks/cancel", { id });
    }
    await host.end();
  });

  test.each(["opencode", "any-other"])("%s, which may cancel a call once it has read the answer, keeps the job", async (name) => {
    const host = await raw(modern, name);
    const { id } = await rpc(server, "tasks/send", { name: "read" });
    host.send(2, "tools/call", { name: "tasks_claim", arguments: { id } });
    await host.answer(2);
    host.send(undefined, "notifications/cancelled", { requestId: 2, reason: "AbortError: The operation was aborted." });
    host.send(3, "tools/call", { name: "tasks_complete", arguments: { id } });
    expect((await host.answer(3)).result.structuredContent.ok).toBe(true);
    await host.end();
  });

  test("a call that is cancelled twice, or after its answer, is cancelled once", async () => {
    const host = await raw(modern);
    host.send(2, "tools/call", { name: "tasks_wait", arguments: { kind: ["never"], timeout_s: 40 } });
    await until("it stands", async () => (await waiters(server)) === 1);
    for (let times = 0; times < 2; times++) host.send(undefined, "notifications/cancelled", { requestId: 2 });
    await until("it is gone", async () => (await waiters(server)) === 0);
    host.send(3, "tools/call", { name: "agents_list", arguments: {} });
    await host.answer(3);
    host.send(undefined, "notifications/cancelled", { requestId: 3 });
    host.send(4, "tools/list");
    await host.answer(4);
    // a cancelled request is not answered (MCP 2025-11-25, Cancellation)
    expect(host.heard.some(({ id }) => id === 2)).toBe(false);
    await host.end();
  });
});

test("over HTTP, in a session of the older era, a cancellation that comes after the answer gives the job back; another session's does not", async () => {
  const post = async (session: string | undefined, message: object) => {
    const headers = {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...(session ? { "mcp-session-id": session } : {}),
    };
    const response = await fetch(new URL("mcp", server.url), {
      method: "POST",
      headers,
      body: JSON.stringify({ jsonrpc: "2.0", ...message }),
    });
    return { session: response.headers.get("mcp-session-id") ?? undefined, text: await response.text() };
  };
  const hello = {
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "codex-mcp-client", version: "1" } },
  };
  const [mine, other] = [(await post(undefined, hello)).session, (await post(undefined, hello)).session];
  expect(mine).not.toBe(other);
  for (const name of ["tasks_next", "tasks_claim"]) {
    const { id } = await rpc(server, "tasks/send", { name: "crossed", kind: "crossed" });
    const args = name === "tasks_next" ? { kind: ["crossed"], timeout_s: 5 } : { id };
    const { text } = await post(mine, { id: name, method: "tools/call", params: { name, arguments: args } });
    expect(text).toContain(id);
    const cancelled = { method: "notifications/cancelled", params: { requestId: name } };
    await post(other, cancelled);
    expect(await rpc(server, "tasks/get", { id })).toMatchObject({ state: "claimed", claimed_by: "codex-mcp-client" });
    await post(mine, cancelled);
    await until("it is nobody's", async () => (await rpc(server, "tasks/get", { id }))?.state === "pending");
    await rpc(server, "tasks/cancel", { id });
  }
});

test("over HTTP, a batch of waits whose client goes away leaves nothing behind", async () => {
  const leaving = new AbortController();
  const call = (id: number, name: string) => ({
    jsonrpc: "2.0",
    id,
    method: "tools/call",
    params: { name, arguments: { kind: ["never"], timeout_s: 40 } },
  });
  const response = await fetch(new URL("mcp", server.url), {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify([call(1, "tasks_wait"), call(2, "tasks_next")]),
    signal: leaving.signal,
  });
  expect(response.status).toBe(200);
  await until("both stand", async () => (await waiters(server)) === 2);
  leaving.abort();
  await until("nothing of them is left", async () => (await waiters(server)) === 0);
});
