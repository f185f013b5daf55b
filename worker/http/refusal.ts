import { REFUSALS, type Refusal, toRpcError } from "../../protocol/index.ts";

/** A refusal as the whole answer to a request: a JSON-RPC error object with the table's HTTP status. */
export function refusalResponse(refusal: Refusal): Response {
  return Response.json({ jsonrpc: "2.0", id: null, error: toRpcError(refusal) }, { status: REFUSALS[refusal.code].http });
}
