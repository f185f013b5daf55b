import { randomUUID } from "node:crypto";
import { Conversation, eventStream, json, type Reply, type Wire, words } from "./turn.ts";

interface Part {
  readonly text?: string;
  readonly functionCall?: { readonly name: string; readonly args?: unknown; readonly id?: string };
  readonly functionResponse?: { readonly name: string; readonly id?: string; readonly response?: unknown };
}

interface Body {
  readonly contents?: readonly { role?: string; parts?: readonly Part[] }[];
  readonly tools?: readonly { functionDeclarations?: readonly { name: string }[] }[];
  readonly systemInstruction?: { parts?: readonly Part[] };
}

/** Google's generateContent, streamed or not, as Gemini CLI asks it. */
export const gemini: Wire = {
  name: "Gemini generateContent",
  asksModel: ({ path }) => /:(streamG|g)enerateContent/.test(path),
  read({ body }) {
    const { contents = [], tools = [], systemInstruction } = body as Body;
    const conversation = new Conversation();
    for (const { role, parts = [] } of contents) {
      if (role === "model") conversation.model();
      for (const { text, functionCall, functionResponse } of parts) {
        if (functionCall) conversation.called(functionCall.id ?? functionCall.name, functionCall.name, functionCall.args ?? {});
        else if (functionResponse) conversation.shown(functionResponse.id ?? functionResponse.name, shownText(functionResponse.response));
        else if (role !== "model" && text !== undefined) conversation.user(text);
      }
    }
    const offered = tools.flatMap(({ functionDeclarations = [] }) => functionDeclarations.map(({ name }) => ({ name })));
    return conversation.turn(offered, words(systemInstruction?.parts));
  },
  write(reply, { path }) {
    const answer = {
      candidates: [{ index: 0, content: { role: "model", parts: partsOf(reply) }, finishReason: "STOP" }],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
    };
    return path.includes(":streamGenerateContent") ? eventStream([`data: ${JSON.stringify(answer)}\n\n`]) : json(answer);
  },
  other({ path }) {
    return path.includes(":countTokens") ? json({ totalTokens: 1 }) : undefined;
  },
};

function partsOf(reply: Reply): Part[] {
  if ("text" in reply) return [{ text: reply.text }];
  return reply.calls.map(({ tool, args }) => ({ functionCall: { id: randomUUID(), name: tool.name, args } }));
}

/** Gemini CLI wraps a tool's text as `{output}` or `{error}`. */
function shownText(response: unknown): string {
  const { output, error } = (response ?? {}) as { output?: unknown; error?: unknown };
  const text = output ?? error;
  return typeof text === "string" ? text : JSON.stringify(response);
}
