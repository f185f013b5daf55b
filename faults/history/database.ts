import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Database } from "../checker/tables.ts";

/** The workspaces' database files of a data folder: those that hold tasks. */
export async function databasesOf(folder: string): Promise<string[]> {
  const files = readdirSync(join(folder, "do"), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".sqlite"));
  const { DatabaseSync } = await import("node:sqlite");
  return files
    .map((name) => join(folder, "do", name))
    .filter((path) => {
      const file = new DatabaseSync(path, { readOnly: true });
      try {
        return file.prepare("SELECT 1 FROM sqlite_master WHERE name = 'tasks'").get() !== undefined;
      } finally {
        file.close();
      }
    });
}

/**
 * Reads a workspace's file as another program does. Only while no server runs on the folder: a second connection beside workerd's is what
 * runtime.md §1.10 warns of.
 */
export async function readDatabase(path: string): Promise<Database> {
  const { DatabaseSync } = await import("node:sqlite");
  const file = new DatabaseSync(path, { readOnly: true });
  try {
    const all = <T>(query: string) => file.prepare(query).all() as T[];
    const whole = all<{ integrity_check: string }>("PRAGMA integrity_check").map((row) => row.integrity_check);
    const orphans = all<{ table: string }>("PRAGMA foreign_key_check").map((row) => `a row of ${row.table} points nowhere`);
    return {
      tasks: all(
        `SELECT id, number, state, claim_id, claimed_by, attempt, rev, blocked, result,
           (SELECT count(*) FROM dependencies d JOIN tasks o ON o.number = d.depends_on WHERE d.number = t.number AND o.state <> 'completed') AS open_dependencies
         FROM tasks t ORDER BY number`,
      ),
      events: all("SELECT seq, type, data FROM events ORDER BY seq"),
      claims: all('SELECT claim_id, agent_id, "end" FROM claims'),
      damage: [...whole.filter((line) => line !== "ok"), ...orphans],
    };
  } finally {
    file.close();
  }
}
