import { randomUUID } from "node:crypto";
import { Conversation, eventStream, json, type Wire, words } from "./turn.ts";

interface Message {
  readonly role: string;
  readonly content?: unknown;
  readonly tool_call_id?: string;
  readonly tool_calls?: readonly { id: string; function: { name: string; arguments: string } }[];
}

interface Body {
  readonly messages?: readonly Message[];
  readonly tools?: readonly { function: { name: string } }[];
  readonly stream?: boolean;
  readonly model?: string;
}

/** OpenAI's chat completions, streamed or not, as opencode's compatible provider asks them. */
export const openaiChat: Wire = {
  name: "OpenAI chat completions",
  asksModel: ({ path }) => /^\/v1\/chat\/completions(\?|$)/.test(path),
  read({ body }) {
    const { messages = [], tools = [] } = body as Body;
    const conversation = new Conversation();
    const system: string[] = [];
    for (const { role, content, tool_calls = [], tool_call_id = "" } of messages) {
      if (role === "system" || role === "developer") system.push(words(content));
      else if (role === "tool") conversation.shown(tool_call_id, words(content));
      else if (role === "user") conversation.user(words(content));
      else conversation.model();
      for (const call of tool_calls) conversation.called(call.id, call.function.name, JSON.parse(call.function.arguments || "{}"));
    }
    return conversation.turn(
      tools.map((tool) => ({ name: tool.function.name })),
      system.join("\n"),
    );
  },
  write(reply, { body }) {
    const head = { id: `chatcmpl-${randomUUID()}`, created: 0, model: (body as Body).model };
    const finish_reason = "calls" in reply ? "tool_calls" : "stop";
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    const message =
      "text" in reply
        ? { role: "assistant", content: reply.text }
        : {
            role: "assistant",
            content: null,
            tool_calls: reply.calls.map(({ tool, args }, index) => ({
              index,
              id: `call_${randomUUID()}`,
              type: "function",
              function: { name: tool.name, arguments: JSON.stringify(args) },
            })),
          };
    if ((body as Body).stream !== true)
      return json({ ...head, object: "chat.completion", choices: [{ index: 0, message, finish_reason }], usage });
    const chunk = (choice: object, rest = {}) =>
      `data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", choices: [{ index: 0, ...choice }], ...rest })}\n\n`;
    return eventStream([
      chunk({ delta: message, finish_reason: null }),
      chunk({ delta: {}, finish_reason }, { usage }),
      "data: [DONE]\n\n",
    ]);
  },
  other({ path }) {
    return path.startsWith("/v1/models") ? json({ object: "list", data: [] }) : undefined;
  },
};
