import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rpc } from "../harness/http.ts";
import { damage } from "./bytes.ts";
import { isRefusal, noBug } from "./judge.ts";
import { check, LIMIT_MS } from "./runs.ts";
import { Target } from "./target.ts";
import { type Json, junk, name, object } from "./values.ts";

let target: Target;
/** What a backup of the board under test consists of: its tables, each with its columns and rows. */
let pages: { table: string; columns: string[]; rows: unknown[][] }[];
let schema: number;

beforeAll(async () => {
  target = await Target.start();
  const backup = await (await fetch(`${target.server.url}backup`)).text();
  const parts = backup.trimEnd().split("\n");
  schema = JSON.parse(parts[0]!).schema;
  pages = parts.map((line) => JSON.parse(line)).filter((line) => Array.isArray(line.rows) && line.rows.length > 0);
});
afterAll(() => target[Symbol.asyncDispose]());

/** A part of a backup, with a value, a column, a row or the whole of it wrong. */
function part(): fc.Arbitrary<Json> {
  const page = fc
    .record({
      page: fc.constantFrom(...pages),
      row: fc.nat(1_000),
      column: fc.nat(1_000),
      value: fc.option(junk, { nil: undefined }),
      renamed: fc.option(name, { nil: undefined, freq: 4 }),
      table: fc.option(fc.oneof(name, fc.constantFrom("sqlite_master", "events; --", "workspace", "_migrations")), {
        nil: undefined,
        freq: 6,
      }),
    })
    .map(({ page: { table: own, columns, rows }, row, column, value, renamed, table }) => {
      const at = column % columns.length;
      const texts = (rows[row % rows.length] ?? []).map((one, place) =>
        place === at && value !== undefined ? value : JSON.stringify(one),
      );
      const names = columns.map((one, place) => (place === at && renamed !== undefined ? renamed : one));
      return object([
        ["table", JSON.stringify(table ?? own)],
        ["columns", JSON.stringify(names)],
        ["rows", `[[${texts.join(",")}]]`],
      ]);
    });
  const begin = fc.oneof(fc.constant(String(schema)), junk).map((one) => `{"begin":{"schema":${one}}}`);
  const end = fc
    .tuple(fc.oneof(name, fc.constantFrom("tasks", "events")), junk)
    .map(([table, n]) => `{"end":{"rows":${object([[table, n]])}}}`);
  const bare = fc.tuple(fc.constantFrom("begin", "end", "table", "columns", "rows"), junk).map(([of, one]) => object([[of, one]]));
  return fc.oneof({ weight: 6, arbitrary: page }, { weight: 2, arbitrary: begin }, end, bare, junk);
}

test("no part of a backup is a bug, and a board that is worked on takes none", { timeout: LIMIT_MS }, async () => {
  let workspaces = 0;
  const head = async () => ((await rpc(target.server.url, "workspace/info", {})) as { head: number }).head;
  const before = await head();
  const example = fc.record({ parts: fc.array(fc.tuple(part(), damage), { minLength: 1, maxLength: 5 }), used: fc.boolean() });
  await check(100, example, async ({ parts, used }) => {
    workspaces += 1;
    // a new database for every example costs more than anything else here
    const path = used ? "/restore" : `/w/restored-${workspaces % 25}/restore`;
    for (const [body, by] of parts) {
      const reply = await target.ask({ path, headers: { "content-type": "application/json" }, body: by.apply(body) });
      if (!reply) continue;
      noBug(reply.text, "the answer");
      expect([200, 400, 413]).toContain(reply.status);
      if (used) expect(reply.status).not.toBe(200);
      const { ok, error } = JSON.parse(reply.text);
      if (ok !== true) isRefusal(error);
    }
    target.quiet();
  });
  expect(await head()).toBe(before);
  await target.isWhole();
});
