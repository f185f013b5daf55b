import type { Command } from "commander";
import { clean } from "../output/text.ts";
import { type ActorOptions, actor, contextOf, given, keyed } from "./shared/context.ts";
import { withAgent, withExamples, withKey } from "./shared/options.ts";
import { taskRef } from "./shared/values.ts";

interface Options extends ActorOptions {
  reason?: string;
}

export function register(program: Command): void {
  const command = program
    .command("cancel")
    .description("call a task off, for ever")
    .argument("<id>", "number, id, or its first 4 or more characters")
    .option("--reason <text>", "why; kept in its history");
  withExamples(withKey(withAgent(command)), "coord cancel 12 --reason 'fixed upstream'").action(
    async (id: string, _options: unknown, self: Command) => {
      const { options, call, show } = contextOf<Options>(self);
      const answer = await call("tasks/cancel", {
        id: taskRef(id),
        ...actor(options),
        ...given("reason", options.reason),
        ...keyed(options),
      });
      show(answer, () => [`cancelled ${clean(taskRef(id))}`]);
    },
  );
}
