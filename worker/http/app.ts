import { Hono } from "hono";
import { fromRpcError, LIMITS, overLimit, REFUSALS, refuse, WorkspaceName } from "../../protocol/index.ts";
import { EXTENSION_PATH } from "../a2a/uri.ts";
import { failure } from "../core/failure.ts";
import type { HonoEnv } from "../env.ts";
import { logFailure } from "../log.ts";
import { VERSION } from "../version.ts";
import { PRINCIPAL_HEADER } from "../workspace.ts";
import { a2aRoute, card, extensionText, isA2A } from "./a2a.ts";
import { backup, restore, verification, workspaces } from "./backup.ts";
import type { C } from "./context.ts";
import { hostGuard, jsonBody, originGuard, principalGuard, sameSecret } from "./guards.ts";
import { heldResponse, mayWait, plainResponse, textOf } from "./held.ts";
import { importing } from "./import.ts";
import { metricsText } from "./metrics.ts";
import { refusalResponse } from "./refusal.ts";

/** Workspaces that were called in this isolate: whom to tell when `coord serve` stops. Locally there is one isolate. */
const called = new Set<string>();

export const app = new Hono<HonoEnv>();

app.use(hostGuard);
app.get("/healthz", (c) => c.json({ ok: true, version: VERSION }));
app.get("/readyz", async (c) => c.json({ ok: await c.env.WORKSPACE.getByName("default").ready(), version: VERSION }));
for (const base of ["", "/w/:workspace"]) {
  for (const name of ["agent-card.json", "agent.json"]) app.get(`${base}/.well-known/${name}`, card);
}
app.get(EXTENSION_PATH, extensionText);
app.post("/_control/bye", bye);

app.use(originGuard);
app.use(principalGuard);
for (const base of ["", "/w/:workspace"]) {
  app.get(`${base}/session`, session);
  app.get(`${base}/events`, events);
  app.get(`${base}/metrics`, metrics);
  app.get(`${base}/backup`, on(backup));
  app.get(`${base}/verify`, on(verification));
  app.post(`${base}/restore`, on(restore));
  app.post(`${base}/import`, on(importing));
  app.post(base === "" ? "/" : base, rpc);
  if (base !== "") app.post(`${base}/`, rpc);
  app.post(`${base}/a2a`, a2a);
  app.post(`${base}/a2a/`, a2a);
  app.all(`${base}/mcp`, mcpRoute);
  app.all(`${base}/mcp/`, mcpRoute);
}

app.get("/workspaces", workspaces);

app.notFound((c) => {
  const known = [
    "POST / (JSON-RPC)",
    "POST /w/<workspace>/",
    "POST /mcp (MCP)",
    "GET /session",
    "GET /events",
    "GET /metrics",
    "GET /backup",
    "GET /verify",
    "GET /workspaces",
    "GET /healthz",
    "GET /readyz",
    "POST /a2a (A2A 1.0 and 0.3)",
    "GET /.well-known/agent-card.json",
  ];
  return refusalResponse(refuse("not_found", `nothing is served at ${c.req.method} ${c.req.path.slice(0, 200)}`, { served: known }));
});

app.onError((error, c) => {
  if (error.name === "NewerDatabase") return refusalResponse(refuse("internal", error.message));
  logFailure(error, { path: c.req.path });
  // a turn whose writes the disk did not take ends here: the object is gone with all that it had not yet answered
  return refusalResponse(failure(error));
});

function workspaceOf(c: C): { stub: Stub } | { refused: Response } {
  const name = c.req.param("workspace") ?? "default";
  const { value, unit } = LIMITS.workspace_chars;
  if (name.length > value) return { refused: refusalResponse(overLimit("workspace_chars", value, unit, name.length)) };
  const parsed = WorkspaceName.safeParse(name);
  if (parsed.success) {
    if (c.env.COORD_CONTROL) called.add(name);
    return { stub: c.env.WORKSPACE.getByName(name) };
  }
  const issues = [{ path: "workspace", message: "1 to 64 of a-z 0-9 - _" }];
  return { refused: refusalResponse(refuse("invalid_params", `not a workspace's name: ${JSON.stringify(name.slice(0, 80))}`, { issues })) };
}

type Stub = ReturnType<C["env"]["WORKSPACE"]["getByName"]>;

/** A route of one workspace: the one that the path names, or `default`. */
function on(route: (c: C, stub: Stub) => Promise<Response>): (c: C) => Promise<Response> {
  return async (c) => {
    const to = workspaceOf(c);
    return "refused" in to ? to.refused : route(c, to.stub);
  };
}

/** `POST /a2a`, `POST /w/<workspace>/a2a`. */
async function a2a(c: C): Promise<Response> {
  const to = workspaceOf(c);
  return "refused" in to ? to.refused : a2aRoute(c, to.stub);
}

/**
 * `POST /` and `POST /w/<workspace>/`: JSON-RPC 2.0. What a method says comes with status 200, as the bulletin had it. With an
 * `A2A-Version` it is A2A.
 */
async function rpc(c: C): Promise<Response> {
  if (isA2A(c)) return a2a(c);
  const body = await jsonBody(c);
  if ("refused" in body) return body.refused;
  const to = workspaceOf(c);
  if ("refused" in to) return to.refused;
  const requestId = crypto.randomUUID();
  const answer = to.stub.request(body.text, c.get("principal"), requestId);
  // a timer and an eye on the client are a tenth of what a request costs
  if (!mayWait(body.text)) return plainResponse(await answer);
  return heldResponse(answer, c.req.raw.signal, () => c.executionCtx.waitUntil(to.stub.takeBack(requestId)));
}

/** `/mcp` and `/w/<workspace>/mcp`: the board as MCP tools, resources and prompts. Its schemas are made when it is first asked: a start is quick without. */
async function mcpRoute(c: C): Promise<Response> {
  const to = workspaceOf(c);
  if ("refused" in to) return to.refused;
  const { mcp } = await import("../mcp/route.ts");
  return mcp(c, to.stub);
}

/** `GET /session`: a WebSocket that carries the same JSON-RPC, and waits and subscriptions that outlive the object's sleep. */
async function session(c: C): Promise<Response> {
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
    return refusalResponse(refuse("invalid_request", "a session is a WebSocket: ask with Upgrade: websocket"));
  }
  const to = workspaceOf(c);
  if ("refused" in to) return to.refused;
  const headers = new Headers(c.req.raw.headers);
  headers.set(PRINCIPAL_HEADER, JSON.stringify(c.get("principal")));
  headers.delete("authorization");
  return to.stub.fetch(new Request(c.req.raw, { headers }));
}

/** `GET /events?after=N&limit=N&wait_ms=N` (`since` and `wait`, in seconds, do as well): `events/list` for curl. */
async function events(c: C): Promise<Response> {
  const to = workspaceOf(c);
  if ("refused" in to) return to.refused;
  const query = c.req.query();
  const number = (text: string | undefined) => (text === undefined ? undefined : text.trim() === "" ? Number.NaN : Number(text));
  const wait = number(query.wait);
  const params = {
    after: number(query.after ?? query.since),
    limit: number(query.limit),
    wait_ms: number(query.wait_ms) ?? (wait === undefined ? undefined : wait * 1000),
  };
  const bad = Object.entries(params).find(([, value]) => value !== undefined && !(Number.isFinite(value) && value >= 0));
  if (bad)
    return refusalResponse(
      refuse("invalid_params", `${bad[0]} is not a number`, { issues: [{ path: bad[0], message: "a number, 0 or more" }] }),
    );
  const requestId = crypto.randomUUID();
  const call = JSON.stringify({ jsonrpc: "2.0", id: 0, method: "events/list", params });
  const answer = to.stub
    .request(call, c.get("principal"), requestId)
    .then(async (given) => JSON.parse(await textOf(given)) as { result?: unknown; error?: Parameters<typeof fromRpcError>[0] });
  // a refusal comes at once, before any waiting, so its status can still be told
  const status = { code: 200 };
  const text = answer.then(({ result, error }) => {
    if (error) status.code = REFUSALS[fromRpcError(error).code].http;
    return JSON.stringify(error ? { jsonrpc: "2.0", id: null, error } : result);
  });
  const response = await heldResponse(text, c.req.raw.signal, () => c.executionCtx.waitUntil(to.stub.forget(requestId)));
  return status.code === 200 ? response : new Response(response.body, { status: status.code, headers: response.headers });
}

/**
 * `GET /metrics`: Prometheus text. Under `coord serve` of every workspace that was called since the start; on Cloudflare, where objects
 * live apart, of the default one. `GET /w/<workspace>/metrics` is of that one alone.
 */
async function metrics(c: C): Promise<Response> {
  const to = workspaceOf(c);
  if ("refused" in to) return to.refused;
  const one = c.req.param("workspace");
  const names = one ? [one] : [...new Set(["default", ...called])].sort();
  const read = await Promise.all(names.map(async (name) => [name, await c.env.WORKSPACE.getByName(name).metrics()] as const));
  return c.text(metricsText(VERSION, read), 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
}

/** `POST /_control/bye`: `coord serve` is about to stop; every session is told, so that its client closes and workerd can end. */
async function bye(c: C): Promise<Response> {
  const secret = c.env.COORD_CONTROL;
  if (!secret || !(await sameSecret(c.req.header("x-coord-control") ?? "", secret)))
    return refusalResponse(refuse("forbidden", "only `coord serve` may do that"));
  const told = await Promise.allSettled([...called].map((name) => c.env.WORKSPACE.getByName(name).bye("the server is stopping")));
  return c.json({ ok: true, sessions: told.reduce((sum, one) => sum + (one.status === "fulfilled" ? one.value : 0), 0) });
}
