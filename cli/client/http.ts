import { request as plainRequest, type RequestOptions } from "node:http";
import type { MethodName, ParamsIn, Result } from "../../protocol/index.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { overLimit, REFUSALS, toRpcError } from "../../protocol/refusals.ts";
import { mayAutostart } from "../config.ts";
import { authorization, rpcUrl } from "./address.ts";
import { isRpcError, refused, TransportFailure, transportFailure, unreachable } from "./failures.ts";
import { repeatable } from "./mutations.ts";
import type { Target } from "./types.ts";

export interface HttpOptions {
  readonly signal?: AbortSignal;
  /** How long a connection may take to come about. */
  readonly connectMs?: number;
  /** How long the answer may take once connected; add the call's own `wait_ms`. */
  readonly answerMs?: number;
  /** Starts the default server where nothing listens; false keeps this call from it. */
  readonly autostart?: boolean;
}

const CONNECT_MS = 5_000;
/** Far above the runtime's worst pause, far below a person's patience: a stopping runtime accepts connections and never answers. */
const ANSWER_MS = 10_000;
/** A restarting server is back within a second; three tries with these pauses between them span it. */
const PAUSES_MS = [150, 600];

/**
 * One JSON-RPC call over one HTTP request. Repeated after a broken connection or a missing answer, which is safe because
 * mutations carry an idempotency key. Where nothing listens and the URL is the default one, the server is started first.
 * @throws CliError: a refusal (exit 1, 3, 4, 5, 6), or exit 7 when no server answers.
 */
export async function call<M extends MethodName>(
  target: Target,
  method: M,
  params: ParamsIn<M>,
  options: HttpOptions = {},
): Promise<Result<M>> {
  const full = repeatable(method, params as object);
  return insistently(target, { jsonrpc: "2.0", id: 1, method, params: full }, options, (answer) => {
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
  request: object,
  options: HttpOptions,
  read: (answer: unknown) => T | undefined,
): Promise<T> {
  const body = Buffer.from(JSON.stringify(request));
  if (body.length > LIMITS.body_bytes.value)
    throw refused(toRpcError(overLimit("body_bytes", LIMITS.body_bytes.value, "bytes", body.length)));
  let mayStart = options.autostart !== false && mayAutostart(target);
  for (let attempt = 0; ; attempt++) {
    try {
      return await exchange(target, body, options, read);
    } catch (error) {
      if (!(error instanceof TransportFailure)) throw error;
      if (error.kind === "refused" && mayStart) {
        mayStart = false;
        const { ensureServer } = await import("../server/autostart.ts");
        await ensureServer(target);
        continue;
      }
      const pause = PAUSES_MS[attempt];
      const isHopeless = error.kind === "foreign" || (error.kind === "refused" && attempt === 0);
      if (pause === undefined || isHopeless) throw unreachable(target, error);
      await new Promise((resume) => setTimeout(resume, pause));
      options.signal?.throwIfAborted();
    }
  }
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

async function post(target: Target, body: Buffer, options: HttpOptions): Promise<{ status: number; text: string }> {
  const url = rpcUrl(target);
  const request = url.protocol === "https:" ? (await import("node:https")).request : plainRequest;
  const init: RequestOptions = {
    method: "POST",
    agent: false,
    headers: { "content-type": "application/json", "content-length": body.length, connection: "close", ...authorization(target) },
    ...(options.signal ? { signal: options.signal } : {}),
  };
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout;
    const sending = request(url, init);
    const giveUpAfter = (ms: number, what: string) => {
      clearTimeout(timer);
      timer = setTimeout(() => sending.destroy(new TransportFailure("silent", `${what} within ${ms / 1000} s`)), ms);
    };
    const fail = (cause: unknown) => {
      clearTimeout(timer);
      reject(options.signal?.aborted ? options.signal.reason : transportFailure(cause));
    };
    giveUpAfter(options.connectMs ?? CONNECT_MS, "no connection");
    sending.on("socket", (socket) => {
      socket.once(url.protocol === "https:" ? "secureConnect" : "connect", () =>
        giveUpAfter(options.answerMs ?? ANSWER_MS, "it accepted the connection but did not answer"),
      );
    });
    sending.on("error", fail);
    sending.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", fail);
      response.on("end", () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") });
      });
    });
    sending.end(body);
  });
}
