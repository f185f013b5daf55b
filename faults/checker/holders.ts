import type { Task } from "../../protocol/index.ts";
import { asked, type Operation } from "../history/operation.ts";
import { toldTask } from "./model.ts";
import type { Violation } from "./violation.ts";

interface Hold {
  readonly claim: Operation;
  readonly from: number;
  to: number;
}

const ENDING = ["tasks/release", "tasks/fail", "tasks/complete"];

/** When a holder that was told this deadline must take its hold for over, on the monotonic clock. */
function deadline({ completed, completedAt }: Operation, until: string | null, clockMs: number): number {
  return until === null ? completed : completed + (Date.parse(until) - clockMs - completedAt) * 1000;
}

/** Whether a call that was under way at once with the claim may have ended or shortened the hold before its holder was told of it. */
function mayHaveEnded(operation: Operation, { claim }: Hold): boolean {
  return operation.completed > claim.invoked && operation.outcome !== "refused" && asked(operation).agent_id === asked(claim).agent_id;
}

/**
 * One holder at a time, by what the clients were told and nothing else: from the answer to its claim until it asks for the end of it,
 * or its lease as it knows it is over, whoever was given a task may believe to be alone with it. Two such times of one task must
 * not overlap. A cancel by anybody ends them all.
 * @param clockMs how far the wall clocks may be apart; leases are told by them
 */
export function holders(operations: readonly Operation[], clockMs: number): Violation[] {
  if (clockMs === Number.POSITIVE_INFINITY) return [];
  const holds = new Map<string, Hold[]>();
  const byClaim = new Map<string, Hold>();
  const inOrder = [...operations].sort((a, b) => a.invoked - b.invoked);
  for (const operation of inOrder) {
    const { method, outcome } = operation;
    if ((method !== "tasks/claim" && method !== "tasks/next") || outcome !== "answered" || !operation.result) continue;
    const task = toldTask(operation) as Task;
    const hold = { claim: operation, from: operation.completed, to: deadline(operation, task.claim!.lease_until, clockMs) };
    holds.set(task.id, [...(holds.get(task.id) ?? []), hold]);
    byClaim.set(task.claim!.claim_id, hold);
  }
  for (const operation of inOrder) {
    const given = asked(operation);
    const all = holds.get(given.id ?? "") ?? [];
    const meant = given.claim_id === undefined ? all : [byClaim.get(given.claim_id)].filter((hold) => hold !== undefined);
    for (const hold of meant) {
      if (hold.from > operation.invoked && !mayHaveEnded(operation, hold)) continue;
      if (ENDING.includes(operation.method)) hold.to = Math.min(hold.to, operation.invoked);
      // it may also bring the deadline nearer
      if (operation.method === "tasks/extend" && operation.outcome !== "refused")
        hold.to = Math.min(hold.to, operation.invoked + ((given.lease_seconds ?? 300) * 1000 - clockMs) * 1000);
    }
    if (operation.method === "tasks/cancel" && operation.outcome !== "refused")
      for (const hold of all) hold.to = Math.min(hold.to, operation.invoked);
  }
  return [...holds.values()].flatMap((all) => {
    const inTime = all.filter((hold) => hold.to > hold.from).sort((a, b) => a.from - b.from);
    return inTime.flatMap((hold, at): Violation[] => {
      const next = inTime[at + 1];
      if (!next || next.from >= hold.to) return [];
      return [
        {
          rule: "one-holder",
          what: `${asked(next.claim).agent_id} was given it while ${asked(hold.claim).agent_id} held it`,
          operations: [hold.claim, next.claim],
        },
      ];
    });
  });
}
