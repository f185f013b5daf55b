import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCoord, startServer, type TestServer, until } from "../harness/server.ts";
import { connect, rpc, waiters } from "./harness.ts";

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
  "io.modelcontextprotocol/clientInfo": { name: "Claude Code", version: "1" },
};
const JSON_TYPE = { "content-type": "application/json", accept: "application/json, text/event-stream" };

/** One message of the 2026-07-28 revision, as the wire has it. */
function modern(method: string, params: Record<string, unknown>): { headers: Record<string, string>; body: string } {
  const headers: Record<string, string> = { ...JSON_TYPE, "mcp-protocol-version": "2026-07-28", "mcp-method": method };
  if (typeof params.name === "string") headers["mcp-name"] = params.name;
  return {
    headers,
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: META } }),
  };
}

/** The same of an older revision. */
function legacy(method: string, params: Record<string, unknown>): { headers: Record<string, string>; body: string } {
  return { headers: JSON_TYPE, body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }) };
}

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const wait = (name: string, args: object) => ({ name, arguments: args });

/** A client at the level of its socket. Resolves with the first bytes of the answer, and can go away without a word. */
function begin({ headers, body }: { headers: Record<string, string>; body: string }, path = "mcp") {
  return new Promise<{ status: number; first: string; leave(): void }>((resolve, reject) => {
    const sending = request(new URL(path, server.url), { method: "POST", headers, agent: false }, (response) => {
      response.once("data", (chunk: Buffer) =>
        resolve({ status: response.statusCode ?? 0, first: chunk.toString(), leave: () => response.socket.destroy() }),
      );
      response.on("error", () => {}); // we left
    });
    sending.once("error", reject);
    sending.end(body);
  });
}

describe.each([
  ["2026-07-28", modern],
  ["older", legacy],
] as const)("a client of the %s revision that goes away without a word", (_era, message) => {
  test("leaves no wait behind, and its socket had something to read early", async () => {
    const client = await begin(message("tools/call", wait("tasks_wait", { kind: ["never"], timeout_s: 50 })));
    expect(client).toMatchObject({ status: 200, first: expect.stringContaining(":") });
    await until("the wait stands", async () => (await waiters(server)) === 1);
    client.leave();
    await until("nothing of it is left", async () => (await waiters(server)) === 0);
  });

  test("leaves no place in line: the job that is posted then is nobody's", async () => {
    const client = await begin(message("tools/call", wait("tasks_next", { kind: ["parcel"], timeout_s: 50 })));
    await until("it stands in line", async () => (await waiters(server)) === 1);
    client.leave();
    await until("nothing of it is left", async () => (await waiters(server)) === 0);
    const { id } = await rpc(server, "tasks/send", { name: "parcel", kind: "parcel" });
    expect(await rpc(server, "tasks/get", { id })).toMatchObject({ state: "pending" });
    await rpc(server, "tasks/cancel", { id });
  });

  test("gives a job back that was handed over before anybody noticed", async () => {
    for (let round = 0; round < 5; round++) {
      const client = await begin(message("tools/call", wait("tasks_next", { kind: ["parcel"], timeout_s: 50 })));
      await until("it stands in line", async () => (await waiters(server)) === 1);
      client.leave();
      const { id } = await rpc(server, "tasks/send", { name: "parcel", kind: "parcel" });
      await until("the job is back", async () => (await rpc(server, "tasks/get", { id }))?.state === "pending", 2_000);
      await until("nothing of it is left", async () => (await waiters(server)) === 0);
      const { claims } = await rpc(server, "tasks/history", { id });
      expect(claims.every(({ end }) => end === "released")).toBe(true);
      await rpc(server, "tasks/cancel", { id });
    }
  });
});

test("a client that listens for changes and goes away leaves nothing behind", async () => {
  const client = await begin(modern("subscriptions/listen", { notifications: { resourceSubscriptions: ["coord://board"] } }));
  expect(client.first).toContain("notifications/subscriptions/acknowledged");
  await until("the log is followed", async () => (await waiters(server)) === 1);
  client.leave();
  await until("nothing of it is left", async () => (await waiters(server)) === 0);
});

test("a workspace has an endpoint of its own, and its board", async () => {
  await using host = await connect(server.url, { transport: "http", workspace: "elsewhere", as: "heron" });
  await host.call("tasks_send", { name: "there" });
  expect(await host.read("coord://board")).toContain("# Board elsewhere");
  expect(await rpc(server, "tasks/list", { name_contains: "there" })).toEqual([]);
  const { status } = await fetch(new URL("w/No%20Way/mcp", server.url), { method: "POST", ...modern("tools/list", {}) });
  expect(status).toBe(400);
});

describe("who acts", () => {
  test("is whom the call names, else the header's, else the host", async () => {
    for (const client of ["v2", "v2 legacy", "v1"] as const) {
      await using named = await connect(server.url, { transport: "http", client, as: "lynx" });
      await using nameless = await connect(server.url, { transport: "http", client, as: "", name: "Codex MCP Client" });
      expect((await named.call("agents_list")).answer.you).toBe("lynx");
      expect((await named.call("agents_list", { agentId: "otter" })).answer.you).toBe("otter");
      expect((await nameless.call("agents_list")).answer.you).toBe("codex-mcp-client");
      expect(named.instructions).toContain('You are "lynx"; leave agentId out');
      expect(nameless.instructions).toContain('You are "codex-mcp-client", after your host\'s name');
      for (const { instructions } of [named, nameless]) expect(instructions).toContain("Nothing extends your leases");
    }
  });

  test("a client that says nothing at all is still somebody", async () => {
    const answer = await fetch(new URL("mcp", server.url), { method: "POST", ...legacy("tools/call", wait("agents_list", {})) });
    expect(await answer.text()).toContain('\\"you\\":\\"mcp-client\\"');
  });

  test("a header that is no handle is refused", async () => {
    const { headers, body } = modern("tools/list", {});
    const answer = await fetch(new URL("mcp", server.url), {
      method: "POST",
      headers: { ...headers, "x-coord-agent": "a".repeat(200) },
      body,
    });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining("x-coord-agent")]);
  });

  test("nobody's lease is extended, and the tools say so", async () => {
    await using host = await connect(server.url, { transport: "http", as: "brief" });
    const tools = await host.listTools();
    expect(JSON.stringify(tools)).not.toContain("extended for you");
    expect(JSON.stringify(tools)).toContain("tasks_extend in time");
    const { id } = (await host.call("tasks_send", { name: "short" })).answer.task;
    await host.call("tasks_claim", { id, leaseSeconds: 1 });
    await until("it lapsed, calls or not", async () => {
      await host.call("agents_list");
      return (await rpc(server, "tasks/get", { id }))?.state === "pending";
    });
    expect(await host.call("tasks_complete", { id })).toMatchObject({ isError: true, answer: { code: "conflict" } });
  });

  test("the longest wait is the host's, in either era", async () => {
    for (const client of ["v2", "v2 legacy", "v1"] as const) {
      await using host = await connect(server.url, { transport: "http", client, name: "codex-mcp-client" });
      expect(JSON.stringify(await host.listTools())).toContain("at most 280");
    }
  });
});

describe("the guards", () => {
  const post = (headers: Record<string, string>, body = modern("tools/list", {}).body) =>
    fetch(new URL("mcp", server.url), { method: "POST", headers: { ...modern("tools/list", {}).headers, ...headers }, body });

  test("refuse a foreign Origin by 403, other types by 415, other methods by 405, and what is no JSON or too much", async () => {
    expect((await post({ origin: "https://evil.example" })).status).toBe(403);
    expect((await post({ "content-type": "text/plain" })).status).toBe(415);
    expect((await post({}, "{")).status).toBe(400);
    expect((await post({}, `"${"x".repeat(2 ** 20)}"`)).status).toBe(413);
    for (const method of ["GET", "DELETE"]) expect((await fetch(new URL("mcp", server.url), { method })).status).toBe(405);
    expect((await post({})).status).toBe(200);
  });

  const ask = (headers: Record<string, string>, body: object, method = "POST") =>
    fetch(new URL("mcp", server.url), {
      method,
      headers: { ...JSON_TYPE, ...headers },
      ...(method === "POST" ? { body: JSON.stringify(body) } : {}),
    });
  const errorOf = async (answer: Response) => ((await answer.json()) as { error: { code: number } }).error;
  const list = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} };

  test("answer by 406 who of the older era takes no stream, by 405 with Allow any other method, and by 202 a notification", async () => {
    for (const accept of ["application/json", "text/event-stream", "text/html"]) expect((await ask({ accept }, list)).status).toBe(406);
    for (const method of ["PUT", "PATCH", "OPTIONS", "HEAD"]) {
      const answer = await ask({}, {}, method);
      expect([method, answer.status, answer.headers.get("allow")]).toEqual([method, 405, "POST"]);
    }
    const notified = await ask({}, { jsonrpc: "2.0", method: "notifications/initialized" });
    expect([notified.status, await notified.text()]).toEqual([202, ""]);
  });

  test("answer by 400 what is no message, names another revision, or says one thing in its headers and another in its body", async () => {
    for (const body of [{ foo: 1 }, [], { jsonrpc: "1.0", id: 1, method: "tools/list" }]) {
      const answer = await ask({}, body);
      expect([answer.status, (await errorOf(answer)).code]).toEqual([400, -32600]);
    }
    const params = { _meta: { ...META, "io.modelcontextprotocol/protocolVersion": "2099-01-01" } };
    const unknown = await ask({ "mcp-protocol-version": "2099-01-01", "mcp-method": "tools/list" }, { ...list, params });
    expect([unknown.status, await unknown.json()]).toEqual([
      400,
      expect.objectContaining({
        error: expect.objectContaining({ code: -32022, data: expect.objectContaining({ requested: "2099-01-01" }) }),
      }),
    ]);
    const torn = await fetch(new URL("mcp", server.url), {
      method: "POST",
      ...modern("tools/list", {}),
      headers: { ...modern("tools/call", {}).headers },
    });
    expect([torn.status, (await errorOf(torn)).code]).toEqual([400, -32020]);
  });

  test("answer by 404 a method of the present era that there is not, and serve the address with a slash behind it", async () => {
    const answer = await fetch(new URL("mcp", server.url), { method: "POST", ...modern("nope/nope", {}) });
    expect([answer.status, (await errorOf(answer)).code]).toEqual([404, -32601]);
    for (const path of ["mcp/", "w/elsewhere/mcp/"])
      expect((await fetch(new URL(path, server.url), { method: "POST", ...modern("tools/list", {}) })).status).toBe(200);
  });

  test("read a body that does not say its length no further than the limit", async () => {
    let pulled = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        if (pulled > 2_000) return controller.close();
        controller.enqueue(new Uint8Array(64 * 1024).fill(0x20));
      },
    });
    const answer = await fetch(new URL("mcp", server.url), {
      method: "POST",
      headers: JSON_TYPE,
      body,
      duplex: "half",
    } as RequestInit).then(
      ({ status }) => status,
      () => "cut off",
    );
    expect([413, "cut off"]).toContain(answer);
    expect(pulled).toBeLessThan(2_000);
  });

  test("refuse another Host by 403", async () => {
    const status = await new Promise((resolve, reject) => {
      const { headers, body } = modern("tools/list", {});
      const sending = request(new URL("mcp", server.url), { method: "POST", headers: { ...headers, host: "evil.example" } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sending.once("error", reject);
      sending.end(body);
    });
    expect(status).toBe(403);
  });

  test("want the token where there is one", async () => {
    await using guarded = await startServer({ env: { COORD_TOKEN: "open-sesame" } });
    await expect(connect(guarded.url, { transport: "http" })).rejects.toThrow();
    for (const authorization of [undefined, "Bearer open-says-me", "Basic open-sesame"]) {
      const { headers, body } = modern("tools/list", {});
      const given = { ...headers, ...(authorization === undefined ? {} : { authorization }) };
      const answer = await fetch(new URL("mcp", guarded.url), { method: "POST", headers: given, body });
      expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
    }
    const headers = { authorization: "Bearer open-sesame" };
    await using host = await connect(guarded.url, { transport: "http", headers });
    expect((await host.call("checkin")).isError).toBe(false);
  });
});

test("a server that is told to stop lets waits and listeners go at once", async () => {
  const stopping = await startServer();
  await using host = await connect(stopping.url, { transport: "http" });
  const waiting = host.call("tasks_wait", { kind: ["never"], timeout_s: 50 });
  const watch = await host.watch(["coord://board"]);
  await until("both stand", async () => (await waiters(stopping)) === 2);
  const { code } = await runCoord(["stop", "--db", stopping.dir]);
  expect(code).toBe(0);
  expect((await waiting).answer).toMatchObject({ timed_out: true, cursor: expect.any(Number) });
  expect((await stopping.exited).code).toBe(0);
  await watch.stop();
});
