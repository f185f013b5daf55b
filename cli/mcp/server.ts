import { CLIENT_INFO_META_KEY, ProtocolError, ProtocolErrorCode, Server, type ServerContext } from "@modelcontextprotocol/server";
import { VERSION } from "../version.ts";
import type { Desk } from "./desk.ts";
import { instructions } from "./instructions.ts";
import { listed } from "./listing.ts";
import type { Tool } from "./tools/definition.ts";

/**
 * An MCP server over the desk, for either era of the protocol (MCP 2025-11-25 and earlier, and 2026-07-28).
 * The SDK's plain `Server`: the schemas are then ours to the letter, and a wrong argument is a refusal that the model can act on.
 */
export function mcpServer(desk: Desk, tools: readonly Tool[], handle: string): Server {
  const server = new Server(
    { name: "coord", title: "coord", version: VERSION },
    { capabilities: { tools: {} }, instructions: instructions(handle) },
  );
  // Since 2026-07-28 every request says who sends it; before, the handshake did.
  const hostOf = ({ mcpReq }: ServerContext): string | undefined => {
    const envelope = mcpReq.envelope as { [CLIENT_INFO_META_KEY]?: { name?: string } } | undefined;
    return envelope?.[CLIENT_INFO_META_KEY]?.name ?? server.getClientVersion()?.name;
  };

  server.setRequestHandler("tools/list", (_request, context) => {
    const longest = desk.longestWait(hostOf(context));
    return { tools: tools.map((tool) => listed(tool, longest)) };
  });

  server.setRequestHandler("tools/call", async ({ params }, context) => {
    if (!desk.has(params.name)) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `coord has no tool ${params.name}`);
    const { answer, isError } = await desk.answer({
      name: params.name,
      args: params.arguments ?? {},
      signal: context.mcpReq.signal,
      host: hostOf(context),
      progress: progressOf(context),
    });
    // Hosts differ in which of the two their model sees: both say the same.
    return { content: [{ type: "text", text: JSON.stringify(answer) }], structuredContent: answer, ...(isError ? { isError } : {}) };
  });
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
