import type { Event, TaskSnapshot } from "../../protocol/index.ts";
import { asked, type Operation } from "../history/operation.ts";
import { type Evidence, WRITES } from "./evidence.ts";
import { unheardClaim } from "./model.ts";
import type { Replay } from "./replay.ts";
import type { Violation } from "./violation.ts";

/** Lines that the coordinator or a client's library writes by itself, told by their reasons. */
const BY_ITSELF = [
  "the waiter was gone",
  "it came after its taker had stopped waiting",
  "the call that claimed it was given up before the answer",
];

/**
 * Holds each line of the log against what was asked: one line for each acknowledged write, at most one for each whose answer nobody
 * heard, none for a refused one. What is left over was written although it was refused, twice for one call, or for nobody.
 * @returns the violations; the line of each unheard operation that left one; and what nobody asked for in so many words, as operations
 */
export function explain(
  operations: readonly Operation[],
  log: readonly Event[],
  { claims }: Replay,
  evidence: Evidence,
): { violations: Violation[]; happened: Map<Operation, Event>; byItself: Operation[] } {
  const taken = new Map<number, Operation>();
  const violations: Violation[] = [];
  for (const [operation, event] of evidence.event) {
    const other = taken.get(event.seq);
    if (other)
      violations.push({
        rule: "refused-write",
        what: "one write was acknowledged to two callers",
        operations: [other, operation],
        events: [event],
      });
    taken.set(event.seq, operation);
  }
  const unheard = new Unheard(operations.filter((operation) => operation.outcome === "unknown" && WRITES[operation.method]));
  const happened = new Map<Operation, Event>();
  const acks = new Set(log.flatMap((event) => (typeof event.data.ack_id === "string" ? [event.data.ack_id] : [])));
  const back: Event[] = [];
  for (const event of log) {
    if (taken.has(event.seq) || isSystems(event, acks)) continue;
    if (isTakenBack(event, claims)) {
      back.push(event);
      continue;
    }
    const operation = unheard.take(event, evidence.floor);
    if (operation) happened.set(operation, event);
    else
      violations.push({
        rule: "refused-write",
        what: `nobody who may have asked for line ${event.seq} is left: it was refused, or is there twice`,
        operations: operations
          .filter((operation) => asked(operation).id === event.task_id || asked(operation).agent_id === event.agent_id)
          .slice(-8),
        events: [event],
      });
  }
  const byItself = back.flatMap((event) => {
    const operation = unheard.take(event, evidence.floor);
    if (operation) happened.set(operation, event);
    return takenBack(event, operation);
  });
  return { violations, happened, byItself };
}

/**
 * A job that was handed to somebody who had gone, and given back at once, as the operations that it was. Its claim is that of the call
 * that nobody heard of again, if there is one; else the call came again and was answered with another job.
 */
function takenBack({ seq, at, task_id, agent_id }: Event, call: Operation | undefined): Operation[] {
  const unheard = (key: number, method: string, params: object): Operation => ({
    key,
    client: "by itself",
    method,
    params: { id: task_id, ...params },
    invoked: call?.invoked ?? 0,
    completed: Number.POSITIVE_INFINITY,
    invokedAt: call?.invokedAt ?? Date.parse(at),
    completedAt: Number.POSITIVE_INFINITY,
    outcome: "unknown",
    fate: "lost",
  });
  // no client's operation has a number below zero
  const claim = call ?? unheard(-2 * seq, "tasks/claim", { agent_id, lease_seconds: 1 });
  const release = unheard(-2 * seq - 1, "tasks/release", { claim_id: unheardClaim(claim) });
  return claim === call ? [release] : [claim, release];
}

function isSystems(event: Event, acks: ReadonlySet<string>): boolean {
  if (["task.lapsed", "task.unblocked", "agent.seen", "task.late_result"].includes(event.type)) return true;
  if (event.type === "task.created") return acks.has(event.task_id!);
  if (event.type === "task.completed") return "review_id" in event.data;
  return event.type === "task.released" && BY_ITSELF.includes(String(event.data.reason));
}

/** A job handed to somebody who had gone and given back at once: the call that waited may come again and get another. */
function isTakenBack({ type, data }: Event, claims: Replay["claims"]): boolean {
  return type === "task.claimed" && BY_ITSELF.includes(String(claims.get(String(data.claim_id))?.ended?.data.reason));
}

/** Operations that nobody heard of again; each may account for one line. */
class Unheard {
  readonly #left: Set<Operation>;

  constructor(operations: readonly Operation[]) {
    this.#left = new Set(operations);
  }

  /** The one that says most exactly what the line shows. */
  take(event: Event, floor: Evidence["floor"]): Operation | undefined {
    let best: { operation: Operation; fit: number } | undefined;
    for (const operation of this.#left) {
      // what the log had reached when it was asked was not written by it
      const fit = event.seq > (floor.get(operation) ?? 0) ? fits(operation, event) : 0;
      if (fit > (best?.fit ?? 0)) best = { operation, fit };
    }
    if (best) this.#left.delete(best.operation);
    return best?.operation;
  }
}

/** 0: cannot have written the line; higher: says more of it. */
function fits(operation: Operation, event: Event): number {
  if (!WRITES[operation.method]!.includes(event.type)) return 0;
  const given = asked(operation);
  const task = event.data.task as TaskSnapshot;
  if (operation.method === "tasks/send") return given.name === task.name ? 3 : 0;
  if (event.type === "task.claimed" && !sameLease(given.lease_seconds, event)) return 0;
  if (operation.method === "tasks/next") return given.agent_id === event.agent_id ? 1 : 0;
  if (given.id !== task.id) return 0;
  if (given.claim_id !== undefined && given.claim_id !== event.data.claim_id) return 0;
  if (given.agent_id !== undefined && event.agent_id !== undefined && given.agent_id !== event.agent_id) return 0;
  if (given.reason !== undefined && given.reason !== event.data.reason) return 0;
  return given.claim_id === undefined ? 2 : 3;
}

/** Whether a claim's deadline is as far off as was asked for. */
function sameLease(seconds: number | undefined, { at, data }: Event): boolean {
  return seconds === undefined || Math.round((Date.parse(String(data.lease_until)) - Date.parse(at)) / 10) === Math.round(seconds * 100);
}
