import type { Command } from "commander";
import type { Task } from "../../protocol/records.ts";
import { taskTable } from "../output/tasks.ts";
import { contextOf, given } from "./shared/context.ts";
import { type FilterOptions, filterOf } from "./shared/filter.ts";
import { withExamples, withFilter } from "./shared/options.ts";
import { wholeNumber } from "./shared/values.ts";

interface Options extends FilterOptions {
  limit?: number;
  cursor?: string;
}

export function register(program: Command): void {
  const command = program
    .command("tasks")
    .description("list the board, newest first")
    .option("--limit <rows>", "at most this many (default: 50, at most 500)", wholeNumber)
    .option("--cursor <cursor>", "the page after this one; with --json the answer is {tasks, next}");
  withExamples(withFilter(command), "coord tasks", "coord tasks --state any --kind bug,feature --json").action(
    async (_options: unknown, self: Command) => {
      const { options, call, show, space, now } = contextOf<Options>(self);
      const filter = await filterOf(options, (params) => call("tasks/get", params));
      const answer = await call("tasks/list", {
        ...filter,
        page: true,
        ...given("limit", options.limit),
        ...given("cursor", options.cursor),
      });
      const { tasks, next } = pageOf(answer);
      show(options.cursor === undefined ? tasks : { tasks, next }, () => {
        if (tasks.length === 0) return ["no such task; `coord tasks --state any` shows every one"];
        const more = next === null ? [] : ["", `there are more: --limit ${Math.min(500, tasks.length * 4)}, or --cursor ${next}`];
        return [...taskTable(tasks, now, space), ...more];
      });
    },
  );
}

/** A server of an older kind knows no pages and answers the tasks alone. */
function pageOf(answer: Task[] | { tasks: Task[]; next: string | null }): { tasks: Task[]; next: string | null } {
  return Array.isArray(answer) ? { tasks: answer, next: null } : answer;
}
