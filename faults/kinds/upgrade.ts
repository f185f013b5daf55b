import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Task } from "../../protocol/index.ts";
import { temporaryFolder } from "../../tests/harness/server.ts";
import { MIGRATIONS } from "../../worker/core/migrations.ts";
import { replay } from "../checker/replay.ts";
import { shown, stored } from "../checker/tables.ts";
import { story } from "../checker/violation.ts";
import { type Content, contentOf, FIXTURES, type Fixture, layOut, upgradeTo } from "../testing/fixture.ts";
import { Served } from "../workload/served.ts";
import { Findings, type Kind } from "./kind.ts";

/** A data folder of an earlier schema: as a version left it that shipped it, or as an upgrade did that was killed after that step. */
export interface Earlier {
  readonly schema: number;
  /** The schema whose fixture it is made of: its own, or the one before the upgrade. */
  readonly fixture: number;
}

/** One for each schema there is, the present one among them. Throws where one lacks every fixture to be made of. */
export function earlier(): Earlier[] {
  const fixtures = readdirSync(FIXTURES).flatMap((name) => (name.endsWith(".json.gz") ? [Number(/\d+/.exec(name)![0])] : []));
  return MIGRATIONS.map(({ id }) => {
    const fixture = Math.max(...fixtures.filter((schema) => schema <= id));
    if (fixture < 1) throw new Error(`nothing to make schema ${id} of`);
    return { schema: id, fixture };
  });
}

export function nameOf({ schema, fixture }: Earlier): string {
  return schema === fixture ? `schema ${schema}` : `schema ${schema}, half-way up from ${fixture}`;
}

export const upgrade: Kind = {
  promise: "a data folder that any earlier schema wrote, or that an upgrade left half-way, opens whole, and work goes on in it",
  share: 0,
  async run({ say }) {
    const findings = new Findings();
    for (const each of earlier()) {
      const found = await open(each);
      for (const text of found) findings.expect(false, `${nameOf(each)}: ${text}`);
      say(`${nameOf(each)}: ${found.length === 0 ? "whole" : found.length}`);
    }
    return { counts: { schemas: earlier().length }, findings: findings.all };
  },
};

/** Opens it with this program. @returns what is wrong with it */
export async function open({ schema, fixture }: Earlier): Promise<string[]> {
  const folder = temporaryFolder();
  const was = layOut(`schema-${fixture}`, folder);
  const path = join(folder, was.path);
  if (schema > fixture) upgradeTo(schema, path);
  const before = contentOf(path);
  const findings = new Findings();
  findings.expect(before.schema === schema, `the folder is of schema ${before.schema}`);
  const server = await Served.start(folder);
  try {
    await sameAnswers(server, was, findings);
    const { id } = await server.call<Task>("tasks/send", { name: "after the upgrade", depends_on: [was.tasks[0]!.id] });
    findings.expect((await server.call<Task[]>("tasks/list", { q: "gate", limit: 50 })).length >= 4, "its words are not found");
    await server.call("tasks/cancel", { id });
    for (const violation of await whole(server)) findings.expect(false, violation);
    const now = contentOf(path);
    findings.expect(now.schema === MIGRATIONS.at(-1)!.id, `the file is at schema ${now.schema} afterwards`);
    sameRows(before.content, now.content, findings);
  } finally {
    await server.stop();
  }
  return findings.all;
}

/** Leases of its time are over, or soon will be: what was held has lapsed at the first touch, and nothing else has changed. */
async function sameAnswers(server: Served, was: Fixture, findings: Findings): Promise<void> {
  const [log, tasks] = [await server.log(), await server.tasks()];
  findings.expect(JSON.stringify(log.slice(0, was.log.length)) === JSON.stringify(was.log), "its log is not what it was");
  findings.expect(
    log.slice(was.log.length).every((event) => event.type === "task.lapsed"),
    "the log has grown by more than lapses",
  );
  const now = new Map(tasks.map((task) => [task.id, task]));
  for (const then of was.tasks) {
    const lapsed = then.lease_until !== undefined && Date.parse(then.lease_until) <= Date.now();
    const wanted: Partial<Task> = lapsed ? { state: "pending", claimed_by: null } : then;
    const { id, number, name, payload } = then;
    for (const [field, value] of Object.entries({ id, number, name, payload, ...wanted })) {
      const is = now.get(id)?.[field as keyof Task];
      const same = JSON.stringify(is) === JSON.stringify(value);
      findings.expect(same, `the ${field} of #${number} was ${JSON.stringify(value)} and is ${JSON.stringify(is)}`);
    }
  }
}

/** Columns of `tasks` that a lapse changes. */
const LAPSING = ["state", "claim_id", "claimed_by", "claimed_at", "lease_until", "rev", "updated_at"];

/** Every row that was there is there, with each of its columns; remembered answers may have been forgotten for their age. */
function sameRows(before: Content, now: Content, findings: Findings): void {
  for (const [table, rows] of before) {
    if (table === "idempotency") continue;
    const columns = Object.keys(rows[0] ?? {}).filter((name) => table !== "tasks" || !LAPSING.includes(name));
    const text = (row: Readonly<Record<string, unknown>>) => JSON.stringify(columns.map((name) => row[name]));
    const there = new Set((now.get(table) ?? []).map(text));
    for (const row of rows) findings.expect(there.has(text(row)), `a row of ${table} is gone, or another: ${text(row)}`);
  }
}

/** Stops the server and holds log, board and file against each other. */
async function whole(server: Served): Promise<string[]> {
  const { log, tasks, database } = await server.finish();
  const board = replay(log, true);
  return [...board.violations, ...shown(tasks, board), ...stored(database, log, board)].map(story);
}
