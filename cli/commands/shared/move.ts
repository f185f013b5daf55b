import type { Command } from "commander";
import { stateLabel, taskTitle } from "../../output/tasks.ts";
import { type ActorOptions, actor, contextOf, keyed } from "./context.ts";
import { withAgent, withExamples, withKey } from "./options.ts";
import { taskRef } from "./values.ts";

/** A command that moves one task to another state and needs nothing but to know which. */
export function registerMove(program: Command, name: "retry" | "ready" | "unready", description: string, done: string): void {
  const command = program.command(name).description(description).argument("<id>", "number, id, or its first 4 or more characters");
  withExamples(withKey(withAgent(command)), `coord ${name} 12`).action(async (id: string, _options: unknown, self: Command) => {
    const { options, call, show, space } = contextOf<ActorOptions>(self);
    const task = await call(`tasks/${name}`, { id: taskRef(id), ...actor(options), ...keyed(options) });
    show(task, () => [taskTitle(task, space.columns), `${done}: ${stateLabel(task)}`]);
  });
}
