import type { Command } from "commander";
import { stateLabel, taskTitle } from "../output/tasks.ts";
import { type ActorOptions, contextOf, keyed, requireAgent } from "./shared/context.ts";
import { withAgent, withExamples, withKey } from "./shared/options.ts";
import { uuid, words } from "./shared/words.ts";

interface Options extends ActorOptions {
  reason: string;
}

export function register(program: Command): void {
  const command = program
    .command("dismiss")
    .description("as the owner, set a request for changes aside, so that it blocks no longer")
    .argument("<review>", "the review's id, as `coord history` shows it")
    .requiredOption("--reason <text>", "why; kept in the history");
  withExamples(withKey(withAgent(command)), "coord dismiss 8f3a52c1-… --reason 'anna is on leave' --as me").action(
    async (review: string, _options: unknown, self: Command) => {
      const { options, call, show, space } = contextOf<Options>(self);
      const task = await call("reviews/dismiss", {
        review_id: uuid("review", review),
        reason: words("--reason", options.reason),
        agent_id: requireAgent(options),
        ...keyed(options),
      });
      show(task, () => [taskTitle(task, space.columns), `set aside: ${stateLabel(task)}`]);
    },
  );
}
