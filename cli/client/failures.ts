import { CONFLICT_REMEDIES, EXIT, fromRpcError, REFUSALS } from "../../protocol/refusals.ts";
import { CliError } from "../errors.ts";
import type { Target } from "./types.ts";

/**
 * How an attempt to reach the server failed.
 * `refused`: nothing listens, nothing was sent. `silent`: connected, but no answer in time (a stopping runtime does that).
 * `broken`: the connection ended before the answer; the call may or may not have been carried out. `foreign`: what answers is not coord.
 */
export type TransportKind = "refused" | "silent" | "broken" | "foreign";

export class TransportFailure extends Error {
  readonly kind: TransportKind;
  /** The whole request had left by then: whether the server acts on it cannot be known. */
  wasSent = false;

  constructor(kind: TransportKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "TransportFailure";
    this.kind = kind;
  }
}

/** A call on a session that was in flight when the connection ended, or that found none for too long. */
export class ConnectionLost extends CliError {
  constructor(target: Target, why: string) {
    super(`lost the connection to ${target.url}: ${why}`, {
      exit: EXIT.unreachable,
      next: howToStart(target),
      data: { code: "connection_lost" },
    });
    this.name = "ConnectionLost";
  }
}

const NOTHING_LISTENS = new Set(["ECONNREFUSED", "ENOENT"]);
const NO_WAY_THERE = new Set(["ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "EADDRNOTAVAIL"]);

/** Sorts what node's sockets throw. */
export function transportFailure(cause: unknown): TransportFailure {
  if (cause instanceof TransportFailure) return cause;
  const { code = "", message = String(cause) } = (cause ?? {}) as { code?: string; message?: string };
  if (NOTHING_LISTENS.has(code)) return new TransportFailure("refused", "nothing listens there", cause);
  if (NO_WAY_THERE.has(code)) return new TransportFailure("foreign", `no way to that host (${code})`, cause);
  if (code.startsWith("HPE_")) return new TransportFailure("foreign", "what answers there does not speak HTTP", cause);
  if (code.includes("CERT") || code.startsWith("ERR_TLS") || code.startsWith("ERR_SSL") || code === "EPROTO")
    return new TransportFailure("foreign", `no secure connection: ${message}`, cause);
  return new TransportFailure("broken", code && !message.includes(code) ? `${message} (${code})` : message, cause);
}

function howToStart(target: Target): string {
  const { hostname, port, host } = new URL(target.url);
  const isLoopback = hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
  if (!isLoopback) return "check --url or COORD_URL, and that the server runs there";
  const serve = port === "7777" ? "coord serve --detach" : `coord serve --detach --addr ${host}`;
  return `start it: ${serve}   (is it well? coord status)`;
}

/** The program could not get an answer: exit 7, and how to start the server, or to look after one that is there and says nothing. */
export function unreachable(target: Target, failure: TransportFailure): CliError {
  const next = { foreign: "check --url or COORD_URL", silent: "is it well? coord status", refused: "", broken: "" }[failure.kind];
  const what = failure.kind === "silent" ? "the server does not answer at" : "no coord server at";
  return new CliError(`${what} ${target.url}: ${failure.message}`, {
    exit: EXIT.unreachable,
    next: next || howToStart(target),
    data: { code: "unreachable", kind: failure.kind, url: target.url },
    cause: failure,
  });
}

/**
 * The program sent calls that change something and got no answer: exit 7, with the command that shows what became of them, and the key
 * under which they may be sent again without being carried out twice.
 * @param calls at least one, all of them mutations.
 */
export function effectUnknown(
  target: Target,
  failure: TransportFailure,
  calls: readonly { readonly method: string; readonly params: object }[],
): CliError {
  const { id, idempotency_key: key } = (calls[0]?.params ?? {}) as { id?: unknown; idempotency_key?: unknown };
  const what = calls.length === 1 ? `the call (${calls[0]?.method})` : `the ${calls.length} calls (${calls[0]?.method})`;
  const look = typeof id === "string" ? filledIn("coord get ID", { id }) : "coord tasks --state any";
  const again = calls.length === 1 && typeof key === "string" ? `   (to repeat it safely: add --idempotency-key ${key})` : "";
  return new CliError(`${target.url} took ${what} and gave no answer, so whether it took effect is not known: ${failure.message}`, {
    exit: EXIT.unreachable,
    next: `see whether it did, when the server answers again: ${look}${again}`,
    data: { code: "effect_unknown", kind: failure.kind, url: target.url, ...(typeof key === "string" ? { idempotency_key: key } : {}) },
    cause: failure,
  });
}

/** Remedies speak of ID and HANDLE; a person can paste a command that has the real ones. A bare number, because a shell takes `#12` for a comment. */
function filledIn(remedy: string, params: Readonly<Record<string, unknown>>): string {
  const id = typeof params.id === "string" && /^[#\w-]+$/.test(params.id) ? params.id.replace(/^#/, "") : undefined;
  const handle = typeof params.agent_id === "string" && /^[\w.-]+$/.test(params.agent_id) ? params.agent_id : undefined;
  return remedy.replace(/\bID\b/g, id ?? "ID").replace(/\bHANDLE\b/g, handle ?? "HANDLE");
}

/** What the server refused, as the program's error: its exit code and remedy are the protocol's table's. */
export function refused(error: { code: number; message: string; data?: unknown }, params: object = {}): CliError {
  const { code, reason, message, data } = fromRpcError(error);
  const remedy = typeof data.remedy === "string" ? data.remedy : reason ? CONFLICT_REMEDIES[reason] : REFUSALS[code].remedy;
  const { remedy: _shownAsNext, ...details } = data;
  return new CliError(message, {
    exit: REFUSALS[code].exit,
    next: filledIn(remedy, params as Record<string, unknown>),
    data: { ...details, code, ...(reason ? { reason } : {}) },
  });
}

/** Whether a value read from the wire has the shape of a JSON-RPC error (JSON-RPC §5.1). */
export function isRpcError(value: unknown): value is { code: number; message: string; data?: unknown } {
  const { code, message } = (typeof value === "object" && value !== null ? value : {}) as { code?: unknown; message?: unknown };
  return typeof code === "number" && typeof message === "string";
}
