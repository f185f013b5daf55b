import { ProtocolError, ProtocolErrorCode, type Server } from "@modelcontextprotocol/server";
import type { Board } from "../board.ts";
import { complete } from "../completion.ts";
import { served } from "../serving.ts";
import { listedPrompts, PROMPTS } from "./index.ts";

/** Answers for the prompts, and completes their arguments and the templates' variables. */
export function servePrompts(server: Server, board: Board, report: (bug: unknown) => void): void {
  server.setRequestHandler("prompts/list", () => ({ prompts: listedPrompts() }));
  server.setRequestHandler("prompts/get", ({ params }, { mcpReq: { signal } }) =>
    served(report, async () => {
      const prompt = PROMPTS.find(({ name }) => name === params.name);
      if (!prompt) throw wrong(`coord has no prompt ${params.name}; it has ${PROMPTS.map(({ name }) => name).join(", ")}`);
      const args = params.arguments ?? {};
      for (const { name, required } of prompt.arguments)
        if (required && (args[name] ?? "").trim() === "") throw wrong(`the prompt ${prompt.name} needs the argument ${name}`);
      const text = await prompt.text(args, board, { signal });
      return { description: prompt.description, messages: [{ role: "user" as const, content: { type: "text" as const, text } }] };
    }),
  );
  server.setRequestHandler("completion/complete", ({ params }, { mcpReq: { signal } }) =>
    served(report, async () => {
      const values = await complete(params, board, { signal });
      return { completion: { values, total: values.length, hasMore: false } };
    }),
  );
}

function wrong(message: string): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, message);
}
