import { type TaskRow, taskByNumber } from "../core/tasks.ts";
import type { Turn } from "../core/turn.ts";

/** A completed job lets go of what depended on it; a job with nothing left to wait for becomes claimable in the same transaction. */
export function unblockDependents(turn: Turn, done: TaskRow): void {
  const dependents = turn.sql.all<{ number: number }>("SELECT number FROM dependencies WHERE depends_on = ? ORDER BY number", done.number);
  for (const { number } of dependents) {
    turn.sql.run("UPDATE tasks SET blocked = blocked - 1, updated_at = ?, rev = rev + 1 WHERE number = ?", turn.now, number);
    const row = taskByNumber(turn.sql, number)!;
    if (row.blocked === 0 && (row.state === "pending" || row.state === "backlog" || row.state === "idea")) {
      turn.appendFor(row, "task.unblocked", null, { unblocked_by: done.id });
    }
  }
}
