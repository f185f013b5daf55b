import { conflict, type Held, isTerminal, type Params, type Refusal, type Task } from "../../protocol/index.ts";
import { bestJob } from "../core/query.ts";
import { byNumber, type RowKey, resolveTask, rowKey } from "../core/refs.ts";
import { type TaskRow, toClaimedTask, toTask } from "../core/tasks.ts";
import { isoTime } from "../core/time.ts";
import { answer, type Line, type Outcome, refused, type Turn } from "../core/turn.ts";

/** One call of `tasks/claim`. */
export interface Claim {
  readonly turn: Turn;
  readonly params: Params<"tasks/claim">;
}

/** `tasks/claim`: exactly one caller gets a job; everybody else is told who holds it. */
export function claim(turn: Turn, params: Params<"tasks/claim">): Outcome<Task> {
  let key = rowKey(params.id);
  if (!key) {
    const found = resolveTask(turn.sql, params.id);
    if (!found.ok) return found;
    key = byNumber(found.value);
  }
  return outcomeOf({ turn, params }, take(turn, key, params.agent_id, params.lease_seconds));
}

/** Claims that came together, each of another task and by its full id: one statement for all of them. */
export function claimAll(claims: readonly Claim[]): Outcome<Task>[] {
  const rows = takeAll(
    "id",
    claims.map(({ turn, params }) => ({
      turn,
      value: rowKey(params.id)!.value,
      agent_id: params.agent_id,
      lease_seconds: params.lease_seconds,
    })),
  );
  return claims.map((claim, at) => outcomeOf(claim, rows[at]));
}

function outcomeOf({ turn, params }: Claim, row: TaskRow | undefined): Outcome<Task> {
  if (row) return answer(toClaimedTask(turn.sql, row));
  const found = resolveTask(turn.sql, params.id);
  return found.ok ? refused(whyNotClaimable(turn, found.value)) : found;
}

/** `tasks/next` without waiting: the best job that fits, or null. */
export function next(turn: Turn, params: Pick<Params<"tasks/next">, "agent_id" | "filter" | "lease_seconds">): Task | null {
  const agent = { id: params.agent_id, type: turn.presence.typeOf(turn.sql, params.agent_id) };
  const best = bestJob(turn.sql, params.filter ?? {}, agent);
  const row = best && take(turn, byNumber(best), agent.id, params.lease_seconds);
  return row ? toClaimedTask(turn.sql, row) : null;
}

/** Who asks for which job; `value` is the job's id or number. */
interface Taker {
  readonly turn: Turn;
  readonly value: RowKey["value"];
  readonly agent_id: string;
  readonly lease_seconds: number | undefined;
}

/** The guarded transition pending → claimed of one job; undefined is the refusal. */
export function take(turn: Turn, { column, value }: RowKey, agent_id: string, lease_seconds: number | undefined): TaskRow | undefined {
  return takeAll(column, [{ turn, value, agent_id, lease_seconds }])[0];
}

/**
 * The guarded transition pending → claimed: one UPDATE for all who ask, each for another job, and no row back is the refusal.
 * A person's hold of a person's job has no deadline (domain §4).
 */
function takeAll(column: RowKey["column"], takers: readonly Taker[]): (TaskRow | undefined)[] {
  const { sql, now, defaultLeaseSeconds } = takers[0]!.turn;
  const asked = takers.map(({ turn, value, agent_id, lease_seconds }) => {
    const lease_until = now + (lease_seconds ?? defaultLeaseSeconds) * 1000;
    return [value, turn.newId(), agent_id, lease_until, turn.presence.typeOf(sql, agent_id)];
  });
  // the plus signs keep the planner from starting at the queue's indexes: each job is found by its own key
  const rows = sql.all<TaskRow>(
    `UPDATE tasks SET state = 'claimed', claim_id = asked.claim_id, claimed_by = asked.agent_id, claimed_at = ?2, front = 0,
       lease_until = CASE performer WHEN 'user' THEN NULL ELSE asked.lease_until END,
       attempt_started_at = CASE attempt_open WHEN 1 THEN attempt_started_at ELSE ?2 END,
       attempt = attempt + 1 - attempt_open, attempt_open = 1, updated_at = ?2, rev = rev + 1
     FROM (SELECT value->>0 AS job, value->>1 AS claim_id, value->>2 AS agent_id, value->>3 AS lease_until, value->>4 AS type FROM json_each(?1)) AS asked
     WHERE tasks.${column} = asked.job AND +state = 'pending' AND +blocked = 0 AND (assignee IS NULL OR assignee = asked.agent_id)
       AND (performer = 'agent' OR asked.type = 'user') RETURNING *`,
    JSON.stringify(asked),
    now,
  );
  const taken = new Map(rows.map((row) => [row[column], row]));
  const lines: Line[] = [];
  for (const { turn, value } of takers) {
    const row = taken.get(value);
    if (!row) continue;
    const { lease_until, claim_id, claimed_by } = row;
    if (lease_until !== null) turn.noteLease(lease_until);
    const until = lease_until === null ? null : isoTime(lease_until);
    lines.push(turn.lineFor(row, "task.claimed", claimed_by, { claim_id, lease_until: until }));
  }
  takers[0]!.turn.appendAll(lines);
  return takers.map(({ value }) => taken.get(value));
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
