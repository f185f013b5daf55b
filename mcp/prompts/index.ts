import { handoff } from "./handoff.ts";
import { plan } from "./plan.ts";
import type { Prompt } from "./prompt.ts";
import { standup } from "./standup.ts";

export const PROMPTS: readonly Prompt[] = [standup, handoff, plan];

/** As `prompts/list` shows them. */
export function listedPrompts() {
  return PROMPTS.map(({ name, title, description, arguments: args }) => ({
    name,
    title,
    description,
    arguments: args.map(({ completes: _ours, ...argument }) => argument),
  }));
}
