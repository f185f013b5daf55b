import type { Command } from "commander";
import { list } from "./values.ts";

/** `--as`, the handle that acts. */
export function withAgent(command: Command): Command {
  return command.option("--as <handle>", "the agent that acts (default: COORD_AS); me: you, a person");
}

export function withKey(command: Command): Command {
  return command.option("--idempotency-key <key>", "the same key and call again get the first answer again");
}

/** For commands that act on a hold: who holds it, and the fencing token that `claim` answered. */
export function withClaim(command: Command): Command {
  return withKey(withAgent(command)).option("--claim-id <uuid>", "act only if this very claim still holds");
}

/** The filter's fields, as `tasks`, `wait`, `next` and `events` take them. */
export function withFilter(command: Command): Command {
  return command
    .option("--state <state>", "pending, claimed, review, completed, failed, cancelled, backlog, idea, or any", list)
    .option("--kind <kind>", "task, bug, feature, ack, decision, …", list)
    .option("--priority <priority>", "urgent, high, normal, low", list)
    .option("--label <label>", "has one of these labels", list)
    .option("--name-contains <text>", "part of the name, whatever its case")
    .option("--q <words>", "words in name, description or payload")
    .option("--performer <who>", "agent or user", list)
    .option("--assignee <handle>", "reserved for this agent", list)
    .option("--claimed-by <handle>", "held by this agent", list)
    .option("--created-by <handle>", "posted by this agent", list)
    .option("--ids <ids>", "only these tasks", list)
    .option("--ignore-id <id>", "not these tasks", list)
    .option("--ready", "only what can be claimed now")
    .option("--no-ready", "only what cannot be claimed now");
}

/** For what hears of changes: notes and reviews that name somebody. */
export function withMentions(command: Command): Command {
  return command.option("--mentions <handle>", "a note or review that names this handle with @; me: who acts", list);
}

/** Examples below a command's help, each as one would type it. */
export function withExamples(command: Command, ...examples: readonly string[]): Command {
  const title = examples.length === 1 ? "Example:" : "Examples:";
  return command.addHelpText("after", ["", title, ...examples.map((example) => `  $ ${example}`)].join("\n"));
}
