import type { Command } from "commander";
import { taskTitle } from "../output/tasks.ts";
import { type ActorOptions, contextOf, holder, keyed } from "./shared/context.ts";
import { withClaim, withExamples } from "./shared/options.ts";
import { taskRef } from "./shared/values.ts";

interface Options extends ActorOptions {
  reason: string;
}

export function register(program: Command): void {
  const command = program
    .command("fail")
    .description("give a claimed job up and say why; `coord retry` opens it again")
    .argument("<id>", "number, id, or its first 4 or more characters")
    .requiredOption("--reason <text>", "why");
  withExamples(withClaim(command), "coord fail 12 --as harbor-lynx --reason 'the fixture is gone'").action(
    async (id: string, _options: unknown, self: Command) => {
      const { options, call, show, space } = contextOf<Options>(self);
      const task = await call("tasks/fail", { id: taskRef(id), ...holder(options), reason: options.reason, ...keyed(options) });
      show(task, () => [taskTitle(task, space.columns), `failed; open it again with: coord retry ${task.number}`]);
    },
  );
}
