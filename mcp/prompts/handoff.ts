import type { Task } from "../../protocol/index.ts";
import { refuse } from "../../protocol/refusals.ts";
import { Refused } from "../failures.ts";
import { taskNamed } from "../resources/named.ts";
import { taskText } from "../resources/task.ts";
import { named, oneLine } from "../resources/text.ts";
import type { Prompt } from "./prompt.ts";

export const handoff: Prompt = {
  name: "handoff",
  title: "Hand a task over",
  description: "Write down all that the next one needs, and let go of it",
  arguments: [
    { name: "task", description: "#number, id or its beginning", required: true, completes: "task" },
    { name: "to", description: "an agent who should take it", completes: "agent" },
  ],
  async text({ task: given = "", to }, board, options) {
    const id = reference(given);
    const task = await taskNamed(board, id, options);
    if (!task) throw new Refused(refuse("not_found", `no task ${id} in this workspace`, { id }));
    const history = await board.read("tasks/history", { id: task.id }, options);
    const whom = to === undefined || to.trim() === "" ? undefined : oneLine(to.replace(/^@/, ""), 60);
    return `Hand over ${named(task)}${whom ? ` to ${whom}` : ""}, so that somebody who knows only the board can go on with it.

1. tasks_note on #${task.number}: what is done and where (branch, commits, files), what is left, what you tried that does not work, and how to check that it is right. No secrets: a note is for ever.${whom ? ` Begin it with @${whom}: that tells them.` : ""}
2. ${letGo(task, whom)}
3. Tell me in two lines what you wrote and who has the task now.

What the board says of it now:

${taskText(task, history)}`;
  },
};

/** What completion offers is `#12 its name`; people write as little as they can. */
export function reference(given: string): string {
  const [, digits] = /^\s*#?(\d{1,15})(?:\s|$)/.exec(given) ?? [];
  return digits === undefined ? given.trim().slice(0, 40) : `#${digits}`;
}

function letGo({ state, number, claimed_by }: Task, whom: string | undefined): string {
  switch (state) {
    case "claimed":
      return `If you hold it: tasks_release #${number}, with a reason of one line${whom ? `; ${whom} can then claim it` : ""}. It is held by ${oneLine(claimed_by ?? "nobody", 60)} now; if that is not you, leave the note and release nothing.`;
    case "review":
      return `It is in review: release nothing. ${whom ? `Ask ${whom} in the note` : "Ask in the note"} to decide with tasks_review.`;
    case "failed":
      return "It has failed: say in the note what would have to change before a person retries it.";
    case "completed":
    case "cancelled":
      return `It is ${state} for ever: what is left goes into a new task. tasks_send one that names #${number}.`;
    default:
      return `Nobody holds it (it is ${state}), so there is nothing to release${whom ? `; ${whom} can claim it once it is ready` : ""}.`;
  }
}
