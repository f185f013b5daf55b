import type { Command } from "commander";
import { STATE_NAMES, STATES } from "../../protocol/lifecycle.ts";
import { contextOf } from "./shared/context.ts";
import { withExamples } from "./shared/options.ts";

export function register(program: Command): void {
  const command = program.command("info").description("the workspace in figures: tasks by state, agents, sessions, the log's head");
  withExamples(command, "coord info --workspace site").action(async (_options: unknown, self: Command) => {
    const { call, show } = contextOf(self);
    const info = await call("workspace/info", {});
    show(info, () => [
      `workspace ${info.workspace}, coord ${info.version}, schema ${info.schema}`,
      ...STATE_NAMES.filter((state) => info.counts[state]).map(
        (state) => `${String(info.counts[state]).padStart(7)}  ${STATES[state].label}`,
      ),
      `${info.agents} agents, ${info.sessions} sessions, ${info.waiters} waiting; log at ${info.head}`,
    ]);
  });
}
