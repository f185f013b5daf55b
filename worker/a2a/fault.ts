import { CONFLICT_REMEDIES, REFUSALS, type Refusal, type RefusalCode } from "../../protocol/index.ts";

/** A JSON-RPC error as A2A has it: `data` is a list of typed objects (A2A 1.0 §9.5). */
export interface WireError {
  readonly code: number;
  readonly message: string;
  readonly data: readonly Record<string, unknown>[];
}

/** An error answer. Thrown through the SDK, which knows exceptions only, and taken out again where its answer leaves. */
export class Fault extends Error {
  readonly error: WireError;
  constructor(code: number, message: string, data: WireError["data"] = []) {
    super(message);
    this.name = "Fault";
    this.error = { code, message, data };
  }
}

/** A field that is wrong, and what was expected. */
export interface Violation {
  readonly field: string;
  readonly description: string;
}

/** A2A's own errors, with their JSON-RPC codes (§5.4). */
const KINDS = {
  TASK_NOT_FOUND: -32001,
  TASK_NOT_CANCELABLE: -32002,
  UNSUPPORTED_OPERATION: -32004,
  CONTENT_TYPE_NOT_SUPPORTED: -32005,
  EXTENSION_SUPPORT_REQUIRED: -32008,
  VERSION_NOT_SUPPORTED: -32009,
} as const;

export function fault(reason: keyof typeof KINDS, message: string, metadata: Record<string, string> = {}): Fault {
  return new Fault(KINDS[reason], message, [errorInfo(reason, "a2a-protocol.org", metadata)]);
}

function errorInfo(reason: string, domain: string, metadata: Record<string, string>): Record<string, unknown> {
  return {
    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
    reason,
    domain,
    ...(Object.keys(metadata).length > 0 ? { metadata } : {}),
  };
}

/** Parameters that are wrong (-32602), field by field. */
export function malformed(message: string, violations: readonly Violation[] = []): Fault {
  const details = violations.length > 0 ? [{ "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: violations }] : [];
  return new Fault(-32602, message, details);
}

export const parseFault = (message: string) => new Fault(-32700, message);
export const invalidRequest = (message: string) => new Fault(-32600, message);
export const methodNotFound = (method: string, why: string) => new Fault(-32601, `method not found: ${method.slice(0, 80)}; ${why}`);
export const internalFault = () => new Fault(-32603, "internal error: this is a bug in coord");

/** coord's own errors: their codes lie outside A2A's range, -31000 less the last digits of coord's. */
const OWN: Record<RefusalCode, number> = {
  parse_error: -32700,
  invalid_request: -32600,
  method_not_found: -32601,
  invalid_params: -32602,
  unsupported_media_type: KINDS.CONTENT_TYPE_NOT_SUPPORTED,
  conflict: -31001,
  not_found: KINDS.TASK_NOT_FOUND,
  limit: -32602,
  unauthorized: -31010,
  forbidden: -31011,
  cursor_ahead: -31012,
  cursor_expired: -31012,
  internal: -32603,
};

/**
 * A refusal of the board as an A2A error.
 * @param conflicts what a conflict is to the method that met it; coord's own code where A2A has none for it
 */
export function refusalFault(refusal: Refusal, conflicts?: "TASK_NOT_CANCELABLE" | "UNSUPPORTED_OPERATION"): Fault {
  const { code, reason, message, data } = refusal;
  const remedy = reason ? CONFLICT_REMEDIES[reason] : REFUSALS[code].remedy;
  const known = Object.entries(data).filter(([, value]) => ["string", "number", "boolean"].includes(typeof value));
  const metadata = { ...Object.fromEntries(known.map(([name, value]) => [name, String(value)])), remedy };
  if (code === "conflict" && conflicts) return fault(conflicts, message, { ...metadata, reason: reason! });
  if (code === "not_found") return fault("TASK_NOT_FOUND", message, typeof data.id === "string" ? { taskId: data.id } : {});
  if (code === "invalid_params") {
    const issues = Array.isArray(data.issues) ? (data.issues as { path: string; message: string }[]) : [];
    return malformed(
      message,
      issues.map(({ path, message }) => ({ field: path, description: message })),
    );
  }
  return new Fault(OWN[code], message, [errorInfo((reason ?? code).toUpperCase(), "coord", metadata)]);
}
