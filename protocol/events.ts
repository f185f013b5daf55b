import { z } from "zod";
import { AgentType, Json, TaskId, TaskSnapshot, Time } from "./records.ts";

const reason = z.string().nullable();
const onTask = { task: TaskSnapshot };
const endOfClaim = { ...onTask, claim_id: z.uuid().nullable() };

/**
 * The log's event types and what each carries. An event is written in the transaction of the change that it reports,
 * with the task as it was right after that change, so that a reader needs no look-up.
 */
export const EVENT_DATA = {
  "task.created": z.object(onTask),
  "task.updated": z.object({ ...onTask, changed: z.array(z.string()) }),
  "task.ready": z.object({ ...onTask, from: z.string() }),
  "task.held": z.object({ ...onTask, from: z.string() }),
  "task.unblocked": z.object({ ...onTask, unblocked_by: TaskId }),
  "task.claimed": z.object({ ...onTask, claim_id: z.uuid(), lease_until: Time.nullable() }),
  "task.released": z.object({ ...endOfClaim, reason }),
  "task.lapsed": z.object({ ...endOfClaim, agent_id: z.string() }),
  "task.completed": z.object({ ...endOfClaim, ack_id: TaskId.nullable() }),
  "task.submitted": z.object({ ...endOfClaim }),
  "task.failed": z.object({ ...endOfClaim, reason }),
  "task.cancelled": z.object({ ...endOfClaim, reason }),
  "task.late_result": z.object({ ...endOfClaim, result: Json }),
  "review.decided": z.object({
    ...onTask,
    review_id: z.uuid(),
    decision: z.string(),
    attempt: z.int(),
    /** Who handed the attempt in, and is told of the decision; absent in what an earlier version logged. */
    worker: z.string().nullable().optional(),
    mentions: z.array(z.string()),
  }),
  "review.dismissed": z.object({ ...onTask, review_id: z.uuid(), reason: z.string() }),
  "note.added": z.object({ ...onTask, note_id: z.uuid(), mentions: z.array(z.string()) }),
  "note.retracted": z.object({ ...onTask, note_id: z.uuid(), reason: z.string() }),
  "note.purged": z.object({ ...onTask, note_id: z.uuid(), reason: z.string() }),
  "dependency.added": z.object({ ...onTask, on: TaskId }),
  "dependency.removed": z.object({ ...onTask, on: TaskId }),
  "agent.seen": z.object({ id: z.string(), name: z.string(), type: AgentType }),
} as const;

/** Events that say something about a task and change nothing of it: they end no wait for a change. */
const REMARKS: readonly string[] = ["task.late_result", "review.dismissed", "note.added", "note.retracted", "note.purged"];

/** Whether the task is another after this event than before. Of the decisions on it, only a request for changes moves it; an approval that does is followed by its completion. */
export function changesTask(event: { type: string; data: Record<string, unknown> }): boolean {
  if (event.type === "review.decided") return event.data.decision === "request_changes";
  return !REMARKS.includes(event.type);
}

export type EventType = keyof typeof EVENT_DATA;
export const EVENT_TYPES = Object.keys(EVENT_DATA) as [EventType, ...EventType[]];

/** One line of the append-only log. `seq` grows by one with each line of a workspace and is what cursors hold. */
export const Event = z.object({
  seq: z.int().min(1),
  at: Time,
  type: z.enum(EVENT_TYPES),
  task_id: TaskId.optional(),
  agent_id: z.string().optional(),
  principal: z.string(),
  data: z.record(z.string(), z.unknown()),
});
export type Event = z.infer<typeof Event>;
