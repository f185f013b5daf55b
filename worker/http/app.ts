import { type Context, Hono } from "hono";
import { fromRpcError, LIMITS, overLimit, REFUSALS, refuse, WorkspaceName } from "../../protocol/index.ts";
import type { HonoEnv } from "../env.ts";
import { VERSION } from "../version.ts";
import { PRINCIPAL_HEADER } from "../workspace.ts";
import { agentCard } from "./card.ts";
import { hostGuard, jsonBody, originGuard, principalGuard, sameSecret } from "./guards.ts";
import { heldResponse, textOf } from "./held.ts";
import { refusalResponse } from "./refusal.ts";

type C = Context<HonoEnv>;

/** Workspaces that were called in this isolate: whom to tell when `coord serve` stops. Locally there is one isolate. */
const called = new Set<string>();

export const app = new Hono<HonoEnv>();

app.use(hostGuard);
app.get("/healthz", (c) => c.json({ ok: true, version: VERSION }));
app.get("/readyz", async (c) => c.json({ ok: await c.env.WORKSPACE.getByName("default").ready(), version: VERSION }));
app.get("/.well-known/agent.json", (c) => c.json(agentCard(new URL(c.req.url).origin)));
app.post("/_control/bye", bye);

app.use(originGuard);
app.use(principalGuard);
for (const base of ["", "/w/:workspace"]) {
  app.get(`${base}/session`, session);
  app.get(`${base}/events`, events);
  app.post(base === "" ? "/" : base, rpc);
  if (base !== "") app.post(`${base}/`, rpc);
}

app.notFound((c) => {
  const known = [
    "POST / (JSON-RPC)",
    "POST /w/<workspace>/",
    "GET /session",
    "GET /events",
    "GET /healthz",
    "GET /readyz",
    "GET /.well-known/agent.json",
  ];
  return refusalResponse(refuse("not_found", `nothing is served at ${c.req.method} ${c.req.path.slice(0, 200)}`, { served: known }));
});

app.onError((error, c) => {
  if (error.name === "NewerDatabase") return refusalResponse(refuse("internal", error.message));
  console.error({ message: "bug", path: c.req.path, error: String(error), stack: error.stack });
  return refusalResponse(refuse("internal", "internal error: this is a bug in coord"));
});

function workspaceOf(c: C): { stub: ReturnType<C["env"]["WORKSPACE"]["getByName"]> } | { refused: Response } {
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

/** `POST /` and `POST /w/<workspace>/`: JSON-RPC 2.0. What a method says comes with status 200, as the bulletin had it. */
async function rpc(c: C): Promise<Response> {
  const body = await jsonBody(c);
  if ("refused" in body) return body.refused;
  const to = workspaceOf(c);
  if ("refused" in to) return to.refused;
  const requestId = crypto.randomUUID();
  return heldResponse(to.stub.request(body.text, c.get("principal"), requestId), () => c.executionCtx.waitUntil(to.stub.forget(requestId)));
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
    return JSON.stringify(error ? { error } : result);
  });
  const response = await heldResponse(text, () => c.executionCtx.waitUntil(to.stub.forget(requestId)));
  return status.code === 200 ? response : new Response(response.body, { status: status.code, headers: response.headers });
}

/** `POST /_control/bye`: `coord serve` is about to stop; every session is told, so that its client closes and workerd can end. */
async function bye(c: C): Promise<Response> {
  const secret = c.env.COORD_CONTROL;
  if (!secret || !(await sameSecret(c.req.header("x-coord-control") ?? "", secret)))
    return refusalResponse(refuse("forbidden", "only `coord serve` may do that"));
  const told = await Promise.allSettled([...called].map((name) => c.env.WORKSPACE.getByName(name).bye("the server is stopping")));
  return c.json({ ok: true, sessions: told.reduce((sum, one) => sum + (one.status === "fulfilled" ? one.value : 0), 0) });
}
