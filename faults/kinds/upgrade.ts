import { existsSync, readdirSync } from "node:fs";
import type { Task } from "../../protocol/index.ts";
import { temporaryFolder } from "../../tests/harness/server.ts";
import { replay } from "../checker/replay.ts";
import { shown, stored } from "../checker/tables.ts";
import { story } from "../checker/violation.ts";
import { databasesOf, readDatabase } from "../history/database.ts";
import { FIXTURES, layOut } from "../testing/fixture.ts";
import { Served } from "../workload/served.ts";
import { Findings, type Kind } from "./kind.ts";

export function fixtures(): string[] {
  if (!existsSync(FIXTURES)) return [];
  return readdirSync(FIXTURES)
    .filter((name) => name.endsWith(".json.gz"))
    .map((name) => name.slice(0, -".json.gz".length))
    .sort();
}

export const upgrade: Kind = {
  promise: "a data folder that any earlier schema wrote opens with this program, whole, and work goes on in it",
  share: 0,
  async run({ say }) {
    const findings = new Findings();
    for (const name of fixtures()) {
      const found = await open(name);
      for (const text of found) findings.expect(false, `${name}: ${text}`);
      say(`${name}: ${found.length === 0 ? "whole" : found.length}`);
    }
    return { counts: { schemas: fixtures().length }, findings: findings.all };
  },
};

/** Opens a fixture with this program. @returns what is wrong with it */
export async function open(name: string): Promise<string[]> {
  const folder = temporaryFolder();
  const was = layOut(name, folder);
  const findings = new Findings();
  const server = await Served.start(folder);
  try {
    const [log, tasks] = [await server.log(), await server.tasks()];
    // leases of its time are over, or soon will be: what was held has lapsed at the first touch, and nothing else has changed
    findings.expect(JSON.stringify(log.slice(0, was.log.length)) === JSON.stringify(was.log), "its log is not what it was");
    findings.expect(
      log.slice(was.log.length).every((event) => event.type === "task.lapsed"),
      "the log has grown by more than lapses",
    );
    const now = new Map(tasks.map((task) => [task.id, task]));
    for (const then of was.tasks) {
      const lapsed = then.lease_until !== undefined && Date.parse(then.lease_until) <= Date.now();
      const wanted: Partial<Task> = lapsed ? { state: "pending", claimed_by: null } : then;
      for (const [field, value] of Object.entries({
        id: then.id,
        number: then.number,
        name: then.name,
        payload: then.payload,
        ...wanted,
      })) {
        const is = now.get(then.id)?.[field as keyof Task];
        findings.expect(
          JSON.stringify(is) === JSON.stringify(value),
          `the ${field} of #${then.number} was ${JSON.stringify(value)} and is ${JSON.stringify(is)}`,
        );
      }
    }
    const { id } = await server.call<Task>("tasks/send", { name: "after the upgrade", depends_on: [was.tasks[0]!.id] });
    findings.expect((await server.call<Task[]>("tasks/list", { q: "gate", limit: 50 })).length >= 4, "its words are not found");
    await server.call("tasks/cancel", { id });
    for (const violation of await whole(server)) findings.expect(false, violation);
  } finally {
    await server.stop();
  }
  return findings.all;
}

/** Stops the server and holds log, board and file against each other. */
async function whole(server: Served): Promise<string[]> {
  const [log, tasks] = [await server.log(), await server.tasks()];
  await server.stop();
  const [path] = await databasesOf(server.folder);
  const board = replay(log, true);
  return [...board.violations, ...shown(tasks, board), ...stored(await readDatabase(path!), log, board)].map(story);
}
