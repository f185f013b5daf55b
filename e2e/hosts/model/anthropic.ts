import { randomUUID } from "node:crypto";
import { type Asked, Conversation, eventStream, json, type OfferedTool, type Reply, type Sent, type Wire, words } from "./turn.ts";

interface Block {
  readonly type: string;
  readonly text?: string;
  readonly id?: string;
  readonly name?: string;
  readonly input?: unknown;
  readonly tool_use_id?: string;
  readonly content?: unknown;
  readonly tool?: { readonly name?: string };
}

interface Body {
  readonly system?: unknown;
  readonly messages?: readonly { role: string; content: string | Block[] }[];
  readonly tools?: readonly { name: string; defer_loading?: boolean }[];
  readonly stream?: boolean;
  readonly model?: string;
}

const USAGE = { input_tokens: 1, output_tokens: 1, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 };

/** Anthropic's Messages API with server-sent events, as Claude Code asks it. */
export const anthropic: Wire = {
  name: "Anthropic Messages",
  asksModel: ({ path }) => /^\/v1\/messages(\?|$)/.test(path),
  read({ body }) {
    const { messages = [], tools = [], system } = body as Body;
    const conversation = new Conversation();
    const told: string[] = [];
    for (const { role, content } of messages) {
      const blocks: readonly Block[] = typeof content === "string" ? [{ type: "text", text: content }] : content;
      if (role === "assistant") conversation.model();
      for (const block of blocks) {
        if (block.type === "tool_use") conversation.called(block.id ?? "", block.name ?? "", block.input);
        else if (block.type === "tool_result") conversation.shown(block.tool_use_id ?? "", words(block.content));
        else if (block.type === "text" && role === "system") told.push(block.text ?? "");
        else if (block.type === "text" && role === "user") conversation.user(block.text ?? "");
      }
    }
    const loaded = new Set(messages.flatMap(({ content }) => (typeof content === "string" ? [] : content.flatMap(referencesIn))));
    const offered: OfferedTool[] = tools.filter((tool) => !tool.defer_loading || loaded.has(tool.name)).map(({ name }) => ({ name }));
    const all = [words(system), ...told].join("\n");
    return conversation.turn(offered, all, deferredIn(all));
  },
  write(reply, { body }) {
    const id = `msg_${randomUUID()}`;
    const blocks = contentOf(reply);
    const stop_reason = "calls" in reply ? "tool_use" : "end_turn";
    const message = { id, type: "message", role: "assistant", model: (body as Body).model, stop_sequence: null, usage: USAGE };
    if ((body as Body).stream !== true) return json({ ...message, content: blocks, stop_reason });
    const events: object[] = [{ type: "message_start", message: { ...message, content: [], stop_reason: null } }];
    for (const [index, block] of blocks.entries()) {
      const call = block.type === "tool_use";
      events.push(
        { type: "content_block_start", index, content_block: call ? { ...block, input: {} } : { type: "text", text: "" } },
        {
          type: "content_block_delta",
          index,
          delta: call ? { type: "input_json_delta", partial_json: JSON.stringify(block.input) } : { type: "text_delta", text: block.text },
        },
        { type: "content_block_stop", index },
      );
    }
    events.push({ type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage: USAGE }, { type: "message_stop" });
    return eventStream(events.map((event) => `event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`));
  },
  other({ path }: Asked): Sent | undefined {
    return path.startsWith("/v1/messages/count_tokens") ? json({ input_tokens: 1 }) : undefined;
  },
};

/** The tools that a search has loaded, or that came when the conversation had begun: from there on the model may call them. */
function referencesIn({ type, content, tool }: Block): string[] {
  if (type === "tool_addition") return [tool?.name ?? ""];
  if (type !== "tool_result" || !Array.isArray(content)) return [];
  return content.flatMap((part: { type?: string; tool_name?: string }) => (part.type === "tool_reference" ? [part.tool_name ?? ""] : []));
}

/** Claude Code names the tools that its ToolSearch knows in a list, one a line, below a sentence that begins so. */
function deferredIn(told: string): string[] {
  const [, ...lists] = told.split(/^The following deferred tools are now available.*$/m);
  return lists.flatMap((list) =>
    list
      .trim()
      .split(/\n\n/)[0]!
      .split("\n")
      .filter((name) => /^\w+$/.test(name)),
  );
}

function contentOf(reply: Reply): Block[] {
  if ("text" in reply) return [{ type: "text", text: reply.text }];
  return reply.calls.map(({ tool, args }) => ({ type: "tool_use", id: `toolu_${randomUUID()}`, name: tool.name, input: args }));
}
