import {
  conflict,
  isTerminal,
  LIMITS,
  overLimit,
  type Params,
  type Refusal,
  type Result,
  refuse,
  type Task,
} from "../../protocol/index.ts";
import { resolveTask } from "../core/refs.ts";
import type { Sql } from "../core/sql.ts";
import { type TaskRow, taskByNumber, toTask } from "../core/tasks.ts";
import { answer, type Outcome, refused, type Turn } from "../core/turn.ts";

/** `tasks/depend`: while nobody works on the job. It is held at once where what it now waits for is not completed. */
export function depend(turn: Turn, params: Params<"tasks/depend">): Outcome<Task> {
  const pair = resolvePair(turn, params);
  if (!pair.ok) return pair;
  const { row, on } = pair.value;
  if (hasEdge(turn.sql, row, on)) return answer(toTask(turn.sql, row));
  const cannot = whyNotDepend(turn.sql, row, on);
  if (cannot) return refused(cannot);
  turn.sql.run("INSERT INTO dependencies (number, depends_on) VALUES (?, ?)", row.number, on.number);
  const after = recount(turn, row, 1, on.state === "completed" ? 0 : 1);
  turn.appendFor(after, "dependency.added", params.agent_id ?? null, { on: on.id });
  return answer(toTask(turn.sql, after));
}

/** `tasks/undepend`: the way out where a dependency failed or was cancelled. What nothing holds any more becomes claimable. */
export function undepend(turn: Turn, params: Params<"tasks/undepend">): Outcome<Task> {
  const pair = resolvePair(turn, params);
  if (!pair.ok) return pair;
  const { row, on } = pair.value;
  if (!hasEdge(turn.sql, row, on))
    return refused(refuse("not_found", `#${row.number} does not depend on #${on.number}`, { id: row.id, on: on.id }));
  turn.sql.run("DELETE FROM dependencies WHERE number = ? AND depends_on = ?", row.number, on.number);
  const after = recount(turn, row, -1, on.state === "completed" ? 0 : -1);
  turn.appendFor(after, "dependency.removed", params.agent_id ?? null, { on: on.id });
  if (row.blocked > 0 && after.blocked === 0) turn.appendFor(after, "task.unblocked", params.agent_id ?? null, { unblocked_by: on.id });
  return answer(toTask(turn.sql, after));
}

/** A completed job lets go of what depended on it; a job with nothing left to wait for becomes claimable in the same transaction. */
export function unblockDependents(turn: Turn, done: TaskRow): void {
  const dependents = turn.sql.all<{ number: number }>("SELECT number FROM dependencies WHERE depends_on = ? ORDER BY number", done.number);
  for (const { number } of dependents) {
    const row = recount(turn, { number }, 0, -1);
    if (row.blocked === 0 && !isTerminal(row.state)) turn.appendFor(row, "task.unblocked", null, { unblocked_by: done.id });
  }
}

/**
 * What keeps an edge from being added: the dependent's state, a circle (with its path), or a limit. The new edge is judged
 * inside the transaction that writes it, so two calls can never close a circle together.
 */
function whyNotDepend(sql: Sql, row: TaskRow, on: TaskRow): Refusal | undefined {
  if (row.state !== "idea" && row.state !== "backlog" && row.state !== "pending") {
    const reason = isTerminal(row.state) ? "terminal" : "wrong_state";
    return conflict(reason, `#${row.number} is ${row.state}; dependencies are added before anybody works on it`, {
      id: row.id,
      number: row.number,
      state: row.state,
    });
  }
  const most = LIMITS.depends_on;
  if (row.dependencies >= most.value) return overLimit("depends_on", most.value, most.unit, row.dependencies + 1);
  const path = pathTo(sql, on.number, row.number);
  if (path) {
    const shown = [row.number, ...path].map((number) => `#${number}`);
    return conflict("cycle", `that closes a circle: ${shown.join(" → ")}`, { id: row.id, on: on.id, path: shown });
  }
  const depth = depthBelow(sql, on.number) + heightAbove(sql, row.number) + 1;
  const deepest = LIMITS.dependency_depth;
  return depth > deepest.value ? overLimit("dependency_depth", deepest.value, deepest.unit, depth) : undefined;
}

/** The way from one task to another along what each depends on, both ends included; undefined where there is none. */
function pathTo(sql: Sql, from: number, to: number): number[] | undefined {
  const cameFrom = new Map<number, number>();
  const queue = [from];
  const seen = new Set(queue);
  for (const at of queue) {
    if (at === to) {
      const path = [at];
      while (path[0] !== from) path.unshift(cameFrom.get(path[0]!)!);
      return path;
    }
    for (const { depends_on } of sql.all<{ depends_on: number }>("SELECT depends_on FROM dependencies WHERE number = ?", at)) {
      if (seen.has(depends_on)) continue;
      seen.add(depends_on);
      cameFrom.set(depends_on, at);
      queue.push(depends_on);
    }
  }
  return undefined;
}

/** Jobs on the longest chain below a task, itself included. */
export function depthBelow(sql: Sql, number: number): number {
  return longest(sql, number, "SELECT depends_on AS other FROM dependencies WHERE number = ?");
}

function heightAbove(sql: Sql, number: number): number {
  return longest(sql, number, "SELECT number AS other FROM dependencies WHERE depends_on = ?");
}

function longest(sql: Sql, number: number, step: string, known = new Map<number, number>()): number {
  const before = known.get(number);
  if (before !== undefined) return before;
  const others = sql.all<{ other: number }>(step, number);
  const length = 1 + Math.max(0, ...others.map(({ other }) => longest(sql, other, step, known)));
  known.set(number, length);
  return length;
}

/** `tasks/graph`. */
export function graph(turn: Turn, params: Params<"tasks/graph">): Outcome<Result<"tasks/graph">> {
  const wanted = new Set<number>();
  if (params.ids) {
    const roots: number[] = [];
    for (const ref of params.ids) {
      const found = resolveTask(turn.sql, ref);
      if (!found.ok) return found;
      roots.push(found.value.number);
    }
    // everything that the roots wait for, and everything that waits for them
    for (const step of [
      "SELECT depends_on AS other FROM dependencies WHERE number = ?",
      "SELECT number AS other FROM dependencies WHERE depends_on = ?",
    ]) {
      const queue = [...roots];
      const seen = new Set(queue);
      for (const at of queue) {
        wanted.add(at);
        for (const { other } of turn.sql.all<{ other: number }>(step, at))
          if (!seen.has(other)) {
            seen.add(other);
            queue.push(other);
          }
      }
    }
  } else {
    const open = params.all ? "" : " WHERE t.state NOT IN ('completed', 'cancelled')";
    const edges = turn.sql.all<{ number: number; depends_on: number }>(
      `SELECT d.* FROM dependencies d JOIN tasks t ON t.number = d.number${open} ORDER BY d.number DESC LIMIT ?`,
      LIMITS.list_rows.value,
    );
    for (const edge of edges) wanted.add(edge.number).add(edge.depends_on);
  }
  const rows = [...wanted].sort((a, b) => a - b).map((number) => taskByNumber(turn.sql, number)!);
  const ids = new Map(rows.map((row) => [row.number, row.id]));
  const edges = rows.flatMap((row) =>
    turn.sql
      .all<{ depends_on: number }>("SELECT depends_on FROM dependencies WHERE number = ? ORDER BY depends_on", row.number)
      .filter((edge) => ids.has(edge.depends_on))
      .map((edge) => ({ task_id: row.id, depends_on: ids.get(edge.depends_on)! })),
  );
  const tasks = rows.map((row) => {
    const { id, number, name, kind, state, claimed_by, held } = toTask(turn.sql, row);
    return { id, number, name, kind, state, claimed_by, held };
  });
  return answer({ tasks, edges });
}

function resolvePair(turn: Turn, params: { id: string; on: string }): Outcome<{ row: TaskRow; on: TaskRow }> {
  const row = resolveTask(turn.sql, params.id);
  if (!row.ok) return row;
  const on = resolveTask(turn.sql, params.on);
  return on.ok ? answer({ row: row.value, on: on.value }) : on;
}

function hasEdge(sql: Sql, row: TaskRow, on: TaskRow): boolean {
  return sql.first("SELECT 1 FROM dependencies WHERE number = ? AND depends_on = ?", row.number, on.number) !== undefined;
}

function recount(turn: Turn, row: { number: number }, edges: number, blocked: number): TaskRow {
  return turn.sql.first<TaskRow>(
    "UPDATE tasks SET dependencies = dependencies + ?, blocked = blocked + ?, updated_at = ?, rev = rev + 1 WHERE number = ? RETURNING *",
    edges,
    blocked,
    turn.now,
    row.number,
  )!;
}
