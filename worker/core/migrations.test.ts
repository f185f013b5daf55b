import { runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { bindings, freshName, HttpClient } from "../testing/pool.ts";
import { MIGRATIONS, type Migration, migrate } from "./migrations.ts";
import { type Sql, sqlOver } from "./sql.ts";

const NOW = Date.UTC(2026, 0, 2);
const LAST = MIGRATIONS.at(-1)!.id;
const step = (id: number, sql: string, breaking = false): Migration => ({ id, what: `step ${id}`, breaking, sql });

/** Everything that is in a database but the object's own: its schema and which steps were done. */
function contents(sql: Sql): unknown {
  return [
    sql.all("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\' ORDER BY name"),
    sql.all("SELECT * FROM _migrations ORDER BY id"),
  ];
}

/** A database that this test has for itself: everything that the object made of it is dropped first where `empty` says so. */
function onDatabase(body: (sql: Sql, run: (migrations: readonly Migration[]) => number) => void): () => Promise<void> {
  return async () => {
    await runInDurableObject(bindings.WORKSPACE.getByName(freshName()), (_object, state) => {
      const sql = sqlOver(state.storage.sql);
      body(sql, (migrations) => migrate(sql, (steps) => state.storage.transactionSync(steps), NOW, migrations));
    });
  };
}

describe("migrations", () => {
  it(
    "run once: a second run changes nothing",
    onDatabase((sql, run) => {
      const before = contents(sql);
      expect(run(MIGRATIONS)).toBe(LAST);
      expect(run(MIGRATIONS)).toBe(LAST);
      expect(contents(sql)).toEqual(before);
    }),
  );

  it("are numbered from 1 without a gap", () => {
    expect(MIGRATIONS.map((migration) => migration.id)).toEqual(MIGRATIONS.map((_, n) => n + 1));
  });

  it(
    "bring a database of any earlier step to the last, as a new one would be",
    onDatabase((sql, run) => {
      expect(run([...MIGRATIONS, step(LAST + 1, "CREATE TABLE later (x INTEGER) STRICT")])).toBe(LAST + 1);
      expect(sql.all("SELECT * FROM later")).toEqual([]);
      expect(run([...MIGRATIONS, step(LAST + 1, "not even SQL"), step(LAST + 2, "CREATE TABLE latest (x INTEGER) STRICT")])).toBe(LAST + 2);
      expect(sql.all("SELECT id, applied_at FROM _migrations WHERE id > ?", LAST)).toEqual([
        { id: LAST + 1, applied_at: NOW },
        { id: LAST + 2, applied_at: NOW },
      ]);
    }),
  );

  it(
    "leave nothing of a step that fails half-way, keep the steps before it, and go on from there",
    onDatabase((sql, run) => {
      const good = step(LAST + 1, "CREATE TABLE good (x INTEGER) STRICT");
      const half = step(LAST + 2, "CREATE TABLE half (x INTEGER) STRICT; INSERT INTO half VALUES ('not a number')");
      expect(() => run([...MIGRATIONS, good, half])).toThrow();
      const tables = sql.all<{ name: string }>("SELECT name FROM sqlite_master WHERE name IN ('good', 'half')").map((row) => row.name);
      expect(tables).toEqual(["good"]);
      expect(sql.all("SELECT id FROM _migrations WHERE id > ?", LAST)).toEqual([{ id: LAST + 1 }]);
      expect(run([...MIGRATIONS, good, step(LAST + 2, "CREATE TABLE half (x INTEGER) STRICT")])).toBe(LAST + 2);
    }),
  );

  it(
    "refuse a database that a newer coord changed in a breaking way, and change nothing",
    onDatabase((sql, run) => {
      run([...MIGRATIONS, step(90, "CREATE TABLE new_world (x INTEGER) STRICT", true)]);
      const before = contents(sql);
      expect(() => run([...MIGRATIONS, step(LAST + 1, "CREATE TABLE ours (x INTEGER) STRICT")])).toThrow(
        /newer coord.*schema 90: step 90.*update coord.*nothing was changed/,
      );
      expect(contents(sql)).toEqual(before);
    }),
  );

  it(
    "accept one that a newer coord changed harmlessly",
    onDatabase((_sql, run) => {
      run([...MIGRATIONS, step(90, "CREATE TABLE extra (x INTEGER) STRICT")]);
      expect(run(MIGRATIONS)).toBe(90);
    }),
  );

  it("tell every caller of a workspace that a newer coord wrote, and go on telling", async () => {
    const board = new HttpClient();
    await board.call("tasks/send", { name: "before" });
    await runInDurableObject(board.stub, (_object, state) => {
      state.storage.sql.exec("INSERT INTO _migrations (id, what, breaking, applied_at) VALUES (90, 'new world', 1, 0)");
    });
    const { evictDurableObject } = await import("cloudflare:test");
    await evictDurableObject(board.stub);
    for (const _ of [1, 2]) {
      const reply = await board.post('{"jsonrpc":"2.0","id":1,"method":"tasks/list"}');
      const { error } = JSON.parse(await reply.text());
      expect([reply.status, error.message]).toEqual([500, expect.stringMatching(/newer coord.*90.*new world.*update coord/)]);
      expect(JSON.stringify(error)).not.toContain(".ts");
    }
  });
});
