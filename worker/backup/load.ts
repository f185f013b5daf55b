import { type Refusal, refuse } from "../../protocol/index.ts";
import { MIGRATIONS } from "../core/migrations.ts";
import type { Sql, SqlValue } from "../core/sql.ts";
import { indexText } from "../core/text-index.ts";
import { answer, type Outcome, refused } from "../core/turn.ts";
import type { Page } from "./dump.ts";
import { TABLES } from "./tables.ts";

/** What is sent to an empty workspace, in this order: `begin`, pages in the order of `TABLES`, `end`. */
export type Part =
  | { readonly begin: { readonly schema: number } }
  | Page
  | { readonly end: { readonly rows: Readonly<Record<string, number>> } };

/**
 * Takes one part of a backup into a workspace that has nothing in it. Run in one transaction; what the schema refuses (a row that
 * cannot be, a reference to nothing) is refused here, and the caller throws the half-filled folder away.
 * @param begun whether a restore is under way; without one only an empty workspace takes anything
 */
export function load(sql: Sql, part: Part, begun: boolean): Outcome<null> {
  if (!begun && !isEmpty(sql)) return refused(bad("the workspace is not empty"));
  if ("begin" in part) {
    const known = Math.max(...MIGRATIONS.map((migration) => migration.id));
    if (part.begin.schema > known)
      return refused(bad(`it was written by a newer coord (schema ${part.begin.schema}, this one knows ${known})`));
    return isEmpty(sql) ? answer(null) : refused(bad("the workspace is not empty"));
  }
  if ("end" in part) return checkEnd(sql, part.end.rows);
  const { table, columns, rows } = part;
  if (!Object.hasOwn(TABLES, table)) return refused(bad(`it has a table that this coord does not know: ${table}`));
  const known = new Set(sql.all<{ name: string }>("SELECT name FROM pragma_table_info(?)", table).map((column) => column.name));
  const strange = columns.find((column) => !known.has(column));
  if (strange !== undefined) return refused(bad(`${table} has a column that this coord does not know: ${strange}`));
  const insert = `INSERT INTO ${table} (${columns.map((column) => `"${column}"`).join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`;
  for (const row of rows) {
    sql.run(insert, ...(row as SqlValue[]));
    if (table === "tasks") indexTask(sql, columns, row as SqlValue[]);
  }
  return answer(null);
}

/** What is kept beside a task's row for searching: made anew, since it is not in the backup. */
function indexTask(sql: Sql, columns: readonly string[], row: readonly SqlValue[]): void {
  const task = Object.fromEntries(columns.map((column, at) => [column, row[at]]));
  indexText(sql, task as unknown as Parameters<typeof indexText>[1]);
  sql.run("INSERT OR IGNORE INTO task_labels (label, number) SELECT value, ? FROM json_each(?)", task.number!, task.labels!);
}

function isEmpty(sql: Sql): boolean {
  return sql.first<{ n: number }>("SELECT EXISTS (SELECT 1 FROM events) + EXISTS (SELECT 1 FROM tasks) AS n")!.n === 0;
}

function checkEnd(sql: Sql, rows: Readonly<Record<string, number>>): Outcome<null> {
  for (const [table, expected] of Object.entries(rows)) {
    if (!Object.hasOwn(TABLES, table)) return refused(bad(`it has a table that this coord does not know: ${table}`));
    const { n } = sql.first<{ n: number }>(`SELECT count(*) AS n FROM ${table}`)!;
    if (n !== expected) return refused(bad(`${table} should have ${expected} rows and has ${n}`));
  }
  return answer(null);
}

function bad(message: string): Refusal {
  return refuse("invalid_request", `this backup cannot be restored: ${message}`);
}
