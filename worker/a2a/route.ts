import { Extensions } from "@a2a-js/sdk";
import { LegacyJsonRpcTransportHandler } from "@a2a-js/sdk/compat/v0_3/server";
import { JsonRpcTransportHandler, ServerCallContext } from "@a2a-js/sdk/server";
import { isDeeper } from "../../protocol/depth.ts";
import { LIMITS, type Principal, type RpcId } from "../../protocol/index.ts";
import { heldResponse } from "../http/held.ts";
import { logFailure } from "../log.ts";
import { agentCard, type CardFacts, extendedCard } from "./card.ts";
import { Fault, fault, internalFault, invalidRequest, malformed, methodNotFound, parseFault, type WireError } from "./fault.ts";
import { type BoardStub, Calls } from "./follow.ts";
import { BoardHandler, checkTenant } from "./handler.ts";
import { EXTENSION_METHODS, runExtensionMethod } from "./methods.ts";
import { eventStream } from "./stream.ts";
import { extensionUri, isExtension } from "./uri.ts";

/** One request to an A2A address, past the guards. */
export interface A2ARequest {
  /** The body, or why it was not read. */
  readonly body: { readonly text: string } | { readonly fault: Fault; readonly status: number };
  /** The `A2A-Version` header or parameter; undefined or empty: 0.3 (A2A 1.0 §3.6.2). */
  readonly version: string | undefined;
  /** The `A2A-Extensions` header, `X-A2A-Extensions` in 0.3. */
  readonly extensions: string | undefined;
  readonly stub: BoardStub;
  readonly principal: Principal;
  readonly facts: CardFacts;
  /** Whether webhooks are this machine's own. */
  readonly local: boolean;
  /** Aborted when the client's connection is reset. */
  readonly signal: AbortSignal;
  /** Keeps the isolate until the work is done. */
  waitUntil(work: Promise<unknown>): void;
}

const STREAMS = ["SendStreamingMessage", "SubscribeToTask", "message/stream", "tasks/resubscribe"];

/** A2A over JSON-RPC: 1.0, or 0.3 for requests that name no version. Errors come with status 200, as the reference has it. */
export async function serveA2A(request: A2ARequest): Promise<Response> {
  let id: RpcId = null;
  const headers = new Headers();
  try {
    if ("fault" in request.body) return errorResponse(id, request.body.fault, headers, request.body.status);
    const wire = versionOf(request.version);
    const call = callIn(request.body.text);
    id = call.id;
    const activated = Extensions.parseServiceParameter(request.extensions).filter(isExtension);
    if (activated.length > 0) headers.set(wire === "1.0" ? "A2A-Extensions" : "X-A2A-Extensions", activated.join(", "));
    const uri = activated[0] ?? extensionUri(request.facts.origin);
    if (request.facts.extensionRequired && activated.length === 0) {
      const message = `this board takes requests that activate its extension only: send A2A-Extensions: ${uri}`;
      throw fault("EXTENSION_SUPPORT_REQUIRED", message, { extensions: uri });
    }
    checkTenant(call.params);
    const calls = new Calls(request.stub, request.principal);
    const gone = () => request.waitUntil(calls.leave());
    if (call.method.startsWith("coord/")) {
      const answer = extensionAnswer(call, activated.length > 0, { calls, uri });
      return withHeaders(
        await heldResponse(
          answer.then((text) => calls.answered(text)),
          request.signal,
          gone,
        ),
        headers,
      );
    }
    const handler = new BoardHandler({
      calls,
      uri,
      wire,
      local: request.local,
      card: async (extended) => (extended ? extendedCard(request.facts) : agentCard(request.facts)),
    });
    const transport = wire === "1.0" ? new JsonRpcTransportHandler(handler) : new LegacyJsonRpcTransportHandler(handler);
    const context = new ServerCallContext({ requestedVersion: wire, requestedExtensions: activated });
    const answer = transport.handle({ ...call }, context) as Promise<Answer | AsyncGenerator<Answer>>;
    if (!STREAMS.includes(call.method)) {
      return withHeaders(
        await heldResponse(
          answer.then((given) => JSON.stringify(corrected(given as Answer, handler))),
          request.signal,
          gone,
        ),
        headers,
      );
    }
    const stream = await answer;
    if (!(Symbol.asyncIterator in stream)) return withHeaders(Response.json(corrected(stream, handler)), headers);
    const failure = () => ({ jsonrpc: "2.0", id: call.id, error: (handler.refused ?? internalFault()).error });
    let first: IteratorResult<Answer>;
    try {
      first = await stream.next();
    } catch {
      // kept by the handler, with its details
      return withHeaders(Response.json(failure()), headers);
    }
    return withHeaders(eventStream(first.value, stream, failure, gone), headers);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return errorResponse(id, error, headers);
  }
}

interface Call {
  readonly jsonrpc: "2.0";
  readonly id: RpcId;
  readonly method: string;
  readonly params: unknown;
}

type Answer =
  | { jsonrpc: "2.0"; id: RpcId; result: unknown }
  | { jsonrpc: "2.0"; id: RpcId; error: { code: number; message: string; data?: unknown } };

function versionOf(given: string | undefined): "1.0" | "0.3" {
  const version = (given ?? "").trim();
  if (version === "" || /^0\.3(\.\d{1,4})?$/.test(version)) return "0.3";
  if (/^1\.0(\.\d{1,4})?$/.test(version)) return "1.0";
  const metadata = { version: version.slice(0, 40), supported: "1.0, 0.3" };
  throw fault("VERSION_NOT_SUPPORTED", `A2A ${version.slice(0, 40)} is not served here; 1.0 and 0.3 are`, metadata);
}

function callIn(text: string): Call {
  const { value, unit } = LIMITS.json_depth;
  if (isDeeper(text, value)) throw invalidRequest(`over the limit json_depth: at most ${value} ${unit}`);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    throw parseFault(`not JSON: ${(error as Error).message}`);
  }
  if (Array.isArray(body)) throw invalidRequest("A2A has no batches: send one call");
  if (typeof body !== "object" || body === null) throw invalidRequest("a call is an object");
  const { jsonrpc, id, method, params } = body as Record<string, unknown>;
  if (jsonrpc !== "2.0") throw invalidRequest('`jsonrpc` is "2.0"');
  const known = id === undefined || id === null || (typeof id === "string" && id.length <= 256) || Number.isSafeInteger(id);
  if (!known) throw invalidRequest("`id` is a string of at most 256 characters, an integer or null");
  if (typeof method !== "string" || method === "") throw invalidRequest("`method` is missing");
  return { jsonrpc, id: (id as RpcId | undefined) ?? null, method, params: plainStatus(method, params) };
}

/** The SDK's own client writes a status that was not given as UNRECOGNIZED (-1); that is no filter. */
function plainStatus(method: string, params: unknown): unknown {
  if (method !== "ListTasks" || typeof params !== "object" || params === null) return params;
  const { status, ...rest } = params as { status?: unknown };
  return status === "UNRECOGNIZED" || status === -1 ? rest : params;
}

async function extensionAnswer(call: Call, active: boolean, given: Parameters<typeof runExtensionMethod>[2]): Promise<string> {
  const text = (rest: { result: unknown } | { error: WireError }) => JSON.stringify({ jsonrpc: "2.0", id: call.id, ...rest });
  try {
    if (!active) throw methodNotFound(call.method, `it is one of the extension ${given.uri}: activate that by the header A2A-Extensions`);
    if (!Object.hasOwn(EXTENSION_METHODS, call.method)) {
      throw methodNotFound(call.method, `the extension has ${Object.keys(EXTENSION_METHODS).join(", ")}`);
    }
    return text({ result: await runExtensionMethod(call.method as keyof typeof EXTENSION_METHODS, call.params, given) });
  } catch (error) {
    if (error instanceof Fault) return text({ error: error.error });
    logFailure(error, { a2a: call.method });
    return text({ error: internalFault().error });
  }
}

/**
 * The SDK's answer, with the error that was meant. What it calls internal although no operation failed are parameters that it could
 * not read; every bug of ours passed the handler.
 */
function corrected(answer: Answer, { refused }: BoardHandler): Answer {
  if (!("error" in answer)) return answer;
  if (refused) return { jsonrpc: "2.0", id: answer.id, error: refused.error };
  if (answer.error.code === -32603) return { jsonrpc: "2.0", id: answer.id, error: malformed("the parameters cannot be read").error };
  return answer;
}

function errorResponse(id: RpcId, { error }: Fault, headers: Headers, status = 200): Response {
  return withHeaders(Response.json({ jsonrpc: "2.0", id, error }, { status }), headers);
}

function withHeaders(response: Response, headers: Headers): Response {
  for (const [name, value] of headers) response.headers.set(name, value);
  return response;
}
