import type { Event, Task, TaskSnapshot } from "../../protocol/index.ts";
import type { Operation } from "../history/operation.ts";
import type { Evidence } from "./evidence.ts";
import type { Replay } from "./replay.ts";
import type { Violation } from "./violation.ts";

/** What is in the database file, as another program reads it when the server is down. */
export interface Database {
  readonly tasks: readonly {
    readonly id: string;
    readonly number: number;
    readonly state: string;
    readonly claim_id: string | null;
    readonly claimed_by: string | null;
    readonly attempt: number;
    readonly rev: number;
    readonly blocked: number;
    readonly open_dependencies: number;
    readonly result: string | null;
  }[];
  readonly events: readonly { readonly seq: number; readonly type: string; readonly data: string }[];
  readonly claims: readonly { readonly claim_id: string; readonly agent_id: string; readonly end: string }[];
  /** What SQLite itself finds wrong with the file; empty where nothing. */
  readonly damage: readonly string[];
}

/** The board as the server shows it against the log replayed from zero. */
export function shown(tasks: readonly Task[], { tasks: replayed, byTask }: Replay): Violation[] {
  const violations: Violation[] = [];
  const wrong = (what: string, id: string) => violations.push({ rule: "tables", what, events: byTask.get(id)?.slice(-4) ?? [] });
  const seen = new Set(tasks.map((task) => task.id));
  for (const [id, then] of replayed) if (!seen.has(id)) wrong(`#${then.number} is in the log and not on the board`, id);
  for (const task of tasks) {
    const then = replayed.get(task.id);
    if (!then) {
      wrong(`#${task.number} is on the board and not in the log`, task.id);
      continue;
    }
    // `rev` also counts what is not history: an extended lease, one of several blockers gone
    if (task.rev < then.rev) wrong(`#${task.number} is at rev ${task.rev}, the log at ${then.rev}`, task.id);
    const now: Record<string, unknown> = { ...task, ready: task.state === "pending" && task.held === null };
    for (const [name, value] of Object.entries(then)) {
      if (name !== "rev" && JSON.stringify(now[name]) !== JSON.stringify(value))
        wrong(
          `the board says that the ${name} of #${task.number} is ${JSON.stringify(now[name])}, the log ${JSON.stringify(value)}`,
          task.id,
        );
    }
  }
  return violations;
}

/** The database file against the log, line by line, and against its own promises. */
export function stored({ tasks, events, claims, damage }: Database, log: readonly Event[], replay: Replay): Violation[] {
  const violations: Violation[] = damage.map((what) => ({ rule: "tables", what }));
  const wrong = (what: string, ...concerned: Event[]) => violations.push({ rule: "tables", what, events: concerned });
  if (events.length !== log.length) wrong(`the file has ${events.length} lines of the log, the server gave ${log.length}`);
  for (const [at, event] of log.entries()) {
    const row = events[at];
    if (row && (row.seq !== event.seq || row.type !== event.type || row.data !== JSON.stringify(event.data)))
      wrong(`line ${event.seq} is another in the file: ${row.seq} ${row.type}`, event);
  }
  const rows = new Map(tasks.map((row) => [row.id, row]));
  if (rows.size !== replay.tasks.size) wrong(`the file has ${rows.size} tasks, the log ${replay.tasks.size}`);
  const open = new Map([...replay.claims.values()].filter((claim) => !claim.ended).map((claim) => [claim.task_id, claim]));
  for (const [id, then] of replay.tasks) {
    const row = rows.get(id);
    if (row) checkRow(row, then, open.get(id)?.claim_id ?? null, wrong);
  }
  const ended = new Map(claims.map((row) => [row.claim_id, row]));
  for (const claim of replay.claims.values()) {
    const row = ended.get(claim.claim_id);
    if (claim.ended && row?.end !== endOf(claim.ended))
      wrong(`the end of claim ${claim.claim_id} is ${row?.end ?? "missing"} in the file`, claim.ended);
    if (!claim.ended && row) wrong(`claim ${claim.claim_id} has ended (${row.end}) in the file, and not in the log`, claim.begun);
  }
  if (ended.size > [...replay.claims.values()].filter((claim) => claim.ended).length)
    wrong("the file has claims that the log does not know");
  return violations;
}

function checkRow(row: Database["tasks"][number], then: TaskSnapshot, claim: string | null, wrong: (what: string) => void): void {
  const same = row.number === then.number && row.state === then.state && row.claimed_by === then.claimed_by && row.attempt === then.attempt;
  if (!same || row.rev < then.rev)
    wrong(
      `#${then.number} is ${row.state}, ${row.claimed_by}'s, at rev ${row.rev} in the file, ${then.state}, ${then.claimed_by}'s, at rev ${then.rev} in the log`,
    );
  if (row.claim_id !== claim) wrong(`the claim of #${then.number} is ${row.claim_id} in the file and ${claim} in the log`);
  if (row.blocked !== row.open_dependencies)
    wrong(`#${then.number} counts ${row.blocked} open dependencies and has ${row.open_dependencies}`);
}

/** `claims.end` as the event that ended it says. */
function endOf({ type }: Event): string {
  return type.slice("task.".length);
}

/** The result that was acknowledged with each completion is the one that is kept, to the letter. */
export function results(tasks: readonly Task[], evidence: Evidence): Violation[] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const violations: Violation[] = [];
  const last = new Map<string, { operation: Operation; seq: number }>();
  for (const [operation, event] of evidence.event) {
    if (operation.method !== "tasks/complete" || operation.params.result === undefined) continue;
    if (event.seq > (last.get(event.task_id!)?.seq ?? 0)) last.set(event.task_id!, { operation, seq: event.seq });
  }
  for (const [id, { operation }] of last) {
    const task = byId.get(id);
    if (task?.state === "completed" && JSON.stringify(task.result) !== JSON.stringify(operation.params.result))
      violations.push({
        rule: "lost-write",
        what: `the result of #${task.number} is ${JSON.stringify(task.result)}`,
        operations: [operation],
      });
  }
  return violations;
}
