import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync, gzipSync } from "node:zlib";
import type { Event, Task } from "../../protocol/index.ts";
import { MIGRATIONS } from "../../worker/core/migrations.ts";

/** A data folder as a certain version of coord left it, and what that version said was in it. */
export interface Fixture {
  readonly schema: number;
  /** `runtime.json` of the folder. */
  readonly runtime: object;
  /** The default workspace's file, relative to the folder. */
  readonly path: string;
  readonly tasks: readonly Task[];
  readonly log: readonly Event[];
}

/** Every row of every table that the schema itself made, by table. */
export type Content = ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]>;

export const FIXTURES = join(import.meta.dirname, "../../tests/faults/fixtures");

export function writeFixture(fixture: Fixture, database: Buffer): void {
  const base = join(FIXTURES, `schema-${fixture.schema}`);
  mkdirSync(FIXTURES, { recursive: true });
  writeFileSync(`${base}.sqlite.gz`, gzipSync(database, { level: 9 }));
  writeFileSync(`${base}.json.gz`, gzipSync(JSON.stringify(fixture), { level: 9 }));
}

/** Lays a fixture out as the data folder that it was. */
export function layOut(name: string, folder: string): Fixture {
  const fixture = JSON.parse(gunzipSync(readFileSync(join(FIXTURES, `${name}.json.gz`))).toString()) as Fixture;
  const database = join(folder, fixture.path);
  mkdirSync(dirname(database), { recursive: true });
  writeFileSync(database, gunzipSync(readFileSync(join(FIXTURES, `${name}.sqlite.gz`))));
  writeFileSync(join(folder, "runtime.json"), JSON.stringify(fixture.runtime));
  return fixture;
}

/** Takes a file's schema on to a certain step and no further, as an upgrade does that is killed there: each step is a transaction. */
export function upgradeTo(schema: number, path: string): void {
  const file = new DatabaseSync(path);
  const add = file.prepare("INSERT INTO _migrations (id, what, breaking, applied_at) VALUES (?, ?, ?, ?)");
  const { done } = file.prepare("SELECT max(id) AS done FROM _migrations").get() as { done: number };
  for (const { id, what, breaking, sql } of MIGRATIONS) {
    if (id <= done || id > schema) continue;
    file.exec("BEGIN");
    add.run(id, what, Number(breaking), Date.now());
    file.exec(sql);
    file.exec("COMMIT");
  }
  file.close();
}

/** The schema of a file and what is in it. Only while no server runs on the folder. */
export function contentOf(path: string): { schema: number; content: Content } {
  const file = new DatabaseSync(path, { readOnly: true });
  const all = (query: string) => file.prepare(query).all() as Record<string, unknown>[];
  // the full-text index keeps tables of its own, the runtime one
  const tables = all(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_*' AND name NOT GLOB 'tasks_text*' AND name NOT GLOB 'tasks_names*'",
  );
  const content = new Map(tables.map(({ name }) => [String(name), all(`SELECT * FROM "${name}"`)]));
  const [{ schema }] = all("SELECT max(id) AS schema FROM _migrations") as [{ schema: number }];
  file.close();
  return { schema, content };
}
