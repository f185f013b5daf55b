import type { Event, Task, TaskSnapshot, WaitResult } from "../../protocol/index.ts";
import { asked, type Operation } from "../history/operation.ts";
import { toldTask } from "./model.ts";
import type { Replay } from "./replay.ts";
import type { Violation } from "./violation.ts";

/** Where the log shows each acknowledged write, and how far the log had come, as each answer proves. */
export interface Evidence {
  /** The line of an acknowledged write. */
  readonly event: Map<Operation, Event>;
  /** The log reached at least this when the operation was answered. */
  readonly reached: Map<Operation, number>;
  /** The log had reached at least this when the operation was asked. */
  readonly floor: Map<Operation, number>;
  readonly violations: Violation[];
}

/** The events that an operation writes when it succeeds. */
export const WRITES: Readonly<Record<string, readonly Event["type"][]>> = {
  "tasks/send": ["task.created"],
  "tasks/claim": ["task.claimed"],
  "tasks/next": ["task.claimed"],
  "tasks/release": ["task.released"],
  "tasks/fail": ["task.failed"],
  "tasks/complete": ["task.completed", "task.submitted"],
  "tasks/retry": ["task.ready"],
  "tasks/cancel": ["task.cancelled"],
  "tasks/update": ["task.updated"],
  "tasks/review": ["review.decided"],
};

/**
 * Finds the line of each acknowledged write, and holds the log's order against the clock: whatever was answered before an operation was
 * asked lies before it in the log, whoever asked (domain §9: one order, the same for everyone).
 */
export function gather(operations: readonly Operation[], log: readonly Event[], { byTask }: Replay): Evidence {
  const out: Evidence = { event: new Map(), reached: new Map(), floor: new Map(), violations: [] };
  for (const operation of operations) {
    if (operation.outcome !== "answered") continue;
    const event = eventOf(operation, byTask);
    if (event === "none") {
      const head = headOf(operation);
      if (head === undefined) continue;
      if (head > log.length)
        out.violations.push({
          rule: "log",
          what: `a cursor of ${head} was given, and the log ends at ${log.length}`,
          operations: [operation],
        });
      out.reached.set(operation, head);
    } else if (event) {
      out.event.set(operation, event);
      out.reached.set(operation, event.seq);
    } else {
      const events = byTask.get(taskOf(operation) ?? "") ?? [];
      out.violations.push({
        rule: "lost-write",
        what: `the log does not have this ${operation.method}`,
        operations: [operation],
        events: events.slice(-5),
      });
    }
  }
  order(operations, out);
  return out;
}

/** Goes through invocations and completions as they came; the log must be at least as far as the furthest answer so far. */
function order(operations: readonly Operation[], { event, reached, floor, violations }: Evidence): void {
  const moments = operations.flatMap((operation) => [
    { time: operation.invoked, operation, begins: true },
    ...(operation.completed < Number.POSITIVE_INFINITY ? [{ time: operation.completed, operation, begins: false }] : []),
  ]);
  // of two at the same microsecond the invocation counts as first: they overlap
  moments.sort((a, b) => a.time - b.time || Number(b.begins) - Number(a.begins));
  let furthest = 0;
  let by: Operation | undefined;
  for (const { operation, begins } of moments) {
    const at = reached.get(operation);
    if (begins) {
      floor.set(operation, furthest);
      const early = event.has(operation) ? at! <= furthest : at !== undefined && at < furthest;
      if (early) {
        const what = event.has(operation)
          ? `line ${at} of the log was asked for after line ${furthest} had been answered`
          : `an answer shows the log up to ${at}, after another had shown it up to ${furthest}`;
        violations.push({
          rule: "order",
          what,
          operations: [by!, operation],
          events: [event.get(operation)].filter((one) => one !== undefined),
        });
      }
    } else if (at !== undefined && at > furthest) {
      furthest = at;
      by = operation;
    }
  }
}

/** How much of the log an answer proves, where it is a read that says so. */
function headOf({ method, result }: Operation): number | undefined {
  if (method === "workspace/info") return (result as { head: number }).head;
  // a wait that was answered from the log looks back: its cursor says nothing of the head
  if (method === "tasks/wait" && !(result as WaitResult).event) return (result as WaitResult).cursor;
  return undefined;
}

export function taskOf(operation: Operation): string | undefined {
  return toldTask(operation)?.id ?? asked(operation).id;
}

/** "none": the operation writes nothing to the log. */
function eventOf(operation: Operation, byTask: Replay["byTask"]): Event | "none" | undefined {
  const types = WRITES[operation.method];
  if (!types || operation.result === null) return "none";
  const events = byTask.get(taskOf(operation) ?? "") ?? [];
  if (operation.method === "tasks/cancel") return events.find((event) => event.type === "task.cancelled");
  const told = toldTask(operation) as Task;
  // MCP's tools do not tell the rev; then the claim that ended, or the id that began, names the line
  if (told.rev === undefined) {
    const { claim_id } = operation.params;
    return events.find((event) => types.includes(event.type) && (operation.method === "tasks/send" || event.data.claim_id === claim_id));
  }
  const at = (type: Event["type"], rev = told.rev) =>
    events.find((event) => event.type === type && (event.data.task as TaskSnapshot).rev === rev);
  if (operation.method === "tasks/review" && told.state === "completed") {
    // an approval leaves the row as it is; the completion that follows names it
    const { review_id } = at("task.completed")?.data ?? {};
    return events.find((event) => event.type === "review.decided" && event.data.review_id === review_id);
  }
  const event = types.map((type) => at(type)).find((found) => found !== undefined);
  return event?.type === "task.claimed" && event.data.claim_id !== told.claim?.claim_id ? undefined : event;
}
