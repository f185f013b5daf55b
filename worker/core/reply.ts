import { type RpcId, type RpcResponse, toRpcError } from "../../protocol/index.ts";
import type { Outcome } from "./turn.ts";

/** An outcome as a JSON-RPC 2.0 response object (§5). */
export function rpcResponse(id: RpcId, outcome: Outcome<unknown>): RpcResponse {
  return outcome.ok ? { jsonrpc: "2.0", id, result: outcome.value } : { jsonrpc: "2.0", id, error: toRpcError(outcome.refusal) };
}
