import type { Command } from "commander";
import type { Task } from "../../protocol/records.ts";
import { taskDetails } from "../output/tasks.ts";
import { contextOf } from "./shared/context.ts";
import { noSuchTask } from "./shared/filter.ts";
import { withExamples } from "./shared/options.ts";
import { taskRef } from "./shared/values.ts";

export function register(program: Command): void {
  const command = program
    .command("get")
    .description("show one task (exit 4: there is none)")
    .argument("<id>", "number, id, or its first 4 or more characters");
  withExamples(command, "coord get 12", "coord get 8f3a --json").action(async (id: string, _options: unknown, self: Command) => {
    const { options, call, show, space, now } = contextOf(self);
    const task = await call("tasks/get", { id: taskRef(id) });
    if (!task) throw noSuchTask(id);
    // people read numbers and names; a program that reads JSON has the ids
    const ids = options.json ? [] : task.depends_on;
    const others = ids.length === 0 ? [] : ((await call("tasks/list", { ids, state: "any", limit: ids.length })) as Task[]);
    show(task, () => taskDetails(task, now, space, others));
  });
}
