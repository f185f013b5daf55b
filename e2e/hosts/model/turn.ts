/** A tool as the request offers it to the model: the host's own name for it. */
export interface OfferedTool {
  readonly name: string;
  /** Of a host that groups its tools, the group. */
  readonly namespace?: string;
}

/** One tool call of the conversation so far, with what the model is shown as its result. */
export interface Step {
  /** As the host names it, a group's name and a dot before it. */
  readonly tool: string;
  readonly args: unknown;
  /** Undefined while the host shows no result for it. */
  readonly shown: string | undefined;
}

/** A request of any of the four wires, in one shape: what a model would see at this moment. */
export interface Turn {
  readonly tools: readonly OfferedTool[];
  /** Tools that are named only: the model asks the host's `ToolSearch` for them before it can call them. */
  readonly deferred: readonly string[];
  readonly steps: readonly Step[];
  /** What the user's side has said since the model's last answer, tool results left out; hosts put reminders and hooks' words here. */
  readonly latest: string;
  /** Everything that the user's side has said, in order, tool results left out. */
  readonly said: string;
  /** The system prompt. */
  readonly system: string;
}

export interface Call {
  readonly tool: OfferedTool;
  readonly args: Record<string, unknown>;
}

/** What the model answers: tool calls, or its last words. */
export type Reply = { readonly calls: readonly Call[] } | { readonly text: string };

/** A request after its body was read. */
export interface Asked {
  /** The path below the agent's own prefix, with its query. */
  readonly path: string;
  readonly body: Record<string, unknown>;
}

export interface Sent {
  readonly type: string;
  readonly body: string;
}

/** How one maker's API looks on the wire. */
export interface Wire {
  readonly name: string;
  /** Whether this request asks the model for an answer; the rest (token counts, model lists) is answered by `other`. */
  asksModel(asked: Asked): boolean;
  read(asked: Asked): Turn;
  write(reply: Reply, asked: Asked): Sent;
  /** An answer that keeps the host going for a request that is no conversation. */
  other(asked: Asked): Sent | undefined;
}

export const eventStream = (events: readonly string[]): Sent => ({ type: "text/event-stream", body: events.join("") });
export const json = (value: unknown): Sent => ({ type: "application/json", body: JSON.stringify(value) });

/** The words of a message's content, which every wire allows as a string or as parts with a `text`. */
export function words(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map((part: unknown) => (typeof part === "string" ? part : ((part as { text?: unknown }).text ?? "")))
    .filter((text): text is string => typeof text === "string")
    .join("\n");
}

/** Collects a conversation in order, whatever the wire: what the user said, what the model called, what came back. */
export class Conversation {
  readonly #steps: { tool: string; args: unknown; shown: string | undefined; id: string }[] = [];
  #said: string[] = [];
  #latest: string[] = [];

  user(text: string): void {
    if (text === "") return;
    this.#said.push(text);
    this.#latest.push(text);
  }

  /** The model spoke: what the user's side says from here on is new. */
  model(): void {
    this.#latest = [];
  }

  called(id: string, tool: string, args: unknown): void {
    this.model();
    this.#steps.push({ id, tool, args, shown: undefined });
  }

  shown(id: string, text: string): void {
    const step = this.#steps.findLast((one) => one.id === id);
    if (step) step.shown = text;
  }

  turn(tools: readonly OfferedTool[], system: string, deferred: readonly string[] = []): Turn {
    return { tools, deferred, system, steps: this.#steps, said: this.#said.join("\n"), latest: this.#latest.join("\n") };
  }
}
