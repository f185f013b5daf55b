import type { Task } from "../../protocol/records.ts";
import type { TableSpace } from "./table.ts";
import { taskTitle } from "./tasks.ts";
import { clean, cleanLines, fit, wrap } from "./text.ts";
import { ago } from "./time.ts";

/** What an agent needs who has just got a job: what it is, until when it holds, and how it ends. */
export function claimLines(task: Task, agent: string, now: number, space: TableSpace): string[] {
  const until = task.lease_until ? `the lease ends ${ago(task.lease_until, now)}` : "without a deadline";
  const description = task.description === "" ? [] : ["", ...cleanLines(task.description).flatMap((line) => wrap(line, space.columns))];
  const as = process.env.COORD_AS === agent ? "" : ` --as ${/^[\w.-]+$/.test(agent) ? agent : "HANDLE"}`;
  return [
    taskTitle(task, space.columns),
    fit(`claimed by ${clean(agent)}: ${until}, attempt ${task.claim?.attempt ?? task.attempt}`, space.columns),
    ...(task.claim ? [`claim_id ${task.claim.claim_id}`] : []),
    ...description,
    "",
    `keep it:  coord extend ${task.number}${as}`,
    `finish:   coord complete ${task.number}${as} --result JSON`,
  ];
}
