import { CLIENT_INFO_META_KEY, ProtocolError, ProtocolErrorCode, type Server, type ServerContext } from "@modelcontextprotocol/server";
import { CheckedServer } from "./checked-server.ts";
import { type Delivery, deliveryIn } from "./deliveries.ts";
import type { Desk } from "./desk.ts";
import { dropsWhatItCancels } from "./hosts.ts";
import { type Identity, instructions } from "./instructions.ts";
import { listed } from "./listing.ts";
import { servePrompts } from "./prompts/serve.ts";
import { type Subscriptions, serveResources } from "./resources/serve.ts";

/** What an MCP server is made of, whatever carries it. */
export interface Served {
  readonly desk: Desk;
  readonly identity: Identity;
  readonly version: string;
  /** The host's `clientInfo.name`, where the transport knows it and the protocol no longer says it. */
  readonly host?: string | undefined;
  /** Aborted when what the transport carries is given up by other means than the protocol's own. */
  readonly givenUp?: AbortSignal | undefined;
  /** Finds out whether the client is still there, where the transport would notice too late that it is not. */
  readonly isThere?: (() => Promise<boolean>) | undefined;
  /**
   * Told of a claim that an answer carries, by the request's id. A cancellation that came before the answer gives it back, and one that crosses
   * it on its way where the answer `mayBeDropped` by this host.
   */
  readonly delivers?: ((requestId: string | number, delivery: Delivery, mayBeDropped: boolean) => void) | undefined;
  /** Whether changes of resources can be told on this connection. */
  readonly tellsChanges: boolean;
  /** The older era's subscriptions, where there is a connection for them. */
  readonly subscriptions?: Subscriptions | undefined;
}

/**
 * An MCP server over the desk, for either era of the protocol (MCP 2025-11-25 and earlier, and 2026-07-28).
 * The SDK's plain `Server`: the schemas are then ours to the letter, and a wrong argument is a refusal that the model can act on.
 */
export function mcpServer({ desk, identity, version, host, givenUp, isThere, delivers, tellsChanges, subscriptions }: Served): Server {
  const resources = tellsChanges ? { subscribe: true, listChanged: true } : {};
  const server = new CheckedServer(
    { name: "coord", title: "coord", version },
    {
      capabilities: { tools: {}, resources, prompts: {}, completions: {} },
      instructions: instructions(identity, desk.areLeasesKept),
    },
  );
  // Since 2026-07-28 every request says who sends it; before, the handshake did.
  const hostOf = ({ mcpReq }: ServerContext): string | undefined => {
    const envelope = mcpReq.envelope as { [CLIENT_INFO_META_KEY]?: { name?: string } } | undefined;
    return envelope?.[CLIENT_INFO_META_KEY]?.name ?? server.getClientVersion()?.name ?? host;
  };

  server.setRequestHandler("tools/list", (_request, context) => {
    const longest = desk.longestWait(hostOf(context));
    return { tools: desk.tools.map((tool) => listed(tool, longest, desk.areLeasesKept)) };
  });

  server.setRequestHandler("tools/call", async ({ params }, context) => {
    if (!desk.has(params.name)) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `coord has no tool ${params.name}`);
    const { answer, isError } = await desk.answer({
      name: params.name,
      args: params.arguments ?? {},
      signal: givenUp ? AbortSignal.any([context.mcpReq.signal, givenUp]) : context.mcpReq.signal,
      host: hostOf(context),
      isThere,
      progress: progressOf(context),
    });
    const delivery = isError ? undefined : deliveryIn(answer);
    if (delivery) delivers?.(context.mcpReq.id, delivery, dropsWhatItCancels(hostOf(context)));
    // Hosts differ in which of the two their model sees: both say the same.
    return { content: [{ type: "text", text: JSON.stringify(answer) }], structuredContent: answer, ...(isError ? { isError } : {}) };
  });

  serveResources(server, desk.board, desk.report, subscriptions);
  servePrompts(server, desk.board, desk.report);
  return server;
}

/** Sends progress where the host gave a token for it. A notification that cannot be sent is no loss: the answer cannot be sent either. */
function progressOf(context: ServerContext): ((elapsed: number, total: number) => void) | undefined {
  const progressToken = context.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return undefined;
  return (progress, total) => {
    const message = `waiting, ${progress} of ${total} s`;
    context.mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress, total, message } }).catch(() => {});
  };
}
