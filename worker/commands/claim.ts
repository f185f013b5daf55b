import { conflict, type Held, isTerminal, type Params, type Refusal, type Task } from "../../protocol/index.ts";
import { bestJob } from "../core/query.ts";
import { byNumber, type RowKey, resolveTask, rowKey } from "../core/refs.ts";
import { type TaskRow, toClaimedTask, toTask } from "../core/tasks.ts";
import { isoTime } from "../core/time.ts";
import { answer, type Outcome, refused, type Turn } from "../core/turn.ts";

/** `tasks/claim`: exactly one caller gets a job; everybody else is told who holds it. */
export function claim(turn: Turn, params: Params<"tasks/claim">): Outcome<Task> {
  const key = rowKey(params.id);
  const claimed = key && take(turn, key, params.agent_id, params.lease_seconds);
  if (claimed) return answer(toClaimedTask(turn.sql, claimed));
  const found = resolveTask(turn.sql, params.id);
  if (!found.ok) return found;
  const row = key ? undefined : take(turn, byNumber(found.value), params.agent_id, params.lease_seconds);
  return row ? answer(toClaimedTask(turn.sql, row)) : refused(whyNotClaimable(turn, found.value));
}

/** `tasks/next` without waiting: the best job that fits, or null. */
export function next(turn: Turn, params: Pick<Params<"tasks/next">, "agent_id" | "filter" | "lease_seconds">): Task | null {
  const agent = { id: params.agent_id, type: turn.presence.typeOf(turn.sql, params.agent_id) };
  const best = bestJob(turn.sql, params.filter ?? {}, agent);
  const row = best && take(turn, byNumber(best), agent.id, params.lease_seconds);
  return row ? toClaimedTask(turn.sql, row) : null;
}

/**
 * The guarded transition pending → claimed: one UPDATE, and no row back is the refusal.
 * A person's hold of a person's job has no deadline (domain §4).
 */
export function take(turn: Turn, job: RowKey, agent_id: string, lease_seconds: number | undefined): TaskRow | undefined {
  const type = turn.presence.typeOf(turn.sql, agent_id);
  const row = turn.sql.first<TaskRow>(
    `UPDATE tasks SET state = 'claimed', claim_id = ?1, claimed_by = ?2, claimed_at = ?3, front = 0,
       lease_until = CASE performer WHEN 'user' THEN NULL ELSE ?4 END,
       attempt_started_at = CASE attempt_open WHEN 1 THEN attempt_started_at ELSE ?3 END,
       attempt = attempt + 1 - attempt_open, attempt_open = 1, updated_at = ?3, rev = rev + 1
     WHERE ${job.column} = ?5 AND state = 'pending' AND blocked = 0 AND (assignee IS NULL OR assignee = ?2)
       AND (performer = 'agent' OR ?6 = 'user') RETURNING *`,
    turn.newId(),
    agent_id,
    turn.now,
    turn.now + (lease_seconds ?? turn.defaultLeaseSeconds) * 1000,
    job.value,
    type,
  );
  if (!row) return undefined;
  const { lease_until } = row;
  if (lease_until !== null) turn.noteLease(lease_until);
  turn.appendFor(row, "task.claimed", agent_id, {
    claim_id: row.claim_id,
    lease_until: lease_until === null ? null : isoTime(lease_until),
  });
  return row;
}

function whyNotClaimable(turn: Turn, row: TaskRow): Refusal {
  const task = toTask(turn.sql, row);
  const now = { id: row.id, number: row.number, state: row.state };
  if (row.state === "claimed") {
    return conflict("already_claimed", `#${row.number} is claimed by ${row.claimed_by}`, {
      ...now,
      holder: row.claimed_by,
      lease_until: task.lease_until ?? null,
    });
  }
  if (isTerminal(row.state)) return conflict("terminal", `#${row.number} is ${row.state}`, { ...now, holder: row.claimed_by });
  if (row.state !== "pending") return conflict("not_claimable", `#${row.number} is ${row.state}, not pending`, now);
  if (task.held) return whyHeld(turn, row, task.held);
  if (row.assignee !== null)
    return conflict("not_claimable", `#${row.number} is reserved for ${row.assignee}`, { ...now, assignee: row.assignee });
  return conflict("not_claimable", `#${row.number} is a job for a person`, { ...now, performer: row.performer });
}

/** Names what holds a job and, where time alone will not help, the two ways out. */
export function whyHeld(turn: Turn, row: TaskRow, held: Held): Refusal {
  const numbers = turn.sql.all<{ number: number }>(
    "SELECT number FROM tasks WHERE id IN (SELECT value FROM json_each(?)) ORDER BY number",
    JSON.stringify(held.blockers ?? []),
  );
  const names = numbers.map(({ number }) => `#${number}`);
  const first = names[0]!;
  const drop = `\`coord undepend ${row.number} --on ${first.slice(1)}\``;
  const remedy = {
    dependencies: `Take another with \`coord next\`; this one opens by itself when ${names.join(", ")} ${names.length === 1 ? "is" : "are"} completed.`,
    dependency_failed: `Open ${first} again with \`coord retry ${first.slice(1)}\`, or go on without it: ${drop}.`,
    dependency_cancelled: `Go on without ${first}: ${drop}, or call this one off too: \`coord cancel ${row.number}\`.`,
  }[held.reason];
  const what = {
    dependencies: "waits for",
    dependency_failed: "waits for what failed:",
    dependency_cancelled: "waits for what was cancelled:",
  };
  const now = { id: row.id, number: row.number, state: row.state, held };
  return conflict("held", `#${row.number} is held: it ${what[held.reason]} ${names.join(", ")}`, { ...now, remedy });
}
