import { z } from "zod";
import type { Event } from "./events.ts";
import type { RpcError } from "./refusals.ts";

/** JSON-RPC 2.0 §4: a request's id. null is allowed by the specification and answered as such. */
export const RpcId = z.union([z.string().max(256), z.number(), z.null()]);
export type RpcId = z.infer<typeof RpcId>;

/**
 * One call. `jsonrpc` may be absent: the bulletin's server took that, and answered even without an id;
 * with `jsonrpc: "2.0"` and no id the call is a notification (JSON-RPC §4.1).
 */
export const RpcRequest = z.object({
  jsonrpc: z.literal("2.0").optional(),
  id: RpcId.optional(),
  method: z.string().min(1).max(128),
  params: z.union([z.record(z.string(), z.unknown()), z.null()]).optional(),
});
export type RpcRequest = z.infer<typeof RpcRequest>;

export type RpcResponse = { jsonrpc: "2.0"; id: RpcId; result: unknown } | { jsonrpc: "2.0"; id: RpcId; error: RpcError };

/** What the server sends over a session unasked. */
export type ServerNotification =
  | { jsonrpc: "2.0"; method: "events"; params: { subscription: number; events: Event[]; cursor: number } }
  /** The server is about to stop or restart: close, then reconnect with your cursor. */
  | { jsonrpc: "2.0"; method: "bye"; params: { reason: string } };

/** A text frame that the runtime answers with `SESSION_PONG` without waking the object. */
export const SESSION_PING = "ping";
export const SESSION_PONG = "pong";
