import type { Command } from "commander";
import { taskTable } from "../output/tasks.ts";
import { type ActorOptions, contextOf, keyed } from "./shared/context.ts";
import { withExamples, withKey } from "./shared/options.ts";

export function register(program: Command): void {
  const command = program
    .command("reclaim")
    .description("return every job with a lapsed lease to the board now, and list them (it happens by itself too)");
  withExamples(withKey(command), "coord reclaim").action(async (_options: unknown, self: Command) => {
    const { options, call, show, space, now } = contextOf<ActorOptions>(self);
    const tasks = await call("tasks/reclaim", keyed(options));
    show(tasks, () => (tasks.length === 0 ? ["no lease has lapsed"] : taskTable(tasks, now, space)));
  });
}
