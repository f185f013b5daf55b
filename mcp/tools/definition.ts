import type { MethodName, ParamsIn, Result } from "../../protocol/index.ts";
import type { Board, CallOptions } from "../board.ts";
import type { Clock } from "../clock.ts";
import type { Holds } from "../holds.ts";

/** The part of JSON Schema that every host understands: one type each, arrays with their items. */
export type Schema = {
  readonly type: "string" | "integer" | "boolean" | "object" | "array";
  readonly description?: string;
  readonly enum?: string[];
  readonly items?: { readonly type: "string" | "object" };
};

export interface Annotations {
  readonly readOnlyHint?: true;
  readonly destructiveHint?: boolean;
  readonly idempotentHint?: true;
  readonly openWorldHint: false;
}

export const READS: Annotations = { readOnlyHint: true, openWorldHint: false };
export const WRITES: Annotations = { destructiveHint: false, openWorldHint: false };
export const REPEATS: Annotations = { destructiveHint: false, idempotentHint: true, openWorldHint: false };
export const DESTROYS: Annotations = { destructiveHint: true, openWorldHint: false };

/** What the tools of one server share. */
export interface ToolContext {
  readonly board: Board;
  readonly holds: Holds;
  readonly clock: Clock;
  /** Who acts when a call names nobody. */
  readonly handle: string;
}

/** One call of a tool. */
export interface ToolCall {
  /** The arguments, their names in snake_case, `agent_id` taken out and `id` made a string. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly agent: string;
  /** Aborted when the host gives the call up or goes away. */
  readonly signal: AbortSignal;
  /** The longest that this call may block, in seconds. */
  readonly longestWait: number;
  /** Finds out whether the host is still there, where its going away is not noticed at once. */
  readonly isThere: (() => Promise<boolean>) | undefined;
  /** Says that the call is alive, where the host asked to be told; `elapsed` and `total` in seconds. */
  readonly progress: ((elapsed: number, total: number) => void) | undefined;
}

export type Answer = Record<string, unknown>;

export interface Tool {
  readonly name: string;
  /** The method that it stands for; a test holds its arguments against that method's parameters. */
  readonly method: MethodName;
  readonly description: string;
  /** In place of `description` where nobody extends leases for the agent. */
  readonly unkept?: string;
  readonly input: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  /** The answer's fields. None is required: a refusal has others. */
  readonly output: Readonly<Record<string, Schema>>;
  readonly annotations: Annotations;
  /** It can block: standard input's end gives it up at once. */
  readonly waits?: true;
  run(call: ToolCall, context: ToolContext): Promise<Answer>;
}

export const text: Schema = { type: "string" };
export const integer: Schema = { type: "integer" };
export const flag: Schema = { type: "boolean" };
export const object: Schema = { type: "object" };
export const texts: Schema = { type: "array", items: { type: "string" } };
/** An array of objects as an argument. */
export const objects: Schema = { type: "array", items: { type: "object" } };
/** An array of objects; some hosts insist on `items`, so the answers' schemas alone use it. */
export const rows: Schema = { type: "array" };
export const agentId = { agentId: text } as const;
export const taskId = { id: { type: "string", description: "id, #number or unique prefix" } } satisfies Record<string, Schema>;

/** What a filter can ask for, as one flat set of arguments. */
export const filter = {
  state: { ...texts, description: "pending, claimed, review, completed, failed, cancelled, backlog, idea or any" },
  kind: texts,
  priority: texts,
  label: texts,
  performer: { type: "string", enum: ["agent", "user"] },
  claimed_by: texts,
  created_by: texts,
  assignee: texts,
  ids: texts,
  ignore_ids: texts,
  name_contains: text,
  q: { type: "string", description: "words in name, description or payload" },
  ready: { type: "boolean", description: "claimable now" },
} satisfies Record<string, Schema>;

/** Handles named with `@`, for what hears of changes. */
export const mentions = { mentions: { ...texts, description: "notes and reviews that name these with @; me: you" } } satisfies Record<
  string,
  Schema
>;

/** One request of the agent's, answered or refused with a `CliError`. */
export function ask<M extends MethodName>(
  call: ToolCall,
  context: ToolContext,
  method: M,
  params: Record<string, unknown>,
  options?: CallOptions,
): Promise<Result<M>> {
  // The host's model wrote these; the server's own schema decides, and its refusal names the field.
  return context.board.call(call.agent, method, params as ParamsIn<M>, options);
}
