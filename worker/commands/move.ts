import { canMove, conflict, type Params, type Refusal, refuse, type State, type Task } from "../../protocol/index.ts";
import { byNumber } from "../core/refs.ts";
import { type TaskRow, toTask } from "../core/tasks.ts";
import { answer, type Outcome, refused, type Turn } from "../core/turn.ts";
import { take, whyHeld } from "./claim.ts";
import { endAttempt, endClaim } from "./hold.ts";

/**
 * `tasks/update` with a `state`: a person drags the card of a job for people between the open states, forward and back
 * (jobs.md T7, T10, T11). Starting is a claim without a deadline, handing in ends it, and dragging work back abandons its attempt, so
 * the history reads the same however the card was moved. An agentic job is never dragged.
 */
export function drag(turn: Turn, before: TaskRow, params: Params<"tasks/update">): Outcome<Task> {
  const to = params.state!;
  const cannot = whyNotDragged(turn, before, to, params);
  if (cannot) return refused(cannot);
  const agent_id = params.agent_id!;
  let row = before;
  if (row.state === "claimed" && to !== "review") row = abandon(turn, row);
  if (to === "claimed" || (to === "review" && row.state !== "claimed")) {
    row = take(turn, byNumber(set(turn, row, "pending")), agent_id, undefined)!;
  }
  if (to === "review") row = handIn(turn, row, agent_id);
  else if (to !== "claimed" && to !== row.state) {
    row = set(turn, row, to);
    turn.appendFor(row, to === "backlog" ? "task.held" : "task.ready", agent_id, { from: before.state });
  }
  return answer(toTask(turn.sql, row));
}

function whyNotDragged(turn: Turn, row: TaskRow, to: State, params: Params<"tasks/update">): Refusal | undefined {
  const now = { id: row.id, number: row.number, state: row.state, holder: row.state === "claimed" ? row.claimed_by : null };
  const person = params.agent_id !== undefined && turn.presence.typeOf(turn.sql, params.agent_id) === "user";
  const other = Object.entries(params).find(
    ([name, value]) => value !== undefined && !["id", "rev", "state", "agent_id", "idempotency_key"].includes(name),
  );
  if (other)
    return refuse("invalid_params", "tasks/update: move a task or change its fields, one at a time", {
      issues: [{ path: other[0], message: "not with state" }],
    });
  if (row.performer !== "user" || !canMove(row.state, to, "tasks/update")) {
    const hint =
      row.performer === "user"
        ? `it is ${row.state}`
        : "only jobs for people are moved by hand; use ready, unready, claim, release, complete or review";
    return conflict("wrong_state", `#${row.number} cannot be moved to ${to}: ${hint}`, now);
  }
  if (!person) return conflict("not_claimable", `#${row.number} is a job for a person; ${params.agent_id ?? "nobody named"} is none`, now);
  if (row.blocked > 0 && (to === "claimed" || to === "review")) return whyHeld(turn, row, toTask(turn.sql, row).held!);
  // what nobody holds is taken before it is handed in
  const takes = to === "claimed" || (to === "review" && row.state !== "claimed");
  if (takes && row.assignee !== null && row.assignee !== params.agent_id) {
    return conflict("not_claimable", `#${row.number} is reserved for ${row.assignee}`, { ...now, assignee: row.assignee });
  }
  return undefined;
}

function abandon(turn: Turn, row: TaskRow): TaskRow {
  const back = endClaim(turn, row, "released", "pending");
  endAttempt(turn, row, "abandoned", null, null);
  turn.appendFor(back, "task.released", row.claimed_by, { claim_id: row.claim_id, reason: "moved back" });
  return turn.sql.first<TaskRow>("UPDATE tasks SET attempt_open = 0, attempt_trigger = 'retry' WHERE number = ? RETURNING *", row.number)!;
}

function handIn(turn: Turn, row: TaskRow, agent_id: string): TaskRow {
  const after = endClaim(turn, row, "submitted", "review");
  endAttempt(turn, row, "submitted", null, row.result);
  turn.appendFor(after, "task.submitted", agent_id, { claim_id: row.claim_id });
  return after;
}

function set(turn: Turn, row: TaskRow, to: State): TaskRow {
  return turn.sql.first<TaskRow>(
    "UPDATE tasks SET state = ?, claimed_by = NULL, claimed_at = NULL, updated_at = ?, rev = rev + 1 WHERE number = ? RETURNING *",
    to,
    turn.now,
    row.number,
  )!;
}
