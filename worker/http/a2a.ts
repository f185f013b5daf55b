import { LIMITS, WorkspaceName } from "../../protocol/index.ts";
import { agentCard, cardResponse } from "../a2a/card.ts";
import { Fault, fault, parseFault } from "../a2a/fault.ts";
import type { BoardStub } from "../a2a/follow.ts";
import { serveA2A } from "../a2a/route.ts";
import { specText } from "../a2a/spec.ts";
import { extensionUri } from "../a2a/uri.ts";
import type { C } from "./context.ts";
import { bodyText } from "./guards.ts";

/** Whether a call to coord's own address is A2A: it says which version it speaks. */
export function isA2A(c: C): boolean {
  return versionOf(c) !== undefined;
}

function versionOf(c: C): string | undefined {
  return c.req.header("a2a-version") ?? c.req.query("A2A-Version");
}

/** The card's facts are the same for `/a2a` and the card itself: what the client reached, by the name it used. */
function factsOf(c: C) {
  const workspace = c.req.param("workspace");
  return {
    origin: new URL(c.req.url).origin,
    base: workspace === undefined ? "" : `/w/${encodeURIComponent(workspace)}`,
    token: Boolean(c.env.COORD_TOKEN),
    extensionRequired: c.env.COORD_A2A_EXTENSION === "required",
  };
}

export async function a2aRoute(c: C, stub: BoardStub): Promise<Response> {
  return serveA2A({
    body: await bodyOf(c),
    version: versionOf(c),
    extensions: c.req.header("a2a-extensions") ?? c.req.header("x-a2a-extensions"),
    stub,
    principal: c.get("principal"),
    facts: factsOf(c),
    local: c.env.COORD_LOCAL === "1",
    signal: c.req.raw.signal,
    waitUntil: (work) => c.executionCtx.waitUntil(work),
  });
}

/** The body, or an A2A error in place of the guard's refusal: its codes mean something else there. */
async function bodyOf(c: C): Promise<{ text: string } | { fault: Fault; status: number }> {
  const body = await bodyText(c, ["application/json", "application/a2a+json"]);
  if ("text" in body) return body;
  const { code, message, data } = body.refusal;
  if (code === "unsupported_media_type") {
    return { fault: fault("CONTENT_TYPE_NOT_SUPPORTED", message, { contentType: String(data.content_type) }), status: 200 };
  }
  if (code === "parse_error") return { fault: parseFault(message), status: 200 };
  const info = {
    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
    reason: "LIMIT",
    domain: "coord",
    metadata: { limit: "body_bytes", value: String(LIMITS.body_bytes.value), given: String(data.given) },
  };
  return { fault: new Fault(-32600, message, [info]), status: 413 };
}

/** `GET /.well-known/agent-card.json` and the older `agent.json`: public, as every client reads it before it has a token. */
export async function card(c: C): Promise<Response> {
  const workspace = c.req.param("workspace");
  if (workspace !== undefined && !WorkspaceName.safeParse(workspace).success) return c.notFound();
  return cardResponse(agentCard(factsOf(c)), c.req.header("if-none-match"));
}

/** `GET /ext/work-queue/v1`: the extension's text at its URI. */
export function extensionText(c: C): Response {
  const headers = { "content-type": "text/markdown; charset=utf-8", "cache-control": "public, max-age=300" };
  return new Response(specText(extensionUri(new URL(c.req.url).origin)), { headers });
}
