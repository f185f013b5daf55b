import type { Task } from "../../protocol/index.ts";
import { type BatchError, culprit, OF_ANOTHER } from "../../protocol/siblings.ts";
import { batch } from "../client/batch.ts";
import { refused } from "../client/failures.ts";
import type { HttpOptions } from "../client/http.ts";
import type { Target } from "../client/types.ts";
import { CliError } from "../errors.ts";
import type { Plan, SendParams } from "./plan.ts";

/**
 * Posts a plan: one batch, whole or not at all.
 * @param by who posts it
 * @param key makes the same plan posted twice one plan; without it each posting is another
 * @returns the tasks in the order of the file
 * @throws CliError: the server's refusal with file, line and task, and its exit code.
 */
export async function postPlan(
  plan: Plan,
  target: Target,
  { by, key, http }: { by?: string | undefined; key?: string | undefined; http?: HttpOptions },
): Promise<Task[]> {
  const calls = plan.tasks.map(
    ({ params }, at): SendParams => ({
      ...params,
      ...(by === undefined ? {} : { agent_id: by }),
      ...(key === undefined ? {} : { idempotency_key: `${key}:${at + 1}` }),
    }),
  );
  const answers = await batch(target, "tasks/send", calls, http);
  const wrong = culprit(answers);
  if (wrong) throw located(plan, wrong.at, wrong.error);
  return answers.flatMap((answer) => (answer.ok ? [answer.result] : []));
}

function located(plan: Plan, at: number, error: BatchError): CliError {
  const { title, line, lineOf, params } = plan.tasks[at]!;
  const { exit, next, data, message } = refused(error, params);
  const [field] = ((data.issues ?? []) as { path?: unknown }[]).map(({ path }) => path).filter((path) => typeof path === "string");
  const where = `${plan.source}:${field === undefined ? line : lineOf(field)}: ${title}`;
  return new CliError(`${where}: ${message}; ${OF_ANOTHER}`, {
    exit,
    ...(next === undefined ? {} : { next }),
    data: { ...data, task: title, line },
  });
}
