import type { Command } from "commander";
import type { Task } from "../../../protocol/records.ts";
import { CliError } from "../../errors.ts";
import { stateLabel, taskTitle } from "../../output/tasks.ts";
import { clean, fit } from "../../output/text.ts";
import { type ActorOptions, actor, contextOf, given } from "./context.ts";
import { withAgent, withExamples, withKey } from "./options.ts";
import { list, taskRef } from "./values.ts";

interface Options extends ActorOptions {
  on: string[];
}

/** `depend` and `undepend`: one edge after another; a refusal says which were done before it. */
export function registerEdges(program: Command, name: "depend" | "undepend", description: string, on: string): void {
  const command = program
    .command(name)
    .description(description)
    .argument("<id>", "number, id, or its first 4 or more characters")
    .requiredOption("--on <ids...>", on, list);
  withExamples(withKey(withAgent(command)), `coord ${name} 12 --on 10`, `coord ${name} 12 --on 10 11`).action(
    async (id: string, _options: unknown, self: Command) => {
      const { options, call, show, space } = contextOf<Options>(self);
      if (options.on.length === 0) throw new CliError("--on names no task", { next: `coord ${name} 12 --on 10` });
      const done: string[] = [];
      let task: Task | undefined;
      for (const word of options.on) {
        const key = options.idempotencyKey === undefined ? undefined : `${options.idempotencyKey}:${done.length + 1}`;
        try {
          task = await call(`tasks/${name}`, { id: taskRef(id), on: taskRef(word), ...actor(options), ...given("idempotency_key", key) });
        } catch (error) {
          throw done.length === 0 ? error : partly(error, name, done, word);
        }
        done.push(word);
      }
      const after = task as Task; // there is at least one to depend on
      const what = `${name === "depend" ? "depends on" : "no longer depends on"} ${done.map(taskRef).join(", ")}`;
      show(after, () => [taskTitle(after, space.columns), fit(clean(`${what}: ${stateLabel(after)}`), space.columns)]);
    },
  );
}

function partly(error: unknown, name: string, done: readonly string[], word: string): unknown {
  if (!(error instanceof CliError)) return error;
  const { exit, next, data, message } = error;
  const before = `${name} ${done.map(taskRef).join(", ")} is done; ${taskRef(word)} was refused: `;
  return new CliError(`${before}${message}`, {
    exit,
    ...(next === undefined ? {} : { next }),
    data: { ...data, done: [...done] },
    cause: error,
  });
}
