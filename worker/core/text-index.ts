import { foldCase } from "../../protocol/index.ts";
import type { Sql } from "./sql.ts";

/** What of a task is searched for by words and pieces of its name. */
interface Searched {
  readonly number: number;
  readonly name: string;
  readonly description: string;
  readonly payload: string | null;
}

/** Puts a task into the full-text indexes. */
export function indexText(sql: Sql, task: Searched): void {
  const { number, name, description, payload } = task;
  sql.run("INSERT INTO tasks_text (rowid, name, description, payload) VALUES (?, ?, ?, ?)", number, name, description, payload ?? "");
  sql.run("INSERT INTO tasks_names (rowid, folded_name) VALUES (?, ?)", number, foldCase(name));
}

/** Replaces what is there. */
export function reindexText(sql: Sql, task: Searched): void {
  sql.run("DELETE FROM tasks_text WHERE rowid = ?", task.number);
  sql.run("DELETE FROM tasks_names WHERE rowid = ?", task.number);
  indexText(sql, task);
}
