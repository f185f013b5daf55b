import type { Command } from "commander";
import { claimLines } from "../output/claims.ts";
import { type ActorOptions, contextOf, given, keyed, requireAgent } from "./shared/context.ts";
import { withAgent, withExamples, withKey } from "./shared/options.ts";
import { seconds, taskRef } from "./shared/values.ts";

interface Options extends ActorOptions {
  lease?: number;
}

export function register(program: Command): void {
  const command = program
    .command("claim")
    .description("take one job under a lease; of all who try, exactly one gets it (exit 3: somebody else did)")
    .argument("<id>", "number, id, or its first 4 or more characters")
    .option("--lease <seconds>", "hold it for this long (default: 300, at most 3600)", seconds);
  withExamples(withKey(withAgent(command)), "coord claim 12 --as harbor-lynx --lease 10m").action(
    async (id: string, _options: unknown, self: Command) => {
      const { options, call, show, space, now } = contextOf<Options>(self);
      const agent = requireAgent(options);
      const task = await call("tasks/claim", {
        id: taskRef(id),
        agent_id: agent,
        ...given("lease_seconds", options.lease),
        ...keyed(options),
      });
      show(task, () => claimLines(task, agent, now, space));
    },
  );
}
