import type { MethodName, ParamsIn, Result } from "../../protocol/index.ts";
import { REFUSALS } from "../../protocol/refusals.ts";
import { mayAutostart } from "../config.ts";
import { CliError } from "../errors.ts";
import { authorization, rpcUrl } from "./address.ts";
import type { Reply } from "./exchange.ts";
import { effectUnknown, isRpcError, refused, TransportFailure, unreachable } from "./failures.ts";
import { mutates, repeatable } from "./mutations.ts";
import { postPlain } from "./plain.ts";
import { requestText } from "./request-text.ts";
import type { Target } from "./types.ts";

export interface HttpOptions {
  readonly signal?: AbortSignal;
  /** How long a connection may take to come about. */
  readonly connectMs?: number;
  /** How long the answer may take once connected; add the call's own `wait_ms`. */
  readonly answerMs?: number;
  /** The pauses between the tries, of which there is one more than pauses. */
  readonly pausesMs?: readonly number[];
  /** Starts the default server where nothing listens; false keeps this call from it. */
  readonly autostart?: boolean;
}

const CONNECT_MS = 5_000;
/** Far above the runtime's worst pause, far below a person's patience: a stopping runtime accepts connections and never answers. */
const ANSWER_MS = 10_000;
/** After a try without an answer: a server that has come back answers at once, and one that has not is no better for more patience. */
const LATER_ANSWER_MS = 3_000;
/** A restarting server is back within a second; three tries with these pauses between them span it. */
const PAUSES_MS = [150, 600];

/** What is posted: one call, or a batch of them. */
type Request = RequestCall | readonly RequestCall[];
interface RequestCall {
  readonly method: MethodName;
  readonly params: object;
}

/**
 * One JSON-RPC call over one HTTP request. Repeated after a broken connection or a missing answer, which is safe because
 * mutations carry an idempotency key. Where nothing listens and the URL is the default one, the server is started first.
 * @throws CliError: a refusal (exit 1, 3, 4, 5, 6), or exit 7 when no server answers. Where a mutation had been sent in full by then,
 *   the error says that its effect is unknown (`effect_unknown`) and how to look.
 */
export async function call<M extends MethodName>(
  target: Target,
  method: M,
  params: ParamsIn<M>,
  options: HttpOptions = {},
): Promise<Result<M>> {
  const full = repeatable(method, params as object);
  const request = { jsonrpc: "2.0", id: 1, method, params: full };
  return insistently(target, request, options, (answer) => {
    const { error, result } = (typeof answer === "object" && answer !== null ? answer : {}) as { error?: unknown; result?: unknown };
    if (isRpcError(error)) throw refused(error, full);
    return result as Result<M> | undefined;
  });
}

/**
 * Posts a request again and again until it is answered, as `call` does. The request must bear repeating.
 * @param read what the answer's JSON means; undefined where it is none of coord's. May throw a refusal.
 */
export async function insistently<T>(
  target: Target,
  request: Request,
  options: HttpOptions,
  read: (answer: unknown) => T | undefined,
): Promise<T> {
  const body = Buffer.from(requestText(request));
  let mayStart = options.autostart !== false && mayAutostart(target);
  let wasSent = false;
  let answerMs = options.answerMs ?? ANSWER_MS;
  for (let attempt = 0; ; attempt++) {
    try {
      return await exchange(target, body, { ...options, answerMs }, read);
    } catch (error) {
      if (!(error instanceof TransportFailure)) throw error;
      if (error.kind === "silent") answerMs = options.answerMs ?? LATER_ANSWER_MS;
      wasSent ||= error.wasSent && error.kind !== "foreign";
      if (error.kind === "refused" && mayStart) {
        mayStart = false;
        const { ensureServer } = await import("../server/autostart.ts");
        await ensureServer(target);
        continue;
      }
      const pause = (options.pausesMs ?? PAUSES_MS)[attempt];
      const isHopeless = error.kind === "foreign" || (error.kind === "refused" && attempt === 0);
      if (pause === undefined || isHopeless) throw unanswered(target, error, wasSent ? request : []);
      await new Promise((resume) => setTimeout(resume, pause));
      options.signal?.throwIfAborted();
    }
  }
}

/** @param sent the calls that may have been carried out. */
function unanswered(target: Target, failure: TransportFailure, sent: Request): CliError {
  const changing = (Array.isArray(sent) ? sent : [sent]).filter((call: RequestCall) => mutates(call.method));
  return changing.length === 0 ? unreachable(target, failure) : effectUnknown(target, failure, changing);
}

async function exchange<T>(target: Target, body: Buffer, options: HttpOptions, read: (answer: unknown) => T | undefined): Promise<T> {
  const { status, text } = await post(target, body, options);
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    answer = undefined; // not JSON: told below by its status alone
  }
  const meant = read(answer);
  if (meant !== undefined) return meant;
  const byStatus = Object.values(REFUSALS).find((kind) => kind.http === status && status > 400 && status !== 404);
  if (byStatus) throw refused({ code: byStatus.rpc, message: `the server answered with HTTP status ${status}` });
  throw new TransportFailure("foreign", `what answers there is not coord (HTTP status ${status})`);
}

async function post(target: Target, body: Buffer, options: HttpOptions): Promise<Reply> {
  const url = rpcUrl(target);
  const headers = { "content-type": "application/json", ...authorization(target) };
  if (Object.values(headers).some((value) => /[^\t\x20-\x7e]/.test(value))) {
    throw new CliError("COORD_TOKEN holds characters that a header cannot carry", {
      next: "set it as the server has it, without line breaks",
    });
  }
  const { connectMs = CONNECT_MS, answerMs = ANSWER_MS, signal } = options;
  const posting = { url, headers, body, connectMs, answerMs, signal };
  return url.protocol === "https:" ? (await import("./secure.ts")).postSecure(posting) : postPlain(posting);
}
