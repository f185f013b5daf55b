import type { Event, TaskSnapshot } from "../protocol/index.ts";

/**
 * One line of the log as the vault keeps it: the event without what the line before it about the same task already said.
 * The vault's whole content follows from these and from the tasks' records.
 */
export interface Entry {
  readonly seq: number;
  /** RFC 3339, UTC. */
  readonly at: string;
  /** An event type; one of a newer server may be unknown here. */
  readonly type: string;
  readonly agent?: string;
  readonly task?: string;
  /** The snapshot's fields that are not as they were; all of them in a task's first line. */
  readonly set?: Partial<TaskSnapshot>;
  /** What else the event says and a note tells. */
  readonly say?: Readonly<Record<string, unknown>>;
}

/** Event data that no note tells: fencing tokens, and deadlines that `tasks/extend` moves without an event. */
const UNTOLD = new Set(["task", "claim_id", "lease_until", "mentions"]);

/** @param before the task as the log had it until now; undefined for its first event. */
export function entryOf(event: Event, before: TaskSnapshot | undefined): Entry {
  const snapshot = event.data.task as TaskSnapshot | undefined;
  const set = snapshot && changes(before, snapshot);
  const say = Object.fromEntries(
    Object.entries(event.data).filter(([key, value]) => !UNTOLD.has(key) && value !== null && value !== undefined),
  );
  return {
    seq: event.seq,
    at: event.at,
    type: event.type,
    ...(event.agent_id === undefined ? {} : { agent: event.agent_id }),
    ...(snapshot === undefined ? {} : { task: snapshot.id }),
    ...(set && Object.keys(set).length > 0 ? { set } : {}),
    ...(Object.keys(say).length > 0 ? { say } : {}),
  };
}

function changes(before: TaskSnapshot | undefined, after: TaskSnapshot): Partial<TaskSnapshot> {
  if (before === undefined) return after;
  const changed = Object.entries(after).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(before[key as keyof TaskSnapshot]),
  );
  return Object.fromEntries(changed) as Partial<TaskSnapshot>;
}

const UNRECORDED = new Set([
  "task.claimed",
  "task.released",
  "task.lapsed",
  "task.ready",
  "task.held",
  "task.unblocked",
  "task.failed",
  "task.cancelled",
  "task.late_result",
]);

/** Whether the event may go with a change of what only the task's record holds: payload, result, description, dependencies, notes. */
export function touchesRecord(entry: Entry): boolean {
  return entry.task !== undefined && !UNRECORDED.has(entry.type);
}
