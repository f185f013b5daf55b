import { createMcpHandler, type McpHttpHandler } from "@modelcontextprotocol/server";
import type { Context } from "hono";
import { systemClock } from "../../mcp/clock.ts";
import { type Delivery, GIVEN_UP } from "../../mcp/deliveries.ts";
import { Desk } from "../../mcp/desk.ts";
import { Refused } from "../../mcp/failures.ts";
import { NO_HOLDS } from "../../mcp/holds.ts";
import { mcpServer } from "../../mcp/server.ts";
import { TOOLS } from "../../mcp/tools/index.ts";
import type { HonoEnv } from "../env.ts";
import { jsonBody } from "../http/guards.ts";
import { VERSION } from "../version.ts";
import { ObjectBoard, type Stub } from "./board.ts";
import { callerOf, newSession, SESSION_HEADER } from "./caller.ts";
import { Cancellable, cancel } from "./cancelled.ts";
import { interestOf, LogBus } from "./follow.ts";
import { Line } from "./line.ts";

/**
 * How often a response that waits writes something, in milliseconds: workerd tells of a client that has gone only when a write to it
 * fails, and until then its wait stays on the board.
 */
const BEAT_MS = 500;

/** `/mcp` and `/w/<workspace>/mcp`: MCP's Streamable HTTP, for either era. Behind the guards; nothing is kept from one request to the next. */
export async function mcp(c: Context<HonoEnv>, stub: Stub): Promise<Response> {
  const request = c.req.raw;
  const read = request.method === "POST" ? await jsonBody(c) : undefined;
  if (read && "refused" in read) return read.refused;
  const body = read && parsed(read.text);
  const caller = callerOf(request.headers, body);
  if ("refused" in caller) return caller.refused;
  const { identity, host, session } = caller;
  const { method, id, params } = message(body);

  // what has to end well when the client has gone: a job that was handed over goes back, a wait leaves the board
  const keepAlive = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
  const report = (bug: unknown) => console.error({ message: "bug", path: c.req.path, error: String(bug), stack: (bug as Error)?.stack });
  const call = session === undefined ? undefined : new Cancellable(session, id);
  const board = new ObjectBoard(stub, c.get("principal"), call);
  const giveBack = (delivery: Delivery) =>
    keepAlive(
      board.read("tasks/release", { ...delivery, reason: GIVEN_UP }).catch((refused) => refused instanceof Refused || report(refused)),
    );

  if (method === "notifications/cancelled" && session !== undefined) {
    const { forgotten, delivery } = cancel(session, params.requestId);
    keepAlive(Promise.allSettled(forgotten.map((requestId) => stub.forget(requestId))));
    if (delivery) giveBack(delivery);
  }
  const desk = new Desk({
    context: { board, holds: NO_HOLDS, clock: systemClock, handle: identity.handle },
    tools: TOOLS,
    report,
    keepAlive,
  });
  const line = new Line();
  let handler: McpHttpHandler | undefined;
  const over = (failure?: unknown) => {
    if (failure !== undefined) report(failure);
    void handler?.close();
  };
  const bus =
    method === "subscriptions/listen"
      ? new LogBus(board, interestOf(params), (await board.read("workspace/info", {})).head, { keepAlive, over })
      : undefined;
  handler = createMcpHandler(
    ({ era }) =>
      mcpServer({
        desk,
        identity,
        version: VERSION,
        host,
        givenUp: board.ended,
        isThere: async () => (await line.isThere()) && !call?.isCancelled,
        delivers: (_requestId, delivery, mayBeDropped) => {
          if (call?.isCancelled) giveBack(delivery);
          else if (call && mayBeDropped) call.delivery = delivery;
        },
        tellsChanges: era === "modern",
      }),
    { keepAliveMs: BEAT_MS, responseMode: mayWait(method, params.name) ? "sse" : "auto", ...(bus ? { bus } : {}) },
  );
  const response = await handler.fetch(
    read ? new Request(request.url, { method: "POST", headers: request.headers, body: read.text }) : request,
    body === undefined ? {} : { parsedBody: body },
  );
  if (method === "initialize" && response.ok) response.headers.set(SESSION_HEADER, newSession(host));
  return line.carry(response);
}

/** A body that is no JSON is refused by the SDK, in the protocol's words. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function message(body: unknown): { method: unknown; id: unknown; params: Record<string, unknown> } {
  const { method, id, params } = (typeof body === "object" && body !== null ? body : {}) as Record<string, unknown>;
  return { method, id, params: typeof params === "object" && params !== null ? (params as Record<string, unknown>) : {} };
}

function mayWait(method: unknown, name: unknown): boolean {
  return method === "tools/call" && TOOLS.some((tool) => tool.name === name && tool.waits);
}
