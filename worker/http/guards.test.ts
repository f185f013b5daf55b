import { createExecutionContext } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { LIMITS } from "../../protocol/index.ts";
import { bindings, freshName } from "../testing/pool.ts";
import { app } from "./app.ts";

type Bindings = Partial<Record<"COORD_TOKEN" | "COORD_LOCAL" | "COORD_CONTROL" | "COORD_HOSTS" | "COORD_ORIGINS", string | null>>;

const CALL = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "agents/list" });
const TOKEN = "correct-horse";

/** One request to the worker under other bindings than the pool's. */
async function ask(with_: Bindings, headers: Record<string, string>, path = `/w/${freshName()}/`, init: RequestInit = {}) {
  const method = init.method ?? "POST";
  const request = new Request(`http://127.0.0.1:7777${path}`, {
    method,
    ...(method === "POST" ? { body: CALL } : {}),
    ...init,
    headers: { host: "127.0.0.1:7777", "content-type": "application/json", ...headers },
  });
  const response = await app.fetch(request, { WORKSPACE: bindings.WORKSPACE, ...with_ } as never, createExecutionContext());
  return { status: response.status, headers: response.headers, body: JSON.parse((await response.text()) || "null") };
}

const LOCAL: Bindings = { COORD_LOCAL: "1" };

describe("the Host header, on loopback", () => {
  it.each(["127.0.0.1:7777", "localhost", "LOCALHOST:80", "[::1]:7777", "[::1]"])("may be %s", async (host) => {
    expect((await ask(LOCAL, { host })).body.result).toEqual([]);
  });

  it.each([
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example:7777",
    "evil.example:127",
    "0.0.0.0:7777",
    "",
    "[::1].x",
    "user@localhost",
  ])("may not be %j: a page that points its own name here is refused, on every path", async (host) => {
    for (const [path, method] of [
      ["/", "POST"],
      ["/session", "GET"],
      ["/events", "GET"],
      ["/healthz", "GET"],
      ["/.well-known/agent.json", "GET"],
      ["/nowhere", "GET"],
    ] as const) {
      const { status, body } = await ask(LOCAL, { host }, path, { method });
      expect([status, body.error.code, body.error.data.code], path).toEqual([403, -32011, "forbidden"]);
      expect(body.error.message).toContain("COORD_HOSTS");
    }
  });

  it("may be one that COORD_HOSTS names, with its port or with any", async () => {
    const named = { ...LOCAL, COORD_HOSTS: "board.internal, Team.local:9000" };
    expect((await ask(named, { host: "board.internal:1234" })).status).toBe(200);
    expect((await ask(named, { host: "team.local:9000" })).status).toBe(200);
    expect((await ask(named, { host: "team.local:9001" })).status).toBe(403);
    expect((await ask(named, { host: "evil.example" })).status).toBe(403);
  });

  it("may be anything where a token guards a server that is not local", async () => {
    expect((await ask({ COORD_TOKEN: TOKEN }, { host: "coord.example", authorization: `Bearer ${TOKEN}` })).status).toBe(200);
  });
});

describe("the Origin header", () => {
  it("may be absent, or this server's own", async () => {
    expect((await ask(LOCAL, {})).status).toBe(200);
    expect((await ask(LOCAL, { origin: "http://127.0.0.1:7777" })).status).toBe(200);
  });

  it.each(["https://evil.example", "null", "http://127.0.0.1:7778", "http://localhost:7777.evil.example", "file://"])(
    "may not be %s, neither for a call nor for a session",
    async (origin) => {
      const call = await ask(LOCAL, { origin });
      expect([call.status, call.body.error.data.code]).toEqual([403, "forbidden"]);
      const session = await ask(LOCAL, { origin, upgrade: "websocket" }, "/session", { method: "GET" });
      expect(session.status).toBe(403);
      expect((await ask(LOCAL, { origin }, "/events", { method: "GET" })).status).toBe(403);
    },
  );

  it("may be one that COORD_ORIGINS names", async () => {
    const named = { ...LOCAL, COORD_ORIGINS: "https://board.example" };
    expect((await ask(named, { origin: "https://board.example" })).status).toBe(200);
    expect((await ask(named, { origin: "https://other.example" })).status).toBe(403);
  });

  it("never gets leave to read the answer across origins", async () => {
    const { headers } = await ask({ ...LOCAL, COORD_ORIGINS: "https://board.example" }, { origin: "https://evil.example" });
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });
});

describe("the token", () => {
  it.each([
    ["absent", {}],
    ["wrong", { authorization: "Bearer wrong" }],
    ["the right one's beginning", { authorization: `Bearer ${TOKEN.slice(0, -1)}` }],
    ["the right one and more", { authorization: `Bearer ${TOKEN}x` }],
    ["empty", { authorization: "Bearer " }],
    ["of another scheme", { authorization: `Basic ${TOKEN}` }],
  ])("%s: 401, for calls, sessions and events, on loopback too", async (_what, headers) => {
    for (const with_ of [{ COORD_TOKEN: TOKEN }, { COORD_TOKEN: TOKEN, ...LOCAL }]) {
      for (const [path, init] of [
        ["/", {}],
        ["/session", { method: "GET" }],
        ["/events", { method: "GET" }],
      ] as const) {
        const { status, body, headers: given } = await ask(with_, headers, path, init);
        expect([status, body.error.code, body.error.data.code, given.get("www-authenticate")], path).toEqual([
          401,
          -32010,
          "unauthorized",
          "Bearer",
        ]);
        expect(JSON.stringify(body)).not.toContain(TOKEN);
      }
    }
  });

  it("right: in, whatever the scheme's case", async () => {
    for (const scheme of ["Bearer", "bearer"])
      expect((await ask({ COORD_TOKEN: TOKEN }, { authorization: `${scheme} ${TOKEN}` })).body.result).toEqual([]);
  });

  it("not set, and not on loopback: 401 for everybody, with the reason", async () => {
    for (const with_ of [{}, { COORD_TOKEN: null }, { COORD_TOKEN: "" }, { COORD_LOCAL: "0" }, { COORD_LOCAL: null }]) {
      const { status, body } = await ask(with_, { authorization: "Bearer x" });
      expect([status, body.error.message]).toEqual([401, expect.stringContaining("no token")]);
    }
  });

  it("is not asked for by what says that the server lives", async () => {
    for (const path of ["/healthz", "/readyz", "/.well-known/agent.json"])
      expect((await ask({ COORD_TOKEN: TOKEN }, {}, path, { method: "GET" })).status).toBe(200);
  });
});

describe("the body", () => {
  it.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp", "", "text/json"])(
    "as %j is refused unread: no page can send one without asking first",
    async (type) => {
      const { status, body } = await ask(LOCAL, { "content-type": type });
      expect([status, body.error.code, body.error.data.code]).toEqual([415, -32600, "unsupported_media_type"]);
    },
  );

  it.each(["application/json", "application/json; charset=utf-8", "Application/JSON"])("as %s is taken", async (type) => {
    expect((await ask(LOCAL, { "content-type": type })).body.result).toEqual([]);
  });

  it("over the limit is refused by its declared length, and by what comes where none is declared", async () => {
    const big = "x".repeat(LIMITS.body_bytes.value + 1);
    const declared = await ask(LOCAL, { "content-length": String(big.length) }, undefined, { body: big });
    expect([declared.status, declared.body.error.data]).toEqual([413, expect.objectContaining({ limit: "body_bytes", given: big.length })]);
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 64 * 1024;
        controller.enqueue(new Uint8Array(64 * 1024).fill(32));
      },
    });
    const streamed = await ask(LOCAL, {}, undefined, { body: endless });
    expect([streamed.status, streamed.body.error.data.limit]).toEqual([413, "body_bytes"]);
    // so much is read and dropped, that a client which sends a little too much hears of it
    expect(sent).toBeLessThan(20 * LIMITS.body_bytes.value);
  });
});

describe("who calls from outside", () => {
  it("cannot say who it is: the object's own header is set by the worker alone", async () => {
    const viewer = JSON.stringify({ id: "mallory", role: "viewer" });
    const session = await ask({ COORD_TOKEN: TOKEN }, { "x-coord-principal": viewer, upgrade: "websocket" }, "/session", { method: "GET" });
    expect(session.status).toBe(401);
    const name = freshName();
    const request = new Request(`http://127.0.0.1:7777/w/${name}/session`, {
      headers: { host: "localhost", upgrade: "websocket", "x-coord-principal": viewer },
    });
    const { webSocket } = await app.fetch(request, { WORKSPACE: bindings.WORKSPACE, ...LOCAL } as never, createExecutionContext());
    const answer = new Promise<string>((resolve) => webSocket!.addEventListener("message", (event) => resolve(event.data as string)));
    webSocket!.accept();
    webSocket!.send('{"jsonrpc":"2.0","id":1,"method":"tasks/send","params":{"name":"x"}}');
    expect(JSON.parse(await answer).result.name).toBe("x");
  });

  it.each([undefined, "", "wrong"])("cannot stop the sessions with %j for a control secret", async (secret) => {
    for (const with_ of [LOCAL, { ...LOCAL, COORD_CONTROL: "right" }]) {
      const { status } = await ask(with_, secret === undefined ? {} : { "x-coord-control": secret }, "/_control/bye");
      expect(status).toBe(403);
    }
  });

  it("is told to go and come back, when `coord serve` says with its secret that it stops", async () => {
    const control = { ...LOCAL, COORD_CONTROL: "right" };
    const request = new Request(`http://127.0.0.1:7777/w/${freshName()}/session`, { headers: { host: "localhost", upgrade: "websocket" } });
    const { webSocket } = await app.fetch(request, { WORKSPACE: bindings.WORKSPACE, ...control } as never, createExecutionContext());
    const told = new Promise<string>((resolve) => webSocket!.addEventListener("message", (event) => resolve(event.data as string)));
    webSocket!.accept();
    const { status, body } = await ask(control, { "x-coord-control": "right" }, "/_control/bye");
    expect([status, body]).toEqual([200, { ok: true, sessions: 1 }]);
    expect(JSON.parse(await told)).toEqual({ jsonrpc: "2.0", method: "bye", params: { reason: expect.any(String) } });
  });
});
