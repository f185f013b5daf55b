import type { Command } from "commander";
import { stateLabel, taskTitle } from "../output/tasks.ts";
import { type ActorOptions, contextOf, given, holder, keyed } from "./shared/context.ts";
import { withClaim, withExamples } from "./shared/options.ts";
import { taskRef } from "./shared/values.ts";

interface Options extends ActorOptions {
  reason?: string;
}

export function register(program: Command): void {
  const command = program
    .command("release")
    .description("give a claimed job back, for others to take")
    .argument("<id>", "number, id, or its first 4 or more characters")
    .option("--reason <text>", "why; kept in its history");
  withExamples(withClaim(command), "coord release 12 --as harbor-lynx --reason 'needs a Mac'").action(
    async (id: string, _options: unknown, self: Command) => {
      const { options, call, show, space } = contextOf<Options>(self);
      const task = await call("tasks/release", {
        id: taskRef(id),
        ...holder(options),
        ...given("reason", options.reason),
        ...keyed(options),
      });
      show(task, () => [taskTitle(task, space.columns), `released: ${stateLabel(task)}`]);
    },
  );
}
