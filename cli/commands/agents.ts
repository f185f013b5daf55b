import type { Command } from "commander";
import { agentTable } from "../output/agents.ts";
import { contextOf } from "./shared/context.ts";
import { withExamples } from "./shared/options.ts";

export function register(program: Command): void {
  const command = program.command("agents").description("list the agents, the most recently seen first");
  withExamples(command, "coord agents").action(async (_options: unknown, self: Command) => {
    const { call, show, space, now } = contextOf(self);
    const agents = await call("agents/list", {});
    show(agents, () => (agents.length === 0 ? ["nobody has been here yet"] : agentTable(agents, now, space)));
  });
}
