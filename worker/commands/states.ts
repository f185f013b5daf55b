import {
  canMove,
  conflict,
  foldCase,
  isAnnouncement,
  isTerminal,
  type Params,
  priorityRank,
  type Result,
  refuse,
  type State,
  type Task,
} from "../../protocol/index.ts";
import { resolveTask } from "../core/refs.ts";
import type { SqlValue } from "../core/sql.ts";
import { type TaskRow, toTask } from "../core/tasks.ts";
import { reindexText } from "../core/text-index.ts";
import { answer, type Outcome, refused, type Turn } from "../core/turn.ts";
import { endAttempt, endClaim } from "./hold.ts";
import { drag } from "./move.ts";
import { encodeJson, overBytes } from "./post.ts";

/** `tasks/cancel`: from any state but the terminal ones; a hold ends with it. */
export function cancel(turn: Turn, params: Params<"tasks/cancel">): Outcome<Result<"tasks/cancel">> {
  const found = resolveTask(turn.sql, params.id);
  if (!found.ok) return found;
  const before = found.value;
  if (isTerminal(before.state))
    return refused(
      conflict("terminal", `#${before.number} is ${before.state}`, { id: before.id, number: before.number, state: before.state }),
    );
  let row: TaskRow;
  if (before.state === "claimed") row = endClaim(turn, before, "cancelled", "cancelled");
  else row = move(turn, before, "cancelled", "attempt_open = 0, front = 0");
  endAttempt(turn, before, "cancelled", params.reason ?? null, null);
  turn.appendFor(row, "task.cancelled", params.agent_id ?? null, { claim_id: before.claim_id, reason: params.reason ?? null });
  return answer({ ok: true as const });
}

/** `tasks/retry`: failed → pending; the next claim opens a new attempt. */
export function retry(turn: Turn, params: Params<"tasks/retry">): Outcome<Task> {
  return step(turn, params, "tasks/retry", "pending", "task.ready", "claimed_by = NULL, claimed_at = NULL, attempt_trigger = 'retry'");
}

/** `tasks/ready`: backlog → pending. */
export function ready(turn: Turn, params: Params<"tasks/ready">): Outcome<Task> {
  return step(turn, params, "tasks/ready", "pending", "task.ready");
}

/** `tasks/unready`: pending → backlog. */
export function unready(turn: Turn, params: Params<"tasks/unready">): Outcome<Task> {
  return step(turn, params, "tasks/unready", "backlog", "task.held");
}

type Stepper = "tasks/retry" | "tasks/ready" | "tasks/unready";

/** One transition of the lifecycle's table by a method that does nothing else. */
function step(
  turn: Turn,
  params: { id: string; agent_id?: string | undefined },
  by: Stepper,
  to: State,
  event: "task.ready" | "task.held",
  also = "",
): Outcome<Task> {
  const found = resolveTask(turn.sql, params.id);
  if (!found.ok) return found;
  const before = found.value;
  if (!canMove(before.state, to, by)) {
    const reason = isTerminal(before.state) ? "terminal" : "wrong_state";
    return refused(
      conflict(reason, `#${before.number} is ${before.state}; ${by} does not apply`, {
        id: before.id,
        number: before.number,
        state: before.state,
        holder: before.claimed_by,
      }),
    );
  }
  const row = move(turn, before, to, also);
  turn.appendFor(row, event, params.agent_id ?? null, { from: before.state });
  return answer(toTask(turn.sql, row));
}

function move(turn: Turn, before: TaskRow, to: State, also: string): TaskRow {
  return turn.sql.first<TaskRow>(
    `UPDATE tasks SET state = ?, updated_at = ?, rev = rev + 1${also ? `, ${also}` : ""} WHERE number = ? AND state = ? RETURNING *`,
    to,
    turn.now,
    before.number,
    before.state,
  )!;
}

/**
 * `tasks/update`. With `rev`, refused where somebody changed the task meanwhile. What an attempt works from is fixed while one
 * holds it or its review is open; what is finished stays as it is.
 */
export function update(turn: Turn, params: Params<"tasks/update">): Outcome<Task> {
  const found = resolveTask(turn.sql, params.id);
  if (!found.ok) return found;
  const before = found.value;
  const now = {
    id: before.id,
    number: before.number,
    state: before.state,
    rev: before.rev,
    holder: before.state === "claimed" ? before.claimed_by : null,
  };
  if (params.rev !== undefined && params.rev !== before.rev) {
    return refused(conflict("rev_mismatch", `#${before.number} is at rev ${before.rev}, not ${params.rev}`, now));
  }
  if (isTerminal(before.state)) return refused(conflict("terminal", `#${before.number} is ${before.state}`, now));
  if (params.kind !== undefined && isAnnouncement(params.kind)) {
    return refused(
      refuse("invalid_params", "a job does not turn into an announcement; post one", {
        issues: [{ path: "kind", message: `not ${params.kind}` }],
      }),
    );
  }
  if (before.state === "claimed" || before.state === "review") {
    const instruction = (["name", "description", "payload", "review", "kind", "assignee"] as const).find(
      (field) => params[field] !== undefined,
    );
    if (instruction)
      return refused(conflict("wrong_state", `#${before.number} is ${before.state}: its ${instruction} is fixed until that is over`, now));
  }
  if (params.state && before.state !== "idea") return drag(turn, before, params);
  if (params.state && !canMove(before.state, params.state, "tasks/update")) {
    return refused(conflict("wrong_state", `#${before.number} is an idea: promote it to the backlog first`, now));
  }
  const columns = changedColumns(params);
  if (!columns.ok) return columns;
  const names = Object.keys(columns.value);
  if (names.length === 0) return answer(toTask(turn.sql, before));
  const row = turn.sql.first<TaskRow>(
    `UPDATE tasks SET ${names.map((name) => `${name} = ?`).join(", ")}, updated_at = ?, rev = rev + 1 WHERE number = ? RETURNING *`,
    ...Object.values(columns.value),
    turn.now,
    before.number,
  )!;
  if (params.name !== undefined || params.description !== undefined || params.payload !== undefined) reindexText(turn.sql, row);
  if (params.labels) {
    turn.sql.run("DELETE FROM task_labels WHERE number = ?", row.number);
    for (const label of params.labels) turn.sql.run("INSERT INTO task_labels (label, number) VALUES (?, ?)", label, row.number);
  }
  turn.appendFor(row, "task.updated", params.agent_id ?? null, {
    changed: names.filter((name) => name !== "folded_name" && name !== "rank"),
  });
  return answer(toTask(turn.sql, row));
}

function changedColumns(params: Params<"tasks/update">): Outcome<Record<string, SqlValue>> {
  const columns: Record<string, SqlValue> = {};
  if (params.name !== undefined) Object.assign(columns, { name: params.name, folded_name: foldCase(params.name) });
  if (params.priority !== undefined) Object.assign(columns, { priority: params.priority, rank: priorityRank(params.priority) });
  if (params.kind !== undefined) columns.kind = params.kind;
  if (params.review !== undefined) columns.review = params.review;
  if (params.required_approvals !== undefined) columns.required_approvals = params.required_approvals;
  if (params.assignee !== undefined) columns.assignee = params.assignee;
  if (params.labels !== undefined) columns.labels = JSON.stringify(params.labels);
  if (params.state !== undefined) columns.state = params.state;
  if (params.description !== undefined) {
    const over = overBytes(params.description, "description_bytes");
    if (over) return refused(over);
    columns.description = params.description;
  }
  if (params.payload !== undefined) {
    const payload = encodeJson(params.payload, "payload_bytes");
    if (!payload.ok) return payload;
    columns.payload = payload.value;
  }
  return answer(columns);
}
