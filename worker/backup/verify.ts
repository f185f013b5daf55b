import type { Sql } from "../core/sql.ts";

/** What is wrong, in one line; `task` is its number where it is about one. */
export interface Problem {
  readonly what: string;
  readonly task?: number;
}

/** The result of one step of a verification, and where the next begins. */
export interface Verified {
  readonly checked: number;
  readonly problems: readonly Problem[];
  /** The task's number to go on after; null at the end. */
  readonly next: number | null;
}

/** Tasks a step, so that commands come in between. */
const STEP = 1_000;

/** What each has a line of the log of its own for, beside the tasks. */
const TOLD_AND_KEPT = `
  WITH told (type, n) AS (SELECT type, count(*) FROM events GROUP BY type)
  SELECT 'notes' AS what, coalesce((SELECT n FROM told WHERE type = 'note.added'), 0) AS told, (SELECT count(*) FROM notes) AS kept
  UNION ALL SELECT 'reviews', coalesce((SELECT n FROM told WHERE type = 'review.decided'), 0), (SELECT count(*) FROM reviews)
  UNION ALL SELECT 'agents', coalesce((SELECT n FROM told WHERE type = 'agent.seen'), 0), (SELECT count(*) FROM agents)
  UNION ALL SELECT 'claims', coalesce((SELECT n FROM told WHERE type = 'task.claimed'), 0),
    (SELECT count(*) FROM claims) + (SELECT count(*) FROM tasks WHERE state = 'claimed')`;

/** So many problems are told of one step; where there are more, the rest would say nothing new. */
const MOST_TOLD = 20;

interface Row {
  readonly number: number;
  readonly state: string;
  readonly rev: number;
  readonly claimed_by: string | null;
  readonly attempt: number;
  readonly dependencies: number;
  readonly blocked: number;
  readonly told: string | null;
  readonly told_rev: number | null;
  readonly told_by: string | null;
  readonly told_attempt: number | null;
  readonly fields: string;
  readonly told_fields: string;
  readonly edges: number;
  readonly open_edges: number;
}

/**
 * Holds the log against the tables: the log has no gap, and replaying it gives what they hold. Each event carries the task as it was then,
 * so the last one about a task is the replay of all before it; notes, reviews, agents and claims each have an event of their own. A job's
 * count of open dependencies is what counting them gives. The first step also has SQLite check the file itself and every reference in it.
 */
export function verify(sql: Sql, after: number): Verified {
  const problems: Problem[] = after === 0 ? whole(sql) : [];
  const rows = sql.all<Row>(
    `SELECT t.number, t.state, t.rev, t.claimed_by, t.attempt, t.dependencies, t.blocked, e.state AS told,
       json_extract(e.data, '$.task.rev') AS told_rev, json_extract(e.data, '$.task.claimed_by') AS told_by,
       json_extract(e.data, '$.task.attempt') AS told_attempt,
       json_array(t.id, t.name, t.kind, t.priority, t.performer, t.assignee, json(t.labels), t.created_by) AS fields,
       json_extract(e.data, '$.task.id', '$.task.name', '$.task.kind', '$.task.priority', '$.task.performer', '$.task.assignee',
         '$.task.labels', '$.task.created_by') AS told_fields,
       (SELECT count(*) FROM dependencies d WHERE d.number = t.number) AS edges,
       (SELECT count(*) FROM dependencies d JOIN tasks o ON o.number = d.depends_on WHERE d.number = t.number AND o.state <> 'completed') AS open_edges
     FROM tasks t LEFT JOIN events e ON e.seq = (SELECT max(seq) FROM events x WHERE x.number = t.number)
     WHERE t.number > ? ORDER BY t.number LIMIT ?`,
    after,
    STEP,
  );
  for (const row of rows) problems.push(...ofTask(row));
  return { checked: rows.length, problems: problems.slice(0, MOST_TOLD), next: rows.length === STEP ? rows.at(-1)!.number : null };
}

function ofTask(row: Row): Problem[] {
  const wrong = (what: string): Problem => ({ what: `#${row.number} ${what}`, task: row.number });
  if (row.told === null) return [wrong("is not in the log")];
  const problems: Problem[] = [];
  if (row.told !== row.state) problems.push(wrong(`is ${row.state}, the log says ${row.told}`));
  if (row.told_by !== row.claimed_by) problems.push(wrong(`is held by ${row.claimed_by}, the log says ${row.told_by}`));
  if (row.told_attempt !== row.attempt) problems.push(wrong(`is in attempt ${row.attempt}, the log says ${row.told_attempt}`));
  if (row.told_fields !== row.fields) problems.push(wrong(`is ${row.fields}, the log says ${row.told_fields}`));
  // an extended lease and a dependency's end change the row without a line about it
  if (row.told_rev! > row.rev) problems.push(wrong(`is at revision ${row.rev}, the log at ${row.told_rev}`));
  if (row.edges !== row.dependencies) problems.push(wrong(`has ${row.edges} dependencies, its row says ${row.dependencies}`));
  if (row.open_edges !== row.blocked) problems.push(wrong(`waits for ${row.open_edges} jobs, its row says ${row.blocked}`));
  return problems;
}

/** The file and the log as wholes. */
function whole(sql: Sql): Problem[] {
  const problems = sql
    .all<{ quick_check: string }>("PRAGMA quick_check(20)")
    .filter((row) => row.quick_check !== "ok")
    .map((row) => ({ what: `the database file is damaged: ${row.quick_check}` }));
  const dangling = sql.all<{ table: string; parent: string }>("PRAGMA foreign_key_check");
  for (const { table, parent } of dangling.slice(0, MOST_TOLD))
    problems.push({ what: `a row of ${table} refers to a row of ${parent} that is not there` });
  const log = sql.first<{ n: number; least: number | null; last: number | null }>(
    "SELECT count(*) AS n, min(seq) AS least, max(seq) AS last FROM events",
  )!;
  if (log.n > 0 && (log.least !== 1 || log.last !== log.n))
    problems.push({ what: `the log has ${log.n} lines, numbered ${log.least} to ${log.last}` });
  for (const { what, told, kept } of sql.all<{ what: string; told: number; kept: number }>(TOLD_AND_KEPT))
    if (told !== kept) problems.push({ what: `the log tells of ${told} ${what}, the tables hold ${kept}` });
  return problems;
}
