import { boardText } from "../resources/board.ts";
import { clipped, oneLine } from "../resources/text.ts";
import type { Prompt } from "./prompt.ts";

const GOAL_CHARS = 8_000;

export const plan: Prompt = {
  name: "plan",
  title: "Plan a goal",
  description: "Turn a goal into jobs with dependencies on the board",
  arguments: [
    { name: "goal", description: "what is to be reached", required: true },
    { name: "kind", description: "the kind that its jobs get", completes: "kind" },
  ],
  async text({ goal = "", kind }, board, options) {
    const state = await boardText(board, { options });
    const kinds = kind === undefined || kind.trim() === "" ? "" : ` Give every job the kind ${JSON.stringify(oneLine(kind, 64))}.`;
    return `Plan this goal as jobs on the board, for several agents who work at once and know nothing but the board:

> ${clipped(goal.trim(), GOAL_CHARS, "shortened").replaceAll("\n", "\n> ")}

1. Look first: the board is below, and tasks_list with q finds what is closed. What is already there is not posted again; depend on it by its number.
2. Cut the goal into jobs of an hour or less, each with one result that can be checked. A description says all that a stranger needs: what, where, how to tell that it is done.
3. depends_on only where a job truly needs another's result: what is free of it can be done at the same time. Work that somebody should look at has review: required.${kinds}
4. Show me the plan as a list with its dependencies, and ask whether it is right.
5. Then post all of it with one tasks_plan, each task with a ref that the others' depends_on may use: it is posted whole or not at all. Say the numbers that it got.

${state}`;
  },
};
