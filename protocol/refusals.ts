import type { LimitName } from "./limits.ts";

/**
 * Every way coord says no, in one table. A refusal is a value: `{code, reason?, message, data}`; on the wire it is a
 * JSON-RPC error whose `data` always has `code`, `remedy` and, for a conflict, `reason`.
 */
export interface RefusalKind {
  /** JSON-RPC error code. */
  readonly rpc: number;
  /** HTTP status where the refusal is the whole answer to a plain request (guards, `GET` routes). JSON-RPC answers are 200. */
  readonly http: number;
  /** What the `coord` program exits with. */
  readonly exit: number;
  readonly remedy: string;
}

export type RefusalCode =
  | "parse_error"
  | "invalid_request"
  | "method_not_found"
  | "invalid_params"
  | "unsupported_media_type"
  | "conflict"
  | "not_found"
  | "limit"
  | "unauthorized"
  | "forbidden"
  | "cursor_ahead"
  | "cursor_expired"
  | "internal";

export const REFUSALS: Record<RefusalCode, RefusalKind> = {
  parse_error: { rpc: -32700, http: 400, exit: 1, remedy: "Send one JSON value in UTF-8." },
  invalid_request: { rpc: -32600, http: 400, exit: 1, remedy: 'Send {"jsonrpc":"2.0","id":1,"method":"tasks/list","params":{}}.' },
  method_not_found: { rpc: -32601, http: 404, exit: 1, remedy: "See the methods in `workspace/info` or the README." },
  invalid_params: { rpc: -32602, http: 400, exit: 1, remedy: "Correct the field named in `data.issues` and call again." },
  unsupported_media_type: { rpc: -32600, http: 415, exit: 1, remedy: "Send the header `Content-Type: application/json`." },
  conflict: { rpc: -32001, http: 409, exit: 3, remedy: "Read the task again; `data` says what is true now." },
  not_found: { rpc: -32004, http: 404, exit: 4, remedy: "Look at what there is: `coord tasks --state any`." },
  limit: { rpc: -32005, http: 413, exit: 1, remedy: "Stay under the limit named in `data.limit`." },
  unauthorized: { rpc: -32010, http: 401, exit: 5, remedy: "Give the server's token in COORD_TOKEN (header `Authorization: Bearer …`)." },
  forbidden: { rpc: -32011, http: 403, exit: 5, remedy: "Ask the workspace's owner, or call from an allowed host and origin." },
  cursor_ahead: { rpc: -32012, http: 409, exit: 6, remedy: "This log is not the one the cursor came from: start again from `data.head`." },
  cursor_expired: { rpc: -32012, http: 409, exit: 6, remedy: "Events that old are gone: read the board, then follow from `data.oldest`." },
  internal: { rpc: -32000, http: 500, exit: 1, remedy: "This is a bug in coord: the server's log has the details. Try once more." },
};

export type ConflictReason =
  | "already_claimed"
  | "held"
  | "not_claimable"
  | "not_held"
  | "stale_claim"
  | "terminal"
  | "wrong_state"
  | "rev_mismatch"
  | "idempotency_conflict"
  | "self_review"
  | "cycle";

/** What to do about each conflict. */
export const CONFLICT_REMEDIES: Record<ConflictReason, string> = {
  already_claimed: "Somebody works on it. Take another with `coord next`, or wait: `coord wait --ids ID --state completed`.",
  held: "Wait until what it is held by is done, or take another with `coord next`.",
  not_claimable: "It is not open to this agent. Take another with `coord next`.",
  not_held: "Claim it first: `coord claim ID --as HANDLE`.",
  stale_claim:
    "Your claim has ended; a result that came with the call is kept in the log. Look at the task before you do more: `coord get ID`.",
  terminal: "It is finished for ever. Post a new task that refers to it.",
  wrong_state: "Look at the task: `coord get ID`.",
  rev_mismatch: "Somebody changed it meanwhile. Read it again and repeat your change with the new `rev`.",
  idempotency_conflict: "Use a new idempotency key for a new call.",
  self_review: "Ask somebody who did not hold this attempt to review it.",
  cycle: "Leave out the dependency that closes the circle.",
};

/** Exit codes of the `coord` program that no refusal of the server stands behind. */
export const EXIT = { ok: 0, error: 1, timeout: 2, unreachable: 7 } as const;

export interface Refusal {
  readonly code: RefusalCode;
  readonly reason?: ConflictReason;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export function refuse(code: Exclude<RefusalCode, "conflict" | "limit">, message: string, data: Record<string, unknown> = {}): Refusal {
  return { code, message, data };
}

export function conflict(reason: ConflictReason, message: string, data: Record<string, unknown> = {}): Refusal {
  return { code: "conflict", reason, message, data };
}

/** A refusal that names the limit, its value and what was given, both in the limit's own unit. */
export function overLimit(limit: LimitName, value: number, unit: string, given: number | string): Refusal {
  return {
    code: "limit",
    message: `over the limit ${limit}: at most ${value} ${unit}, given ${given}`,
    data: { limit, value, unit, given },
  };
}

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The refusal as a JSON-RPC 2.0 error object (JSON-RPC §5.1). */
export function toRpcError(refusal: Refusal): RpcError {
  const remedy = refusal.reason ? CONFLICT_REMEDIES[refusal.reason] : REFUSALS[refusal.code].remedy;
  return {
    code: REFUSALS[refusal.code].rpc,
    message: refusal.message,
    data: { code: refusal.code, ...(refusal.reason ? { reason: refusal.reason } : {}), remedy, ...refusal.data },
  };
}

/** The refusal behind a JSON-RPC error, as a client reads it; errors of other servers become `internal`. */
export function fromRpcError(error: { code: number; message: string; data?: unknown }): Refusal {
  const data = (typeof error.data === "object" && error.data !== null ? error.data : {}) as Record<string, unknown>;
  const named = typeof data.code === "string" && Object.hasOwn(REFUSALS, data.code) ? (data.code as RefusalCode) : undefined;
  const byNumber = (Object.keys(REFUSALS) as RefusalCode[]).find((code) => REFUSALS[code].rpc === error.code);
  const reason =
    typeof data.reason === "string" && Object.hasOwn(CONFLICT_REMEDIES, data.reason) ? (data.reason as ConflictReason) : undefined;
  return { code: named ?? byNumber ?? "internal", ...(reason ? { reason } : {}), message: error.message, data };
}
