import { EXIT, REFUSALS } from "../../protocol/refusals.ts";
import { CliError } from "../errors.ts";
import type { Mistake } from "./mistakes.ts";
import type { Plan } from "./plan.ts";

type Get = (id: string) => Promise<{ readonly state: string; readonly number: number } | null>;

/**
 * Looks up, without changing anything, the tasks on the board that a plan depends on.
 * @returns what is wrong, and what its author should know: a dependency that can no more be completed, or that nobody could be asked.
 */
export async function checkAgainstBoard(plan: Plan, get: Get): Promise<{ mistakes: Mistake[]; remarks: string[] }> {
  const mistakes: Mistake[] = [];
  const remarks = new Set<string>();
  const known = new Map<string, Awaited<ReturnType<Get>>>();
  for (const { params, title, lineOf } of plan.tasks) {
    for (const on of params.depends_on ?? []) {
      const word = String(on);
      if (word.startsWith("@")) continue;
      const say = (message: string, exit: number) =>
        mistakes.push({ message, exit, task: title, field: "depends_on", line: lineOf("depends_on") });
      try {
        if (!known.has(word)) known.set(word, await get(word));
        const task = known.get(word);
        if (!task) say(`there is no task ${word} on the board`, REFUSALS.not_found.exit);
        else if (task.state === "cancelled") remarks.add(`#${task.number} is cancelled: what depends on it stays held (${title})`);
      } catch (error) {
        if (!(error instanceof CliError)) throw error;
        if (error.exit === EXIT.unreachable) return { mistakes, remarks: [...remarks, `the board was not asked: ${error.message}`] };
        say(error.message, error.exit);
      }
    }
  }
  return { mistakes, remarks: [...remarks] };
}
