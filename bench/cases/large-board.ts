import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { startServer } from "../harness/server.ts";
import { Session } from "../harness/session.ts";
import { type Board, fillBoard } from "./board-data.ts";

/** The part of the board that is posted through the front door, and that the rest is a multiple of. */
const PATTERN = 1_000;

/**
 * Makes a board of a size that posting would take minutes for: a thousand tasks are posted to a server, it is ended, and its database gets
 * copies of their rows, with names and ids of their own, lines in the log and entries in the indexes. What only a few tasks shall have (the
 * zebras, what is held) stays with the first thousand. A million takes half a minute and 1.1 GB. The full-text indexes come out with fewer
 * parts than those of a board that grew slowly.
 * @param folder an empty one, to be served afterwards
 */
export async function makeLargeBoard(worker: string, folder: string, size: number): Promise<Omit<Board, "session">> {
  const { DatabaseSync } = await import("node:sqlite");
  let jobs: readonly string[];
  {
    await using server = await startServer("large", worker, folder);
    const pattern = await fillBoard(server.url, "default", PATTERN);
    pattern.session.close();
    jobs = pattern.jobs;
  }
  const database = new DatabaseSync(databaseIn(folder));
  try {
    // the file is thrown away with the run: nothing in it has to survive the machine
    database.exec("PRAGMA journal_mode = wal; PRAGMA synchronous = off; PRAGMA cache_size = -262144; PRAGMA wal_autocheckpoint = 100000");
    database.exec("BEGIN");
    multiply(database, Math.floor(size / PATTERN) - 1);
    database.exec("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)");
  } finally {
    database.close();
  }
  return { size, jobs };
}

/** The served board. */
export async function openLargeBoard(url: string, made: Omit<Board, "session">): Promise<Board> {
  return { ...made, session: await Session.open(url) };
}

/** The largest of the databases: the others are the runtime's own. */
function databaseIn(folder: string): string {
  const databases = join(folder, "do");
  const files = readdirSync(databases, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".sqlite") && !name.endsWith("metadata.sqlite"))
    .map((name) => join(databases, name))
    // a file's main part may still be small: what was written lies in the log beside it
    .sort((a, b) => sizeOf(b) - sizeOf(a));
  if (files[0] === undefined) throw new Error("the server left no database");
  return files[0];
}

function sizeOf(path: string): number {
  return [path, `${path}-wal`].reduce((sum, one) => sum + (statSync(one, { throwIfNoEntry: false })?.size ?? 0), 0);
}

/** A random UUID, as SQL. */
const NEW_ID =
  "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))";

/** Columns are taken from the file itself, so that a schema that grew is copied as it is; what a copy changes is named here. */
function multiply(database: DatabaseSync, copies: number): void {
  const columns = database
    .prepare("SELECT name FROM pragma_table_info('tasks')")
    .all()
    .map(({ name }) => String(name));
  const changed: Readonly<Record<string, string>> = {
    number: `number + copy * ${PATTERN}`,
    id: NEW_ID,
    name: "replace(name, 'zebra', 'horse')",
    folded_name: "replace(folded_name, 'zebra', 'horse')",
    labels: `replace(replace(labels, '"zebra",', ''), '"zebra"', '')`,
    // a copy of what is held is a job like the others
    state: "iif(state = 'claimed', 'pending', state)",
    claim_id: "NULL",
    claimed_by: "NULL",
    claimed_at: "NULL",
    lease_until: "NULL",
    attempt: "0",
    attempt_open: "0",
    attempt_started_at: "NULL",
  };
  const names = columns.map((name) => `"${name}"`).join(", ");
  const values = columns.map((name) => changed[name] ?? `"${name}"`).join(", ");
  database.exec(
    `INSERT INTO tasks (${names}) SELECT ${values}
     FROM (WITH RECURSIVE copies (copy) AS (SELECT 1 UNION ALL SELECT copy + 1 FROM copies WHERE copy < ${copies}) SELECT copy FROM copies)
     CROSS JOIN (SELECT * FROM tasks WHERE number <= ${PATTERN})`,
  );
  const copied = `number > ${PATTERN}`;
  database.exec(
    `INSERT INTO task_labels (label, number) SELECT label.value, tasks.number FROM tasks, json_each(tasks.labels) label WHERE ${copied}`,
  );
  database.exec(
    `INSERT INTO tasks_text (rowid, name, description, payload) SELECT number, name, description, coalesce(payload, '') FROM tasks WHERE ${copied}`,
  );
  database.exec(`INSERT INTO tasks_names (rowid, folded_name) SELECT number, folded_name FROM tasks WHERE ${copied}`);
  database.exec(
    `INSERT INTO events (seq, at, type, number, kind, state, agent_id, principal, data)
     SELECT (SELECT max(seq) FROM events) + row_number() OVER (ORDER BY number), created_at, 'task.created', number, kind, state, created_by,
       'owner', json_object('task', json_object('id', id, 'number', number, 'name', name, 'kind', kind, 'priority', priority, 'state', state,
         'performer', performer, 'assignee', assignee, 'labels', json(labels), 'claimed_by', NULL, 'created_by', created_by, 'attempt', attempt,
         'rev', rev, 'ready', json(iif(state = 'pending' AND blocked = 0, 'true', 'false'))))
     FROM tasks WHERE ${copied} ORDER BY number`,
  );
}
