import type { Event, Task } from "../../protocol/index.ts";
import { asked, type Followed, type Operation } from "../history/operation.ts";
import { gather, taskOf } from "./evidence.ts";
import { explain } from "./explain.ts";
import { holders } from "./holders.ts";
import { linearize } from "./linearize.ts";
import type { Circumstances } from "./model.ts";
import { replay } from "./replay.ts";
import { type Database, results, shown, stored } from "./tables.ts";
import type { Violation } from "./violation.ts";
import { followings, waits } from "./waits.ts";

/** Everything that is known of a run when it is over. */
export interface History {
  readonly operations: readonly Operation[];
  readonly followed: readonly Followed[];
  /** The log from zero, as the server gave it at the end. */
  readonly log: readonly Event[];
  /** The board, as the server showed it at the end. */
  readonly tasks: readonly Task[];
  /** The file, read when the server was down. */
  readonly database?: Database;
}

export interface Verdict {
  readonly violations: readonly Violation[];
  /** Tasks whose search was given up. */
  readonly undecided: number;
  readonly tasks: number;
  readonly operations: number;
  readonly waits: number;
}

const IN_THE_MODEL = new Set([
  ...["tasks/send", "tasks/get", "tasks/claim", "tasks/next", "tasks/extend", "tasks/release", "tasks/fail"],
  ...["tasks/complete", "tasks/retry", "tasks/cancel", "tasks/update", "tasks/review"],
]);

/** Who extends no lease but by calls that are recorded, on the same machine as the server. */
export const ORDINARY: Circumstances = { clockMs: 20, keeps: () => false };

/** Holds a history against every promise of `RULES`. */
export function check(history: History, circumstances: Circumstances = ORDINARY): Verdict {
  const { operations, followed, log, tasks, database } = history;
  const board = replay(log, circumstances.clockMs < Number.POSITIVE_INFINITY);
  const violations: Violation[] = [...board.violations];
  const evidence = gather(operations, log, board);
  const explained = explain(operations, log, board, evidence);
  violations.push(...evidence.violations, ...explained.violations);
  violations.push(...holders(operations, circumstances.clockMs), ...waits(operations, log, evidence), ...followings(followed, log));
  violations.push(...shown(tasks, board), ...results(tasks, evidence));
  if (database) violations.push(...stored(database, log, board));
  const byTask = perTask([...operations, ...explained.byItself], explained.happened);
  let undecided = 0;
  for (const [id, mine] of byTask) {
    const verdict = linearize(mine, circumstances);
    if (verdict.ok === "undecided") undecided += 1;
    else if (!verdict.ok) violations.push({ ...verdict.violation, events: board.byTask.get(id) ?? [] });
  }
  return {
    violations,
    undecided,
    tasks: byTask.size,
    operations: operations.length,
    waits: operations.filter((operation) => operation.method === "tasks/wait" && operation.outcome === "answered").length,
  };
}

/**
 * Operations by the task that they are about. One whose answer was not heard and that named no task (a send, a `tasks/next`) belongs to
 * the task that the log shows it got; where it shows none, it did nothing.
 */
function perTask(operations: readonly Operation[], happened: ReadonlyMap<Operation, Event>): Map<string, Operation[]> {
  const out = new Map<string, Operation[]>();
  for (const operation of operations) {
    if (!IN_THE_MODEL.has(operation.method)) continue;
    const nameless = operation.method === "tasks/send" || operation.method === "tasks/next";
    const id = nameless ? (happened.get(operation)?.task_id ?? taskOf(operation)) : (asked(operation).id ?? taskOf(operation));
    if (id === undefined) continue;
    const mine = out.get(id);
    if (mine) mine.push(operation);
    else out.set(id, [operation]);
  }
  return out;
}
