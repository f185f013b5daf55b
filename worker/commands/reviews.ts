import { conflict, type Params, type Review, refuse, type Task } from "../../protocol/index.ts";
import { resolveTask } from "../core/refs.ts";
import type { Sql } from "../core/sql.ts";
import { type TaskRow, taskByNumber, toTask } from "../core/tasks.ts";
import { isoTime } from "../core/time.ts";
import { answer, type Outcome, refused, type Turn } from "../core/turn.ts";
import { unblockDependents } from "./dependencies.ts";
import { mentionsIn, tell } from "./mentions.ts";
import { overBytes } from "./post.ts";

interface ReviewRow {
  review_id: string;
  attempt: number;
  reviewer: string;
  decision: Review["decision"];
  body: string | null;
  mentions: string;
  at: number;
  by: string | null;
  reason: string | null;
  dismissed_at: number | null;
}

/**
 * `tasks/review`. A decision is on the attempt that was handed in last, and by nobody who held it. Enough approvals, and no request
 * for changes left open, complete the job; a request for changes opens the next attempt at the front of the queue.
 */
export function review(turn: Turn, params: Params<"tasks/review">): Outcome<Task> {
  const found = resolveTask(turn.sql, params.id);
  if (!found.ok) return found;
  const row = found.value;
  const now = { id: row.id, number: row.number, state: row.state, attempt: row.attempt };
  if (params.decision !== "approve" && params.body === undefined) {
    return refused(
      refuse("invalid_params", `tasks/review: ${params.decision} needs a body: say what`, {
        issues: [{ path: "body", message: "required" }],
      }),
    );
  }
  const tooLong = overBytes(params.body ?? "", "note_bytes");
  if (tooLong) return refused(tooLong);
  if (row.state !== "review") {
    const reason = row.state === "completed" || row.state === "cancelled" ? "terminal" : "wrong_state";
    return refused(conflict(reason, `#${row.number} is ${row.state}, not in review`, now));
  }
  if (params.attempt !== undefined && params.attempt !== row.attempt) {
    return refused(
      conflict("wrong_state", `attempt ${params.attempt} of #${row.number} is over; attempt ${row.attempt} is in review`, now),
    );
  }
  if (heldAttempt(turn.sql, row, params.agent_id)) {
    return refused(
      conflict("self_review", `${params.agent_id} worked on attempt ${row.attempt} of #${row.number} and cannot review it`, now),
    );
  }
  const after = params.decision === "request_changes" ? sendBack(turn, row) : row;
  const review_id = record(turn, after, row.claimed_by, params);
  if (params.decision === "approve" && isApproved(turn.sql, row)) return answer(toTask(turn.sql, accept(turn, row, review_id)));
  return answer(toTask(turn.sql, taskByNumber(turn.sql, row.number)!));
}

/** `reviews/dismiss`: an owner sets a request for changes aside; what it alone blocked is completed. */
export function dismiss(turn: Turn, params: Params<"reviews/dismiss">): Outcome<Task> {
  const given = turn.sql.first<ReviewRow & { number: number }>("SELECT * FROM reviews WHERE review_id = ?", params.review_id);
  if (!given) return refused(refuse("not_found", `no review ${params.review_id} in this workspace`, { review_id: params.review_id }));
  const row = taskByNumber(turn.sql, given.number)!;
  const now = { id: row.id, number: row.number, state: row.state };
  if (given.decision !== "request_changes" || turn.sql.first("SELECT 1 FROM dismissals WHERE review_id = ?", params.review_id)) {
    return refused(conflict("wrong_state", "only an open request for changes is dismissed", now));
  }
  turn.sql.run(
    "INSERT INTO dismissals (review_id, by, reason, at) VALUES (?, ?, ?, ?)",
    params.review_id,
    params.agent_id,
    params.reason,
    turn.now,
  );
  turn.appendFor(row, "review.dismissed", params.agent_id, { review_id: params.review_id, reason: params.reason });
  if (row.state === "review" && isApproved(turn.sql, row)) return answer(toTask(turn.sql, accept(turn, row, params.review_id)));
  return answer(toTask(turn.sql, row));
}

/** The reviews of a task, oldest first. */
export function reviewsOf(sql: Sql, row: Pick<TaskRow, "number" | "id">): Review[] {
  return sql
    .all<ReviewRow>(
      "SELECT r.*, d.by, d.reason, d.at AS dismissed_at FROM reviews r LEFT JOIN dismissals d ON d.review_id = r.review_id WHERE r.number = ? ORDER BY r.seq",
      row.number,
    )
    .map((review) => ({
      review_id: review.review_id,
      task_id: row.id,
      attempt: review.attempt,
      reviewer: review.reviewer,
      decision: review.decision,
      body: review.body,
      mentions: JSON.parse(review.mentions),
      at: isoTime(review.at),
      dismissed: review.dismissed_at === null ? null : { by: review.by!, reason: review.reason!, at: isoTime(review.dismissed_at) },
    }));
}

function heldAttempt(sql: Sql, row: TaskRow, agent_id: string): boolean {
  return (
    sql.first("SELECT 1 FROM claims WHERE number = ? AND attempt = ? AND agent_id = ? LIMIT 1", row.number, row.attempt, agent_id) !==
    undefined
  );
}

function record(turn: Turn, row: TaskRow, worker: string | null, params: Params<"tasks/review">): string {
  const review_id = turn.newId();
  const mentions = mentionsIn(params.body ?? "");
  const event = turn.appendFor(row, "review.decided", params.agent_id, {
    review_id,
    decision: params.decision,
    attempt: row.attempt,
    worker,
    mentions,
  });
  turn.sql.run(
    "INSERT INTO reviews (review_id, number, attempt, reviewer, decision, body, mentions, seq, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    review_id,
    row.number,
    row.attempt,
    params.agent_id,
    params.decision,
    params.body ?? null,
    JSON.stringify(mentions),
    event.seq,
    turn.now,
  );
  tell(turn, mentions, event.seq);
  return review_id;
}

/** Enough approvals of this attempt, and every request for changes answered by its author's approval or set aside. */
function isApproved(sql: Sql, row: TaskRow): boolean {
  const { approvals } = sql.first<{ approvals: number }>(
    `SELECT count(*) AS approvals FROM (SELECT reviewer FROM reviews WHERE number = ?1 AND attempt = ?2 AND decision = 'approve' GROUP BY reviewer)`,
    row.number,
    row.attempt,
  )!;
  if (approvals < row.required_approvals) return false;
  const open = sql.first(
    `SELECT 1 FROM reviews r WHERE r.number = ? AND r.decision = 'request_changes'
       AND NOT EXISTS (SELECT 1 FROM dismissals d WHERE d.review_id = r.review_id)
       AND NOT EXISTS (SELECT 1 FROM reviews a WHERE a.number = r.number AND a.reviewer = r.reviewer AND a.decision = 'approve' AND a.seq > r.seq) LIMIT 1`,
    row.number,
  );
  return open === undefined;
}

function accept(turn: Turn, row: TaskRow, review_id: string): TaskRow {
  turn.sql.run("UPDATE attempts SET outcome = 'approved' WHERE number = ? AND attempt = ?", row.number, row.attempt);
  const done = moved(turn, row, "state = 'completed'");
  turn.appendFor(done, "task.completed", null, { claim_id: null, ack_id: null, review_id });
  unblockDependents(turn, done);
  return done;
}

function sendBack(turn: Turn, row: TaskRow): TaskRow {
  turn.sql.run("UPDATE attempts SET outcome = 'changes_requested' WHERE number = ? AND attempt = ?", row.number, row.attempt);
  return moved(turn, row, "state = 'pending', front = 1, claimed_by = NULL, claimed_at = NULL, attempt_trigger = 'changes_requested'");
}

function moved(turn: Turn, row: TaskRow, set: string): TaskRow {
  return turn.sql.first<TaskRow>(
    `UPDATE tasks SET ${set}, updated_at = ?, rev = rev + 1 WHERE number = ? AND state = 'review' RETURNING *`,
    turn.now,
    row.number,
  )!;
}
