import { MIGRATIONS } from "../core/migrations.ts";
import { TABLES } from "./tables.ts";

type Storage = Pick<DurableObjectStorage["sql"], "exec">;
type Value = string | number | null;

/** A page is closed at about so many characters of text, at the next row that may end it. */
const PAGE_CHARS = 512 * 1024;

/** One page of a table: its columns once, and rows of values in their order. */
export interface Page {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
}

/**
 * A workspace as lines of JSON, while others go on writing. First, over many turns, everything up to the log's head as it was at the start;
 * then, in one last turn, the log's newer lines and all rows of the tasks that may have changed meanwhile. A reader who leaves out the
 * earlier rows of those tasks has the workspace as it was in that last turn, exactly.
 *
 * Lines: `{workspace, schema, at, head, tables, rows}` · pages · `{final: {head, touched}}` · pages · `{end: {rows}}`.
 */
export function* dump(sql: Storage, workspace: string, at: number): Generator<string> {
  const start = head(sql);
  const counted = Object.fromEntries(Object.keys(TABLES).map((table) => [table, one(sql, `SELECT count(*) AS n FROM ${table}`)]));
  const schema = Math.max(...MIGRATIONS.map((migration) => migration.id));
  yield line({ workspace, schema, at: new Date(at).toISOString(), head: start, tables: TABLES, rows: counted });
  for (const [table, reading] of Object.entries(TABLES)) {
    if (reading === "whole") continue;
    for (let after = 0; ; ) {
      const page = readPage(sql, table, reading, after, reading === "seq" ? start : Number.MAX_SAFE_INTEGER);
      if (page.rows.length > 0) yield line({ table, columns: page.columns, rows: page.rows });
      if (page.last === undefined) break;
      after = page.last;
    }
  }
  yield last(sql, start);
}

/** The end of the dump, made in one turn; its text is in memory at once, so it is as large as what changed meanwhile. */
function last(sql: Storage, start: number): string {
  const touched = touchedSince(sql, start);
  const numbers = JSON.stringify(touched);
  const lines = [line({ final: { head: head(sql), touched } })];
  for (const [table, reading] of Object.entries(TABLES)) {
    const cursor =
      reading === "whole"
        ? sql.exec(`SELECT * FROM ${table}`)
        : reading === "seq"
          ? sql.exec(`SELECT * FROM ${table} WHERE seq > ? ORDER BY seq`, start)
          : sql.exec(`SELECT * FROM ${table} WHERE number IN (SELECT value FROM json_each(?)) ORDER BY number`, numbers);
    const columns = cursor.columnNames;
    const rows = [...cursor.raw<Value[]>()];
    if (rows.length > 0) lines.push(line({ table, columns, rows }));
  }
  const total = Object.fromEntries(Object.keys(TABLES).map((table) => [table, one(sql, `SELECT count(*) AS n FROM ${table}`)]));
  return lines.join("") + line({ end: { rows: total } });
}

/** Tasks that an event is about, that depend on one of those, or that are held: a lease is extended without an event. */
function touchedSince(sql: Storage, start: number): number[] {
  const query = `WITH told (number) AS (
      SELECT DISTINCT number FROM events WHERE seq > ? AND number IS NOT NULL UNION SELECT number FROM tasks WHERE state = 'claimed'
    ) SELECT number FROM told UNION SELECT d.number FROM dependencies d JOIN told ON d.depends_on = told.number`;
  return [...sql.exec(query, start).raw<[number]>()].map(([number]) => number);
}

/** Rows after a key, as many as fill a page; `last` is the key to go on after, undefined where nothing is left. */
function readPage(sql: Storage, table: string, key: "number" | "seq", after: number, upTo: number) {
  const cursor = sql.exec(`SELECT * FROM ${table} WHERE ${key} > ? AND ${key} <= ? ORDER BY ${key}`, after, upTo);
  const columns = cursor.columnNames;
  const place = columns.indexOf(key);
  const rows: Value[][] = [];
  let size = 0;
  for (const row of cursor.raw<Value[]>()) {
    const previous = rows.at(-1)?.[place] as number | undefined;
    // all rows of one task stay together, so that the next page can begin after it
    if (size >= PAGE_CHARS && previous !== row[place]) return { columns, rows, last: previous };
    for (const value of row) size += typeof value === "string" ? value.length : 8;
    rows.push(row);
  }
  return { columns, rows, last: undefined };
}

function head(sql: Storage): number {
  return one(sql, "SELECT coalesce(max(seq), 0) AS n FROM events");
}

function one(sql: Storage, query: string): number {
  return sql.exec<{ n: number }>(query).one().n;
}

function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

/** A generator of texts as a stream of bytes: one text a pull, each in a turn of its own, and none is made before it is asked for. */
export function streamOf(texts: Generator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // a turn of the runtime between two pages, so that commands come in between
        await new Promise((resolve) => setTimeout(resolve, 0));
        const next = texts.next();
        if (next.done) controller.close();
        else controller.enqueue(encoder.encode(next.value));
      },
    },
    { highWaterMark: 0 },
  );
}
