import type { Command } from "commander";
import { REFUSALS } from "../../protocol/refusals.ts";
import { CliError } from "../errors.ts";
import { startLines } from "../output/claims.ts";
import { type ActorOptions, contextOf, keyed, requireAgent } from "./shared/context.ts";
import { noSuchTask } from "./shared/filter.ts";
import { withAgent, withExamples, withKey } from "./shared/options.ts";
import { taskRef } from "./shared/values.ts";

export function register(program: Command): void {
  const command = program
    .command("start")
    .description("as a person, start a job for people and hold it without a deadline (exit 3: it is not open to you)")
    .argument("<id>", "number, id, or its first 4 or more characters");
  withExamples(withKey(withAgent(command)), "coord start 12 --as me")
    .addHelpText(
      "after",
      "\nYou are a person once the board knows: coord heartbeat --as anna --remember\nThe other moves: coord update 12 --state review --as me (or pending, backlog).",
    )
    .action(async (id: string, _options: unknown, self: Command) => {
      const { options, call, show, space, now } = contextOf<ActorOptions>(self);
      const agent = requireAgent(options);
      const before = await call("tasks/get", { id: taskRef(id) });
      if (!before) throw noSuchTask(id);
      const { number, performer, state } = before;
      if (performer !== "user") {
        throw new CliError(`#${number} is a job for agents, who hold it under a lease`, {
          exit: REFUSALS.conflict.exit,
          next: `coord claim ${number} --as HANDLE`,
          data: { code: "conflict", reason: "not_claimable", id: before.id, number, state },
        });
      }
      const asPerson = { id: before.id, agent_id: agent, ...keyed(options) };
      // a claim answers what reviewers said of earlier attempts; from any other state a person moves it
      const task = await (state === "pending"
        ? call("tasks/claim", asPerson)
        : call("tasks/update", { ...asPerson, state: "claimed" })
      ).catch((error: unknown) => {
        throw forPeople(error, agent);
      });
      show(task, () => startLines(task, agent, now, space));
    });
}

/** An agent that is really a person only has to say so. */
function forPeople(error: unknown, agent: string): unknown {
  if (!(error instanceof CliError) || error.data.reason !== "not_claimable" || "assignee" in error.data) return error;
  const handle = /^[\w.-]+$/.test(agent) ? agent : "NAME";
  return new CliError(error.message, {
    exit: error.exit,
    next: `if that is you, a person: coord heartbeat --as ${handle} --type user   (--remember: --as me means you)`,
    data: error.data,
    cause: error,
  });
}
