import type { Command } from "commander";
import { clean } from "../output/text.ts";
import { type ActorOptions, contextOf, given, requireAgent } from "./shared/context.ts";
import { withAgent, withExamples } from "./shared/options.ts";

interface Options extends ActorOptions {
  name?: string;
  type?: "agent" | "user";
}

export function register(program: Command): void {
  const command = program
    .command("heartbeat")
    .description("say that an agent is here; every command with --as does the same")
    .option("--name <name>", "how people call it")
    .option("--type <type>", "agent or user (default: agent)");
  withExamples(withAgent(command), "coord heartbeat --as harbor-lynx").action(async (_options: unknown, self: Command) => {
    const { options, call, show } = contextOf<Options>(self);
    const agent = requireAgent(options);
    const answer = await call("agents/heartbeat", { id: agent, ...given("name", options.name), ...given("type", options.type) });
    show(answer, () => [`${clean(agent)} is here`]);
  });
}
