import type { Command } from "commander";
import { CliError } from "../errors.ts";
import { stateLabel, taskTitle } from "../output/tasks.ts";
import { type ActorOptions, actor, contextOf, given, keyed } from "./shared/context.ts";
import { withAgent, withExamples, withKey } from "./shared/options.ts";
import { json, list, taskRef, wholeNumber } from "./shared/values.ts";

interface Options extends ActorOptions {
  rev?: number;
  name?: string;
  kind?: string;
  priority?: string;
  payload?: string;
  description?: string;
  assignee?: string | false;
  label?: string[] | false;
  review?: "none" | "required";
  approvals?: number;
  state?: string;
}

export function register(program: Command): void {
  const command = program
    .command("update")
    .description("change a task's fields; with --rev only if nobody changed it meanwhile (exit 3: somebody did)")
    .argument("<id>", "number, id, or its first 4 or more characters")
    .option("--rev <rev>", "the revision you read", wholeNumber)
    .option("--name <name>", "its new name")
    .option("--kind <kind>", "its new kind")
    .option("--priority <priority>", "urgent, high, normal, low")
    .option("--payload <json>", "in place of the old; @file or - (standard input) too")
    .option("--description <markdown>", "in place of the old")
    .option("--assignee <handle>", "reserve it for this agent")
    .option("--no-assignee", "open it to every agent")
    .option("--label <label>", "its labels, in place of the old; may be repeated", list)
    .option("--no-label", "take its labels off")
    .option("--review <mode>", "none or required")
    .option("--approvals <number>", "how many have to approve", wholeNumber)
    .option("--state <state>", "backlog promotes an idea; a person moves a job for people to backlog, pending, claimed or review");
  withExamples(withKey(withAgent(command)), "coord update 12 --priority urgent --rev 3", "coord update 12 --state review --as me").action(
    async (id: string, _options: unknown, self: Command) => {
      const { options, call, show, space } = contextOf<Options>(self);
      const changes = {
        ...given("name", options.name),
        ...given("kind", options.kind),
        ...given("priority", options.priority),
        ...given("payload", options.payload === undefined ? undefined : json("--payload", options.payload)),
        ...given("description", options.description),
        ...given("assignee", options.assignee === false ? null : options.assignee),
        ...given("labels", options.label === false ? [] : options.label),
        ...given("review", options.review),
        ...given("required_approvals", options.approvals),
        ...given("state", options.state),
      };
      if (Object.keys(changes).length === 0) throw new CliError("nothing to change was given", { next: "coord update --help" });
      const task = await call("tasks/update", {
        id: taskRef(id),
        ...changes,
        ...given("rev", options.rev),
        ...actor(options),
        ...keyed(options),
      });
      show(task, () => [
        taskTitle(task, space.columns),
        options.state ? `moved: ${stateLabel(task)}; rev ${task.rev}` : `changed ${Object.keys(changes).join(", ")}; rev ${task.rev}`,
      ]);
    },
  );
}
