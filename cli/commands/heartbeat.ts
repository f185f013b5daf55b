import type { Command } from "commander";
import { CliError } from "../errors.ts";
import { clean } from "../output/text.ts";
import { rememberPerson } from "../person.ts";
import { type ActorOptions, contextOf, given, requireAgent } from "./shared/context.ts";
import { withAgent, withExamples } from "./shared/options.ts";

interface Options extends ActorOptions {
  name?: string;
  type?: "agent" | "user";
  remember?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("heartbeat")
    .description("say that an agent is here; every command with --as does the same")
    .option("--name <name>", "how people call it")
    .option("--type <type>", "agent, or user for a person (default: agent)")
    .option("--remember", "you are a person at this machine: from now on --as me means you");
  withExamples(withAgent(command), "coord heartbeat --as harbor-lynx", "coord heartbeat --as anna --remember").action(
    async (_options: unknown, self: Command) => {
      const { options, call, show } = contextOf<Options>(self);
      const agent = requireAgent(options);
      if (options.remember && options.type === "agent")
        throw new CliError("--remember is for a person, and --type agent is none", { next: "coord heartbeat --as anna --remember" });
      const type = options.remember ? "user" : options.type;
      const answer = await call("agents/heartbeat", { id: agent, ...given("name", options.name), ...given("type", type) });
      if (options.remember) await rememberPerson(agent);
      show(answer, () => [`${clean(agent)} is here${options.remember ? ": --as me means you from now on" : ""}`]);
    },
  );
}
