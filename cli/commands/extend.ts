import type { Command } from "commander";
import { ago } from "../output/time.ts";
import { type ActorOptions, contextOf, given, holder, keyed } from "./shared/context.ts";
import { withClaim, withExamples } from "./shared/options.ts";
import { seconds, taskRef } from "./shared/values.ts";

interface Options extends ActorOptions {
  lease?: number;
}

export function register(program: Command): void {
  const command = program
    .command("extend")
    .description("hold a claimed job for longer, counted from now (exit 3: you do not hold it any more)")
    .argument("<id>", "number, id, or its first 4 or more characters")
    .option("--lease <seconds>", "from now on (default: 300, at most 3600)", seconds);
  withExamples(withClaim(command), "coord extend 12 --as harbor-lynx --lease 10m").action(
    async (id: string, _options: unknown, self: Command) => {
      const { options, call, show, now } = contextOf<Options>(self);
      const answer = await call("tasks/extend", {
        id: taskRef(id),
        ...holder(options),
        ...given("lease_seconds", options.lease),
        ...keyed(options),
      });
      show(answer, () => [answer.lease_until ? `extended: the lease ends ${ago(answer.lease_until, now)}` : "held without a deadline"]);
    },
  );
}
