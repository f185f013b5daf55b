import { type JSONRPCRequest, ProtocolError, ProtocolErrorCode, Server, type ServerContext } from "@modelcontextprotocol/server";

type Handler = Parameters<Server["_wrapHandler"]>[1];

/** The SDK's server, except that parameters which do not fit are the caller's mistake (-32602): the SDK calls them an internal error. */
export class CheckedServer extends Server {
  protected override _wrapHandler(method: string, handler: Handler): Handler {
    return super._wrapHandler(method, async (request: JSONRPCRequest, context: ServerContext) => {
      try {
        return await handler(request, context);
      } catch (error) {
        const wrong = issuesIn(error);
        if (wrong === undefined) throw error;
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, `${method}: ${wrong}`);
      }
    });
  }
}

/** What a schema found fault with, where an error's message is nothing but its issues in JSON; the first five. */
function issuesIn(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof ProtocolError || !error.message.startsWith("[")) return undefined;
  let issues: unknown;
  try {
    issues = JSON.parse(error.message);
  } catch {
    return undefined; // a message of another kind
  }
  if (!Array.isArray(issues) || issues.length === 0) return undefined;
  const told = issues.slice(0, 5).map((issue: { path?: unknown; message?: unknown } | null) => {
    const path = Array.isArray(issue?.path) ? issue.path.join(".") : "";
    return `${path === "" ? "" : `${path}: `}${String(issue?.message ?? "not as expected")}`;
  });
  return told.join("; ");
}
