import type { Board, CallOptions } from "../board.ts";

export interface PromptArgument {
  readonly name: string;
  readonly description: string;
  readonly required?: true;
  /** What completes it. */
  readonly completes?: "task" | "kind" | "agent";
}

/** What a person starts by name: `/mcp__coord__standup` in Claude Code, a slash command elsewhere. */
export interface Prompt {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly arguments: readonly PromptArgument[];
  /** What the model is told, made of what the board says now. */
  text(args: Readonly<Record<string, string>>, board: Board, options: CallOptions): Promise<string>;
}
