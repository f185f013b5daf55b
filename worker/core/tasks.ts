import type { Held, State, Task, TaskSnapshot } from "../../protocol/index.ts";
import type { Sql } from "./sql.ts";
import { isoTime } from "./time.ts";

/** A row of `tasks`; times in milliseconds, JSON as text, booleans as 0 and 1. */
export interface TaskRow {
  number: number;
  id: string;
  name: string;
  kind: string;
  priority: string;
  front: number;
  state: State;
  performer: "agent" | "user";
  assignee: string | null;
  description: string;
  payload: string | null;
  result: string | null;
  labels: string;
  review: "none" | "required";
  required_approvals: number;
  dependencies: number;
  blocked: number;
  attempt: number;
  attempt_open: number;
  attempt_trigger: "first" | "changes_requested" | "retry";
  attempt_started_at: number | null;
  claim_id: string | null;
  claimed_by: string | null;
  claimed_at: number | null;
  lease_until: number | null;
  created_by: string | null;
  created_at: number;
  updated_at: number;
  rev: number;
}

/** The row as the wire has it (domain §2). */
export function toTask(sql: Sql, row: TaskRow): Task {
  const task: Task = {
    id: row.id,
    name: row.name,
    kind: row.kind,
    priority: row.priority,
    state: row.state,
    claimed_by: row.claimed_by,
    payload: row.payload === null ? null : JSON.parse(row.payload),
    result: row.result === null ? null : JSON.parse(row.result),
    created_at: isoTime(row.created_at),
    updated_at: isoTime(row.updated_at),
    number: row.number,
    description: row.description,
    performer: row.performer,
    assignee: row.assignee,
    labels: JSON.parse(row.labels),
    review: row.review,
    required_approvals: row.required_approvals,
    attempt: row.attempt,
    depends_on: row.dependencies === 0 ? [] : dependencyIds(sql, row.number),
    held: heldBy(sql, row),
    created_by: row.created_by,
    rev: row.rev,
  };
  if (row.claimed_at !== null) task.claimed_at = isoTime(row.claimed_at);
  if (row.lease_until !== null) task.lease_until = isoTime(row.lease_until);
  return task;
}

/** The answer to a claim: the task with its claim, and what reviewers said of the attempts before this one. */
export function toClaimedTask(sql: Sql, row: TaskRow): Task {
  const claim = { claim_id: row.claim_id!, attempt: row.attempt, lease_until: row.lease_until === null ? null : isoTime(row.lease_until) };
  if (row.attempt <= 1) return { ...toTask(sql, row), claim };
  const said = sql.all<{ attempt: number; reviewer: string; decision: string; body: string; at: number }>(
    "SELECT attempt, reviewer, decision, body, at FROM reviews WHERE number = ? AND attempt < ? AND body IS NOT NULL ORDER BY seq",
    row.number,
    row.attempt,
  );
  const feedback = said.map((review) => ({ ...review, at: isoTime(review.at) }));
  return { ...toTask(sql, row), claim: feedback.length > 0 ? { ...claim, feedback } : claim };
}

/** The row as events carry it and filters match it. */
export function snapshot(row: TaskRow): TaskSnapshot {
  return {
    id: row.id,
    number: row.number,
    name: row.name,
    kind: row.kind,
    priority: row.priority,
    state: row.state,
    performer: row.performer,
    assignee: row.assignee,
    labels: JSON.parse(row.labels),
    claimed_by: row.claimed_by,
    created_by: row.created_by,
    attempt: row.attempt,
    rev: row.rev,
    ready: row.state === "pending" && row.blocked === 0,
  };
}

function dependencyIds(sql: Sql, number: number): string[] {
  return sql
    .all<{ id: string }>(
      "SELECT t.id FROM dependencies d JOIN tasks t ON t.number = d.depends_on WHERE d.number = ? ORDER BY t.number",
      number,
    )
    .map((row) => row.id);
}

/** Why a job cannot be claimed, where anything holds it. What can never come true by itself is named first. */
function heldBy(sql: Sql, row: TaskRow): Held | null {
  if (row.blocked === 0) return null;
  const open = sql.all<{ id: string; state: State }>(
    "SELECT t.id, t.state FROM dependencies d JOIN tasks t ON t.number = d.depends_on WHERE d.number = ? AND t.state <> 'completed' ORDER BY t.number",
    row.number,
  );
  const failed = open.filter((task) => task.state === "failed");
  const cancelled = open.filter((task) => task.state === "cancelled");
  if (failed.length > 0) return { reason: "dependency_failed", blockers: failed.map((task) => task.id) };
  if (cancelled.length > 0) return { reason: "dependency_cancelled", blockers: cancelled.map((task) => task.id) };
  return { reason: "dependencies", blockers: open.map((task) => task.id) };
}

/** Numbers have no gaps and tasks are never deleted, so this is also how many there are. */
export function newestNumber(sql: Sql): number {
  return sql.first<{ number: number }>("SELECT coalesce(max(number), 0) AS number FROM tasks")!.number;
}

export function taskByNumber(sql: Sql, number: number): TaskRow | undefined {
  return sql.first<TaskRow>("SELECT * FROM tasks WHERE number = ?", number);
}
