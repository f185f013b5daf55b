import type { MethodName, ParamsIn, Result } from "../../protocol/index.ts";
import type { BatchAnswer } from "../../protocol/siblings.ts";
import { isRpcError, refused } from "./failures.ts";
import { type HttpOptions, insistently } from "./http.ts";
import { repeatable } from "./mutations.ts";
import type { Target } from "./types.ts";

/**
 * Many calls of one method in one JSON-RPC batch (JSON-RPC §6), answered in their order. As safe to repeat as single calls are: each
 * has its idempotency key, made once.
 * @throws CliError where the batch as a whole is refused (too large, no token), or exit 7 when no server answers.
 */
export async function batch<M extends MethodName>(
  target: Target,
  method: M,
  all: readonly ParamsIn<M>[],
  options: HttpOptions = {},
): Promise<BatchAnswer<Result<M>>[]> {
  if (all.length === 0) return [];
  const calls = all.map((params, id) => ({ jsonrpc: "2.0", id, method, params: repeatable(method, params as object) }));
  return insistently(target, calls, options, (answer) => {
    if (!Array.isArray(answer)) {
      const { error } = (typeof answer === "object" && answer !== null ? answer : {}) as { error?: unknown };
      if (isRpcError(error)) throw refused(error);
      return undefined;
    }
    const byId = new Map(answer.map((one: { id?: unknown; result?: unknown; error?: unknown }) => [one?.id, one]));
    return calls.map(({ id }): BatchAnswer<Result<M>> => {
      const { result, error } = byId.get(id) ?? {};
      if (isRpcError(error)) return { ok: false, error };
      if (result === undefined) return { ok: false, error: { code: -32000, message: "the server left this call without an answer" } };
      return { ok: true, result: result as Result<M> };
    });
  });
}
