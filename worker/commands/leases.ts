import type { TaskRow } from "../core/tasks.ts";
import type { Turn } from "../core/turn.ts";
import { endClaim } from "./hold.ts";

/** Every job whose lease has lapsed, the longest lapsed first. */
export function lapsedJobs(turn: Turn): TaskRow[] {
  return turn.sql.all<TaskRow>(
    "SELECT * FROM tasks WHERE lease_until IS NOT NULL AND lease_until <= ? ORDER BY lease_until, number",
    turn.now,
  );
}

/**
 * Returns one such job to pending. This happens before the commands of each turn, so that no read and no claim ever sees a lapsed
 * lease as a hold, and from the alarm, so that waiters see it when nobody calls.
 */
export function lapse(turn: Turn, before: TaskRow): void {
  const row = endClaim(turn, before, "lapsed", "pending");
  turn.appendFor(row, "task.lapsed", before.claimed_by, { claim_id: before.claim_id, agent_id: before.claimed_by });
  turn.lapsed.push(row.number);
}

/** When the next lease lapses, in milliseconds; undefined where nothing is held under one. */
export function nextLapse(sql: Turn["sql"]): number | undefined {
  return sql.first<{ at: number | null }>("SELECT min(lease_until) AS at FROM tasks WHERE lease_until IS NOT NULL")?.at ?? undefined;
}
