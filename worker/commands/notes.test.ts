import { describe, expect, it } from "vitest";
import type { Bench } from "../testing/engine.ts";
import { onBench } from "../testing/engine.ts";

/** Every table that is stored as text, whole. */
function everything(bench: Bench): string {
  const tables = bench.sql.all<{ name: string }>(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'tasks\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf%' ESCAPE '\\'",
  );
  return JSON.stringify(tables.map(({ name }) => [name, bench.sql.all(`SELECT * FROM ${name}`)]));
}

describe("a purged note", () => {
  it(
    "is in no table any more, not even in the answer that is kept for its idempotency key",
    onBench(async (bench) => {
      const { id } = await bench.call("tasks/send", { name: "job" });
      const { note_id } = await bench.call("notes/add", { id, agent_id: "a", body: "the key is hunter2", idempotency_key: "k" });
      await bench.call("tasks/claim", { id, agent_id: "a", idempotency_key: "other" });
      expect(everything(bench)).toContain("hunter2");
      await bench.call("notes/purge", { note_id, reason: "leaked" });
      expect(everything(bench)).not.toContain("hunter2");
      const again = await bench.call("tasks/claim", { id, agent_id: "a", idempotency_key: "other" });
      expect(again.claim!.attempt).toBe(1);
    }),
  );
});

describe("idempotency keys", () => {
  it(
    "are let go of after their time, a few with every so many new ones",
    onBench(async (bench) => {
      for (let at = 0; at < 150; at += 1) await bench.call("tasks/send", { name: `old ${at}`, idempotency_key: `old-${at}` });
      bench.advance(24 * 3_600_000 + 1);
      for (let at = 0; at < 150; at += 1) await bench.call("tasks/send", { name: `new ${at}`, idempotency_key: `new-${at}` });
      const [left] = bench.sql.all<{ n: number }>("SELECT count(*) AS n FROM idempotency WHERE key LIKE 'old%'");
      expect(left!.n).toBe(0);
      const [kept] = bench.sql.all<{ n: number }>("SELECT count(*) AS n FROM idempotency WHERE key LIKE 'new%'");
      expect(kept!.n).toBe(150);
    }),
  );
});
