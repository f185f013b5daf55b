import {
  type ClaimEnd,
  canMove,
  conflict,
  isTerminal,
  type Params,
  type Refusal,
  type Result,
  type State,
  type Task,
} from "../../protocol/index.ts";
import { resolveTask } from "../core/refs.ts";
import { type TaskRow, toTask } from "../core/tasks.ts";
import { isoTime } from "../core/time.ts";
import { answer, type Outcome, refused, type Turn } from "../core/turn.ts";
import { unblockDependents } from "./dependencies.ts";
import { encodeJson, insertTask } from "./post.ts";

interface By {
  id: string;
  agent_id?: string | undefined;
  claim_id?: string | undefined;
}

/**
 * The row, if the caller holds it. `claim_id` given: it must be the current one. Only `agent_id`: it must be the holder.
 * Neither, as older clients call: whoever holds it (domain §4).
 */
function heldRow(turn: Turn, by: By): Outcome<TaskRow> & { row?: TaskRow } {
  const found = resolveTask(turn.sql, by.id);
  if (!found.ok) return found;
  const row = found.value;
  const holds =
    row.state === "claimed" &&
    (by.claim_id === undefined || by.claim_id === row.claim_id) &&
    (by.agent_id === undefined || by.agent_id === row.claimed_by);
  return holds ? answer(row) : { ...refused(whyNotHeld(turn, row, by)), row };
}

function whyNotHeld(turn: Turn, row: TaskRow, by: By): Refusal {
  const now = { id: row.id, number: row.number, state: row.state, holder: row.state === "claimed" ? row.claimed_by : null };
  const holder = row.state === "claimed" ? `, held by ${row.claimed_by}` : "";
  if (by.claim_id !== undefined && by.claim_id === row.claim_id) {
    return conflict("not_held", `the current claim of #${row.number} is ${row.claimed_by}'s, not ${by.agent_id}'s`, now);
  }
  const other = by.claim_id === undefined ? undefined : claimOfAnother(turn, row, by.claim_id);
  if (other !== undefined) return conflict("not_held", `that claim is one of #${other}, not of #${row.number}`, now);
  if (by.claim_id !== undefined || hadClaim(turn, row, by.agent_id)) {
    return conflict("stale_claim", `that claim of #${row.number} has ended; the task is ${row.state}${holder}`, now);
  }
  if (isTerminal(row.state)) return conflict("terminal", `#${row.number} is ${row.state}`, now);
  return conflict(
    "not_held",
    row.state === "claimed"
      ? `#${row.number} is held by ${row.claimed_by}, not by ${by.agent_id}`
      : `nobody holds #${row.number}; it is ${row.state}`,
    now,
  );
}

/** The number of the other task that a claim is or was of. */
function claimOfAnother(turn: Turn, row: TaskRow, claim_id: string): number | undefined {
  return turn.sql.first<{ number: number }>(
    `SELECT number FROM claims WHERE claim_id = ?1 AND number <> ?2
     UNION ALL SELECT number FROM tasks WHERE state = 'claimed' AND claim_id = ?1 AND number <> ?2 LIMIT 1`,
    claim_id,
    row.number,
  )?.number;
}

/** Whether an ended claim stands behind the call: this agent's, or, for a caller that gives no name, anybody's. */
function hadClaim(turn: Turn, row: TaskRow, agent_id: string | undefined): boolean {
  if (agent_id === undefined && isTerminal(row.state)) return false;
  return (
    turn.sql.first("SELECT 1 FROM claims WHERE number = ? AND (?2 IS NULL OR agent_id = ?2) LIMIT 1", row.number, agent_id ?? null) !==
    undefined
  );
}

/** How a hold ends: the claim moves to its table, and the row to its next state. What the row's shape demands is done here, once. */
export function endClaim(turn: Turn, row: TaskRow, end: ClaimEnd, to: State, result?: string | null): TaskRow {
  turn.sql.run(
    'INSERT INTO claims (claim_id, number, agent_id, attempt, claimed_at, lease_until, ended_at, "end") VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    row.claim_id,
    row.number,
    row.claimed_by,
    row.attempt,
    row.claimed_at,
    row.lease_until,
    turn.now,
    end,
  );
  const back = to === "pending" ? 1 : 0;
  return turn.sql.first<TaskRow>(
    `UPDATE tasks SET state = ?1, claim_id = NULL, lease_until = NULL, result = coalesce(?2, result),
       claimed_by = CASE ?3 WHEN 1 THEN NULL ELSE claimed_by END, claimed_at = CASE ?3 WHEN 1 THEN NULL ELSE claimed_at END,
       attempt_open = ?3, updated_at = ?4, rev = rev + 1
     WHERE number = ?5 AND claim_id = ?6 RETURNING *`,
    to,
    result ?? null,
    back,
    turn.now,
    row.number,
    row.claim_id,
  )!;
}

/** Records an attempt that is over; `row` is the task as it was while the attempt was open. */
export function endAttempt(turn: Turn, row: TaskRow, outcome: string, summary: string | null, result: string | null): void {
  if (row.attempt_open === 0) return;
  turn.sql.run(
    "INSERT INTO attempts (number, attempt, trigger, started_at, ended_at, outcome, summary, result) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    row.number,
    row.attempt,
    row.attempt_trigger,
    row.attempt_started_at ?? turn.now,
    turn.now,
    outcome,
    summary,
    result,
  );
}

/** `tasks/extend`: the deadline becomes `lease_seconds` from now. A person's hold has none and keeps none. */
export function extend(turn: Turn, params: Params<"tasks/extend">): Outcome<Result<"tasks/extend">> {
  const held = heldRow(turn, params);
  if (!held.ok) return held;
  if (held.value.lease_until === null) return answer({ ok: true as const, lease_until: null });
  const lease_until = turn.now + (params.lease_seconds ?? turn.defaultLeaseSeconds) * 1000;
  turn.noteLease(lease_until);
  turn.sql.run(
    "UPDATE tasks SET lease_until = ?, updated_at = ?, rev = rev + 1 WHERE number = ? AND claim_id = ?",
    lease_until,
    turn.now,
    held.value.number,
    held.value.claim_id,
  );
  return answer({ ok: true as const, lease_until: isoTime(lease_until) });
}

/** `tasks/release`: back to pending, in the same attempt. */
export function release(turn: Turn, params: Params<"tasks/release">): Outcome<Task> {
  const held = heldRow(turn, params);
  if (!held.ok) return held;
  const row = endClaim(turn, held.value, "released", "pending");
  turn.appendFor(row, "task.released", held.value.claimed_by, { claim_id: held.value.claim_id, reason: params.reason ?? null });
  return answer(toTask(turn.sql, row));
}

/** `tasks/fail`: the attempt is over; a person or an agent may retry. */
export function fail(turn: Turn, params: Params<"tasks/fail">): Outcome<Task> {
  const held = heldRow(turn, params);
  if (!held.ok) return held;
  const row = endClaim(turn, held.value, "failed", "failed");
  endAttempt(turn, held.value, "failed", params.reason, null);
  turn.appendFor(row, "task.failed", held.value.claimed_by, { claim_id: held.value.claim_id, reason: params.reason });
  return answer(toTask(turn.sql, row));
}

/**
 * `tasks/complete`, with the ack in the same transaction. A result whose claim has ended changes nothing but is kept as
 * `task.late_result`, so that no work is silently lost (domain §4).
 */
export function complete(turn: Turn, params: Params<"tasks/complete">): Outcome<Result<"tasks/complete">> {
  const result = encodeJson(params.result, "result_bytes");
  if (!result.ok) return result;
  const ackPayload = encodeJson(params.ack_payload, "payload_bytes");
  if (!ackPayload.ok) return ackPayload;
  const held = heldRow(turn, params);
  if (!held.ok && !(held.row && mayFinish(turn, held.row, params.agent_id))) {
    if (held.row) keepLateResult(turn, held.row, params, held.refusal);
    return held;
  }
  const before = held.ok ? held.value : held.row!;
  const submitted = before.review === "required";
  const row = held.ok
    ? endClaim(turn, before, submitted ? "submitted" : "completed", submitted ? "review" : "completed", result.value)
    : finish(turn, before, params.agent_id!, result.value);
  endAttempt(turn, before, submitted ? "submitted" : "completed", params.summary ?? null, result.value);
  const ackId = params.post_ack ? turn.newId() : null;
  const end = { claim_id: before.claim_id };
  if (submitted) turn.appendFor(row, "task.submitted", before.claimed_by, end);
  else turn.appendFor(row, "task.completed", before.claimed_by, { ...end, ack_id: ackId });
  const ack = ackId === null ? null : postAck(turn, ackId, before, params);
  if (!submitted) unblockDependents(turn, row);
  return answer({ ok: true as const, ack: ack ? toTask(turn.sql, ack) : null, task: toTask(turn.sql, row) });
}

/** A person finishes a job for people from wherever it stands, unless somebody else holds it or something holds it up. */
function mayFinish(turn: Turn, row: TaskRow, agent_id: string | undefined): boolean {
  const person = agent_id !== undefined && row.performer === "user" && turn.presence.typeOf(turn.sql, agent_id) === "user";
  // what is in review was handed in by somebody, who does not approve it by finishing it
  return (
    person && row.blocked === 0 && row.review === "none" && canMove(row.state, "completed", "tasks/complete") && row.state !== "claimed"
  );
}

function finish(turn: Turn, row: TaskRow, agent_id: string, result: string | null): TaskRow {
  return turn.sql.first<TaskRow>(
    `UPDATE tasks SET state = 'completed', result = coalesce(?, result), claimed_by = ?, claimed_at = coalesce(claimed_at, ?), attempt_open = 0, front = 0,
       updated_at = ?, rev = rev + 1 WHERE number = ? AND state = ? RETURNING *`,
    result,
    agent_id,
    turn.now,
    turn.now,
    row.number,
    row.state,
  )!;
}

function postAck(turn: Turn, id: string, done: TaskRow, params: Params<"tasks/complete">): TaskRow {
  const given = params.ack_payload;
  const isObject = typeof given === "object" && given !== null && !Array.isArray(given);
  const payload = isObject
    ? { fixed_bug_id: done.id, ...given }
    : { fixed_bug_id: done.id, ...(given === undefined || given === null ? {} : { value: given }) };
  return insertTask(turn, {
    id,
    name: params.ack_name ?? `done: ${done.name}`.slice(0, 512),
    kind: "ack",
    priority: params.ack_priority ?? "high",
    payload: JSON.stringify(payload),
    description: "",
    performer: "agent",
    assignee: null,
    labels: [],
    review: "none",
    state: "completed",
    agent_id: done.claimed_by ?? undefined,
  });
}

function keepLateResult(turn: Turn, row: TaskRow, params: Params<"tasks/complete">, why: Refusal): void {
  const late = why.reason === "stale_claim" || (why.reason === "terminal" && row.attempt > 0);
  if (!late || params.result === undefined || params.result === null) return;
  turn.appendFor(row, "task.late_result", params.agent_id ?? null, { claim_id: params.claim_id ?? null, result: params.result });
}
