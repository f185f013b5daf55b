import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CliError } from "../errors.ts";
import { layout, UNIQUE_KEY } from "../server/folder.ts";
import { bearer } from "../server/health.ts";
import { copyDatabase, privateRuntime, scratch } from "../server/private.ts";
import type { AttemptRow, TaskRow } from "./vibe-kanban.ts";

/**
 * Node has no SQLite before version 22, and the program brings none: workerd does. A copy of the file is laid where workerd looks for a
 * database of its own, and this worker is asked what is in it. It runs what it is given, for this process alone.
 */
const READER = `
import { DurableObject } from "cloudflare:workers";
export class Workspace extends DurableObject {
  query(sql, bound) {
    const cursor = this.ctx.storage.sql.exec(sql, ...bound);
    return JSON.stringify([...cursor]);
  }
}
export default {
  async fetch(request, env) {
    if (request.headers.get("authorization") !== "Bearer " + env.COORD_TOKEN) return new Response("no", { status: 403 });
    if (new URL(request.url).pathname === "/id") return new Response(env.WORKSPACE.idFromName("file").toString());
    const { sql, bound } = await request.json();
    try {
      return new Response(await env.WORKSPACE.getByName("file").query(sql, bound));
    } catch (error) {
      return new Response(String(error.message ?? error), { status: 500 });
    }
  },
};
`;

/** Rows asked for at a time: a description may be long. */
const PAGE = 500;

/** A SQLite file, read by a copy. */
export interface SqliteFile extends AsyncDisposable {
  /** @throws CliError where the file is damaged, or has no such table */
  all<Row>(sql: string, ...bound: (string | number)[]): Promise<Row[]>;
}

export async function openSqlite(file: string): Promise<SqliteFile> {
  const copy = scratch();
  try {
    const module = join(copy.folder, "reader.js");
    writeFileSync(module, READER);
    const folder = join(copy.folder, `data-${randomBytes(4).toString("hex")}`);
    const runtime = await privateRuntime(folder, { workerModule: module, unready: true });
    try {
      const { url, token } = runtime.target("");
      const id = await (await fetch(new URL("id", url), { headers: bearer(token) })).text();
      copyDatabase(file, join(layout(folder).databases, UNIQUE_KEY, `${id}.sqlite`));
      return {
        all: (sql, ...bound) => ask(file, new URL("query", url), token, { sql, bound }),
        async [Symbol.asyncDispose]() {
          await runtime[Symbol.asyncDispose]();
          copy[Symbol.dispose]();
        },
      };
    } catch (error) {
      await runtime[Symbol.asyncDispose]();
      throw error;
    }
  } catch (error) {
    copy[Symbol.dispose]();
    throw error;
  }
}

async function ask<Row>(file: string, url: URL, token: string | undefined, question: object): Promise<Row[]> {
  let text: string;
  try {
    const response = await fetch(url, { method: "POST", headers: bearer(token), body: JSON.stringify(question) });
    text = await response.text();
    if (response.ok) return JSON.parse(text) as Row[];
  } catch (error) {
    text = (error as Error).message;
  }
  throw new CliError(`${file} cannot be read as a SQLite database: ${text.slice(0, 300)}`, {
    next: "is it whole? copy it again while the program that owns it is not running, or restore it from a backup",
  });
}

/** The tables of a file. */
export async function tablesOf(database: SqliteFile): Promise<Set<string>> {
  const rows = await database.all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'");
  return new Set(rows.map(({ name }) => name));
}

/** Whether the tables are those of Vibe Kanban's local database, of any of its versions. */
export function isVibeKanban(tables: ReadonlySet<string>): boolean {
  return tables.has("tasks") && tables.has("projects") && tables.has("_sqlx_migrations");
}

/** Its tasks and attempts. What an attempt was called changed: `task_attempts` became `workspaces` in December 2025. */
export async function readVibeKanban(
  database: SqliteFile,
  tables: ReadonlySet<string>,
): Promise<{ tasks: TaskRow[]; attempts: AttemptRow[] }> {
  const attemptTable = tables.has("task_attempts") ? "task_attempts" : tables.has("workspaces") ? "workspaces" : undefined;
  const columns = await database.all<{ name: string }>("SELECT name FROM pragma_table_info('tasks')");
  const parent = ["parent_workspace_id", "parent_task_attempt"].find((name) => columns.some((column) => column.name === name));
  const attemptColumns =
    attemptTable === undefined ? [] : await database.all<{ name: string }>(`SELECT name FROM pragma_table_info('${attemptTable}')`);
  const branch = attemptColumns.some(({ name }) => name === "branch") ? "branch" : "NULL";
  const tasks = await paged<TaskRow>(
    database,
    `SELECT t.rowid AS line, hex(t.id) AS id, p.name AS project, t.title, t.description, t.status, t.created_at,
       ${parent === undefined ? "NULL" : `CASE WHEN t.${parent} IS NULL THEN NULL ELSE hex(t.${parent}) END`} AS parent
     FROM tasks t LEFT JOIN projects p ON p.id = t.project_id WHERE t.rowid > ? ORDER BY t.rowid LIMIT ${PAGE}`,
  );
  const attempts =
    attemptTable === undefined
      ? []
      : await paged<AttemptRow & { line: number }>(
          database,
          `SELECT rowid AS line, hex(id) AS id, hex(task_id) AS task_id, ${branch} AS branch, created_at FROM ${attemptTable}
           WHERE rowid > ? ORDER BY rowid LIMIT ${PAGE}`,
        );
  return { tasks, attempts };
}

async function paged<Row extends { readonly line: number }>(database: SqliteFile, sql: string): Promise<Row[]> {
  const all: Row[] = [];
  for (;;) {
    const rows = await database.all<Row>(sql, all.at(-1)?.line ?? 0);
    all.push(...rows);
    if (rows.length < PAGE) return all;
  }
}
