import type { Sql } from "../../core/sql.ts";
import { type TaskRow, toTask } from "../../core/tasks.ts";
import { isoTime } from "../../core/time.ts";
import type { Metadata, WireTask } from "../wire.ts";
import { artifactsOf } from "./artifacts.ts";
import { DEFAULT_HISTORY, historyOf } from "./messages.ts";
import { latestUpdate, type Subject } from "./updates.ts";

/** The context a task belongs to: the one its message named or was given; a task from elsewhere is a context of its own. */
export function contextOf(sql: Sql, row: Pick<TaskRow, "number" | "id">): string {
  return sql.first<{ context_id: string }>("SELECT context_id FROM a2a_tasks WHERE number = ?", row.number)?.context_id ?? row.id;
}

export function subjectOf(sql: Sql, row: TaskRow, uri: string): Subject & { row: TaskRow } {
  return { row, contextId: contextOf(sql, row), uri };
}

export interface Shown {
  /** Messages of the history, the newest so many; 0 leaves it out. */
  readonly historyLength?: number | undefined;
  readonly artifacts: boolean;
}

/** A row of the board as an A2A task. */
export function viewTask(sql: Sql, row: TaskRow, uri: string, { historyLength = DEFAULT_HISTORY, artifacts }: Shown): WireTask {
  const subject = subjectOf(sql, row, uri);
  const found = artifacts ? artifactsOf(sql, subject) : [];
  const history = historyOf(sql, subject, historyLength);
  return {
    id: row.id,
    contextId: subject.contextId,
    status: latestUpdate(sql, subject).status,
    ...(found.length > 0 ? { artifacts: found } : {}),
    ...(history.length > 0 ? { history } : {}),
    metadata: { [uri]: aboutTask(sql, row) },
  };
}

/** What the queue knows of a task and A2A has no field for. */
function aboutTask(sql: Sql, row: TaskRow): Metadata {
  const task = toTask(sql, row);
  return {
    number: row.number,
    name: row.name,
    state: row.state,
    kind: row.kind,
    priority: row.priority,
    performer: row.performer,
    assignee: row.assignee,
    labels: task.labels,
    review: row.review,
    dependsOn: task.depends_on,
    held: task.held,
    createdBy: row.created_by,
    claimedBy: row.claimed_by,
    attempt: row.attempt,
    rev: row.rev,
    ...(row.lease_until === null ? {} : { leaseExpiresAt: isoTime(row.lease_until) }),
  };
}
