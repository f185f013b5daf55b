import type { Task } from "../../protocol/records.ts";
import { indented } from "./notes.ts";
import type { TableSpace } from "./table.ts";
import { taskTitle } from "./tasks.ts";
import { clean, cleanLines, fit, wrap } from "./text.ts";
import { ago } from "./time.ts";

/** What an agent needs who has just got a job: what it is, until when it holds, and how it ends. */
export function claimLines(task: Task, agent: string, now: number, space: TableSpace): string[] {
  const until = task.lease_until ? `the lease ends ${ago(task.lease_until, now)}` : "without a deadline";
  const description =
    task.description === "" ? [] : ["", ...cleanLines(task.description.trimEnd()).flatMap((line) => wrap(line, space.columns))];
  const as = actingAs(agent);
  return [
    taskTitle(task, space.columns),
    fit(`claimed by ${clean(agent)}: ${until}, attempt ${task.claim?.attempt ?? task.attempt}`, space.columns),
    ...(task.claim ? [`claim_id ${task.claim.claim_id}`] : []),
    ...description,
    ...feedbackLines(task, space),
    "",
    `keep it:  coord extend ${task.number}${as}`,
    `finish:   coord complete ${task.number}${as} --result JSON`,
  ];
}

/** As `claimLines`, for a person: no lease to keep up. */
export function startLines(task: Task, agent: string, now: number, space: TableSpace): string[] {
  return claimLines(task, agent, now, space).filter((line) => !line.startsWith("keep it:") && !line.startsWith("claim_id "));
}

function actingAs(agent: string): string {
  return process.env.COORD_AS === agent ? "" : ` --as ${/^[\w.-]+$/.test(agent) ? agent : "HANDLE"}`;
}

const SAID: Readonly<Record<string, string>> = { request_changes: "asked for changes", comment: "remarked", approve: "approved" };

/** What reviewers said of the earlier attempts, oldest first: what this one has to answer. */
function feedbackLines({ claim }: Task, space: TableSpace): string[] {
  return (claim?.feedback ?? []).flatMap(({ attempt, reviewer, decision, body }) => [
    "",
    fit(`attempt ${attempt}: ${clean(reviewer)} ${SAID[decision] ?? decision}`, space.columns),
    ...indented(body, space),
  ]);
}
