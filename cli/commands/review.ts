import type { Command } from "commander";
import type { ParamsIn } from "../../protocol/index.ts";
import { CliError } from "../errors.ts";
import { stateLabel, taskTitle } from "../output/tasks.ts";
import { type ActorOptions, contextOf, given, keyed, requireAgent } from "./shared/context.ts";
import { withAgent, withExamples, withKey } from "./shared/options.ts";
import { taskRef, wholeNumber } from "./shared/values.ts";
import { words } from "./shared/words.ts";

interface Options extends ActorOptions {
  approve?: boolean;
  requestChanges?: string;
  comment?: string;
  attempt?: number;
}

const DONE = { approve: "approved", request_changes: "changes requested", comment: "commented" } as const;

export function register(program: Command): void {
  const command = program
    .command("review")
    .description("decide on work that was handed in; never by who worked on it (exit 3: not yours to decide, or not any more)")
    .argument("<id>", "number, id, or its first 4 or more characters")
    .option("--approve", "it is good; completed when enough have said so")
    .option("--request-changes <text>", "what is to be changed: opens the next attempt; - for stdin")
    .option("--comment <text>", "a remark that decides nothing, or one to go with --approve; - for stdin")
    .option("--attempt <number>", "the attempt that you looked at; refused if there is a newer one", wholeNumber);
  withExamples(
    withKey(withAgent(command)),
    "coord review 12 --approve --as me",
    "coord review 12 --request-changes 'the empty list fails' --as quiet-owl",
  ).action(async (id: string, _options: unknown, self: Command) => {
    const { options, call, show, space } = contextOf<Options>(self);
    const decided = decisionOf(options, id);
    const task = await call("tasks/review", {
      id: taskRef(id),
      agent_id: requireAgent(options),
      ...decided,
      ...given("attempt", options.attempt),
      ...keyed(options),
    });
    // what is still missing is in its history; a program that reads JSON asks for that itself
    const isOpen = task.state === "review" && decided.decision === "approve" && !options.json;
    const missing = isOpen
      ? (await import("../output/approval.ts")).missingLines(task, await call("tasks/history", { id: task.id }), space)
      : [];
    show(task, () => [taskTitle(task, space.columns), `${DONE[decided.decision]}: ${stateLabel(task)}`, ...missing]);
  });
}

/** The one decision that the options make. */
function decisionOf(options: Options, id: string): Pick<ParamsIn<"tasks/review">, "decision" | "body"> {
  const { approve, requestChanges, comment } = options;
  const next = `coord review ${/^[\w-]+$/.test(id) ? id : "ID"} --approve, --request-changes 'what', or --comment 'what'`;
  if (requestChanges !== undefined) {
    if (approve || comment !== undefined) throw new CliError("a request for changes stands alone: it decides against the work", { next });
    return { decision: "request_changes", body: words("--request-changes", requestChanges) };
  }
  const body = given("body", comment === undefined ? undefined : words("--comment", comment));
  if (approve) return { decision: "approve", ...body };
  if (comment !== undefined) return { decision: "comment", ...body };
  throw new CliError("no decision is given", { next });
}
