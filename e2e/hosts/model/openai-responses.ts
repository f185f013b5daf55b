import { randomUUID } from "node:crypto";
import { Conversation, eventStream, json, type OfferedTool, type Wire, words } from "./turn.ts";

interface Item {
  readonly type?: string;
  readonly role?: string;
  readonly content?: unknown;
  readonly name?: string;
  readonly namespace?: string;
  readonly arguments?: string;
  readonly call_id?: string;
  readonly output?: unknown;
}

interface OfferedRow {
  readonly type: string;
  readonly name?: string;
  /** Of a namespace: its server's own instructions. */
  readonly description?: string;
  readonly tools?: readonly { name: string }[];
}

interface Body {
  readonly instructions?: string;
  readonly input?: readonly Item[];
  readonly tools?: readonly OfferedRow[];
}

const USAGE = {
  input_tokens: 1,
  output_tokens: 1,
  total_tokens: 2,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens_details: { reasoning_tokens: 0 },
};

/** OpenAI's Responses API with server-sent events, as Codex asks it. MCP tools come grouped in namespaces. */
export const openaiResponses: Wire = {
  name: "OpenAI Responses",
  asksModel: ({ path }) => /^\/v1\/responses(\?|$)/.test(path),
  read({ body }) {
    const { instructions = "", input = [], tools = [] } = body as Body;
    const conversation = new Conversation();
    const told = [instructions, ...tools.flatMap(({ type, description = "" }) => (type === "namespace" ? [description] : []))];
    for (const item of input) {
      if (item.type === "function_call") {
        const name = item.namespace ? `${item.namespace}.${item.name}` : (item.name ?? "");
        conversation.called(item.call_id ?? "", name, parsed(item.arguments));
      } else if (item.type === "function_call_output") {
        const { output } = item;
        conversation.shown(
          item.call_id ?? "",
          typeof output === "string" || Array.isArray(output) ? words(output) : JSON.stringify(output),
        );
      } else if (item.role === "assistant") conversation.model();
      else if (item.role === "developer" || item.role === "system") told.push(words(item.content));
      else if (item.role === "user") conversation.user(words(item.content));
    }
    return conversation.turn(tools.flatMap(offered), told.join("\n"));
  },
  write(reply) {
    const id = `resp_${randomUUID()}`;
    const items =
      "text" in reply
        ? [{ type: "message", role: "assistant", id: `msg_${randomUUID()}`, content: [{ type: "output_text", text: reply.text }] }]
        : reply.calls.map(({ tool, args }) => ({
            type: "function_call",
            id: `fc_${randomUUID()}`,
            call_id: `call_${randomUUID()}`,
            name: tool.name,
            ...(tool.namespace ? { namespace: tool.namespace } : {}),
            arguments: JSON.stringify(args),
          }));
    const events = [
      { type: "response.created", response: { id } },
      ...items.map((item, output_index) => ({ type: "response.output_item.done", output_index, item })),
      { type: "response.completed", response: { id, output: items, usage: USAGE } },
    ];
    return eventStream(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`));
  },
  other({ path }) {
    return path.startsWith("/v1/models") ? json({ object: "list", data: [], models: [] }) : undefined;
  },
};

function offered({ type, name = "", tools = [] }: OfferedRow): OfferedTool[] {
  return type === "namespace" ? tools.map((tool) => ({ namespace: name, name: tool.name })) : [{ name }];
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return text; // what a host made of the call is shown as it is
  }
}
