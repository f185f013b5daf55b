import { describe, expect, it } from "vitest";
import type { Bench } from "../testing/engine.ts";
import { onBench } from "../testing/engine.ts";
import { dump } from "./dump.ts";
import { LEFT_OUT, TABLES } from "./tables.ts";
import { verify } from "./verify.ts";

const SHADOWS = /^(sqlite_|_cf_|tasks_(text|names)_)/;

async function someWork(bench: Bench): Promise<void> {
  const { id: first } = await bench.call("tasks/send", { name: "first", labels: ["x"], agent_id: "a" });
  const { id: second } = await bench.call("tasks/send", { name: "second", depends_on: [first], review: "required" });
  await bench.call("tasks/claim", { id: first, agent_id: "a" });
  await bench.call("notes/add", { id: first, agent_id: "b", body: "look @a" });
  await bench.call("tasks/complete", { id: first, agent_id: "a", result: { ok: 1 }, post_ack: true });
  await bench.call("tasks/claim", { id: second, agent_id: "b", lease_seconds: 60 });
}

describe("the tables of a backup", () => {
  it(
    "are all that the schema has, but for what is left out by name",
    onBench(async (bench) => {
      const tables = bench.sql
        .all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        .map((row) => row.name);
      const expected = [...Object.keys(TABLES), ...LEFT_OUT].sort();
      expect(tables.filter((name) => !SHADOWS.test(name))).toEqual(expected);
    }),
  );

  it(
    "are each after those that they refer to",
    onBench(async (bench) => {
      const order = Object.keys(TABLES);
      for (const [at, table] of order.entries()) {
        const parents = bench.sql.all<{ table: string }>('SELECT "table" FROM pragma_foreign_key_list(?)', table);
        for (const { table: parent } of parents) expect(order.indexOf(parent), `${table} refers to ${parent}`).toBeLessThanOrEqual(at);
      }
    }),
  );
});

describe("a dump", () => {
  it(
    "made while others write names every task that changed after its pages were read, and has the newer rows at its end",
    onBench(async (bench) => {
      await someWork(bench);
      const lines: Record<string, unknown>[] = [];
      const texts = dump(bench.storage.sql, "w", 0);
      const take = (text: string) =>
        lines.push(
          ...text
            .trimEnd()
            .split("\n")
            .map((one) => JSON.parse(one)),
        );
      take(texts.next().value!);
      take(texts.next().value!); // the tasks, as they are now
      await bench.call("tasks/complete", { id: "#2", agent_id: "b" });
      await bench.call("tasks/send", { name: "new" });
      for (const text of texts) take(text);
      const place = lines.findIndex((one) => "final" in one);
      const { final } = lines[place] as { final: { head: number; touched: number[] } };
      expect(final.touched).toEqual([2, 4]);
      const pagesOf = (part: typeof lines, table: string) =>
        part
          .filter((one) => one.table === table)
          .flatMap((one) =>
            (one.rows as unknown[][]).map((row) => Object.fromEntries((one.columns as string[]).map((name, at) => [name, row[at]]))),
          );
      expect(pagesOf(lines.slice(0, place), "tasks").map((row) => row.state)).toEqual(["completed", "claimed", "completed"]);
      expect(pagesOf(lines.slice(place), "tasks").map((row) => [row.number, row.state])).toEqual([
        [2, "review"],
        [4, "pending"],
      ]);
      const events = [...pagesOf(lines.slice(0, place), "events"), ...pagesOf(lines.slice(place), "events")].map((row) => row.seq);
      expect(events).toEqual(Array.from({ length: final.head }, (_, at) => at + 1));
      expect((lines.at(-1) as { end: { rows: Record<string, number> } }).end.rows).toMatchObject({
        tasks: 4,
        events: final.head,
        notes: 1,
      });
    }),
  );
});

describe("a verification", () => {
  it(
    "finds nothing on a board that was worked on, lapses and extensions among it",
    onBench(async (bench) => {
      await someWork(bench);
      await bench.call("tasks/extend", { id: "#2", agent_id: "b", lease_seconds: 5 });
      bench.advance(6_000);
      expect(verify(bench.sql, 0)).toEqual({ checked: 3, problems: [], next: null });
    }),
  );

  it.each([
    [
      "a state that the log does not know",
      "UPDATE tasks SET state = 'failed', claim_id = NULL, lease_until = NULL, attempt_open = 0 WHERE number = 2",
      "#2 is failed, the log says claimed",
    ],
    [
      "a holder that the log does not know",
      "UPDATE tasks SET claimed_by = 'mallory' WHERE number = 2",
      "#2 is held by mallory, the log says b",
    ],
    [
      "a task that was never logged",
      "INSERT INTO tasks (id, name, folded_name, kind, priority, rank, state, performer, description, review, created_at, updated_at) VALUES ('x', 'n', 'n', 'task', 'normal', 2, 'pending', 'agent', '', 'none', 0, 0)",
      "#4 is not in the log",
    ],
    [
      "a wrong count of what a job waits for",
      "UPDATE tasks SET dependencies = 2 WHERE number = 2",
      "#2 has 1 dependencies, its row says 2",
    ],
  ])("finds %s", (_name, damage, told) =>
    onBench(async (bench) => {
      await someWork(bench);
      bench.sql.run(damage);
      expect(verify(bench.sql, 0).problems.map((problem) => problem.what)).toContain(told);
    })(),
  );

  it(
    "finds a line that was taken out of the log, and one that refers to nothing",
    onBench(async (bench) => {
      await someWork(bench);
      bench.sql.run("DROP TRIGGER events_no_delete");
      bench.sql.run("DELETE FROM events WHERE seq = 3");
      const { head } = await bench.call("workspace/info", {});
      expect(verify(bench.sql, 0).problems.map((problem) => problem.what)).toContain(
        `the log has ${head - 1} lines, numbered 1 to ${head}`,
      );
    }),
  );
});
