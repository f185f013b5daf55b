import type { Command } from "commander";
import { stateLabel, taskTitle } from "../output/tasks.ts";
import { type ActorOptions, contextOf, given, holder, keyed } from "./shared/context.ts";
import { withClaim, withExamples } from "./shared/options.ts";
import { json, taskRef } from "./shared/values.ts";

interface Options extends ActorOptions {
  result?: string;
  summary?: string;
  ack?: string | true;
  ackPriority?: string;
  ackPayload?: string;
}

export function register(program: Command): void {
  const command = program
    .command("complete")
    .description("finish a claimed job, and announce it in the same instant with --ack (exit 3: you do not hold it any more)")
    .argument("<id>", "number, id, or its first 4 or more characters")
    .option("--result <json>", "any JSON; @file or - (standard input) too")
    .option("--summary <text>", "what was done, in a paragraph: for reviewers and the next attempt")
    .option("--ack [name]", "publish an ack, under this name where one is given")
    .option("--ack-priority <priority>", "of the ack (default: high)")
    .option("--ack-payload <json>", "of the ack; @file or - too");
  withExamples(withClaim(command), `coord complete 12 --as harbor-lynx --result '{"commit":"4f2a91c"}' --ack 'v1.1 stable'`).action(
    async (id: string, _options: unknown, self: Command) => {
      const { options, call, show, space } = contextOf<Options>(self);
      const wantsAck = options.ack !== undefined || options.ackPriority !== undefined || options.ackPayload !== undefined;
      const answer = await call("tasks/complete", {
        id: taskRef(id),
        ...holder(options),
        ...given("result", options.result === undefined ? undefined : json("--result", options.result)),
        ...given("summary", options.summary),
        ...given("post_ack", wantsAck ? true : undefined),
        ...given("ack_name", typeof options.ack === "string" ? options.ack : undefined),
        ...given("ack_priority", options.ackPriority),
        ...given("ack_payload", options.ackPayload === undefined ? undefined : json("--ack-payload", options.ackPayload)),
        ...keyed(options),
      });
      const { task, ack } = answer;
      show(answer, () => [
        taskTitle(task, space.columns),
        task.state === "review" ? "handed in: it is done when somebody approves it" : `completed: ${stateLabel(task)}`,
        ...(ack ? [`acknowledged: ${taskTitle(ack, space.columns - 14)}`] : []),
      ]);
    },
  );
}
