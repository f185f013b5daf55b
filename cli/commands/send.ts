import type { Command } from "commander";
import { stateLabel, taskTitle } from "../output/tasks.ts";
import { type ActorOptions, actor, contextOf, given, keyed } from "./shared/context.ts";
import { withAgent, withExamples, withKey } from "./shared/options.ts";
import { json, list, taskRef, wholeNumber } from "./shared/values.ts";

interface Options extends ActorOptions {
  kind?: string;
  priority?: string;
  payload?: string;
  description?: string;
  label?: string[];
  assignee?: string;
  performer?: "agent" | "user";
  review?: "none" | "required";
  approvals?: number;
  dependsOn?: string[];
  backlog?: boolean;
  state?: string;
}

export function register(program: Command): void {
  const command = program
    .command("send")
    .description("post a task: a job to be done, or an announcement (kinds ack, knowledge, decision)")
    .argument("<name>", "what it is, in one line; others filter on it")
    .option("--kind <kind>", "task, bug, feature, ack, knowledge, decision, … (default: task)")
    .option("--priority <priority>", "urgent, high, normal, low (default: normal)")
    .option("--payload <json>", "any JSON; @file or - (standard input) too")
    .option("--description <markdown>", "what is to be done, at length")
    .option("--label <label>", "a label; may be repeated", list)
    .option("--assignee <handle>", "reserve it for this agent")
    .option("--performer <who>", "agent or user (default: agent)")
    .option("--review <mode>", "none or required (default: none)")
    .option("--approvals <number>", "with --review required: by how many (default: 1)", wholeNumber)
    .option("--depends-on <ids>", "not claimable before these are completed", list)
    .option("--backlog", "keep it in the backlog until `coord ready`")
    .option("--state <state>", "where it starts: pending, backlog or idea");
  withExamples(
    withKey(withAgent(command)),
    "coord send 'login fails on Safari' --kind bug --priority high",
    `coord send 'v1.1 stable' --kind ack --payload '{"commit":"4f2a91c"}'`,
  ).action(async (name: string, _options: unknown, self: Command) => {
    const { options, call, show, space } = contextOf<Options>(self);
    const task = await call("tasks/send", {
      name,
      ...given("kind", options.kind),
      ...given("priority", options.priority),
      ...given("payload", options.payload === undefined ? undefined : json("--payload", options.payload)),
      ...given("description", options.description),
      ...given("labels", options.label),
      ...given("assignee", options.assignee),
      ...given("performer", options.performer),
      ...given("review", options.review),
      ...given("required_approvals", options.approvals),
      ...given("depends_on", options.dependsOn?.map(taskRef)),
      ...given("state", options.backlog ? "backlog" : options.state),
      ...actor(options),
      ...keyed(options),
    });
    show(task, () => [taskTitle(task, space.columns), `posted: ${stateLabel(task)}, ${task.kind}, ${task.priority} priority`]);
  });
}
