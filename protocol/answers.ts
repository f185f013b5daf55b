import { z } from "zod";
import { Event } from "./events.ts";
import { cursor } from "./fields.ts";
import { Agent, ClaimId, Task, Time } from "./records.ts";

/** A task as a line of a list. */
export const BriefTask = Task.pick({
  id: true,
  number: true,
  name: true,
  kind: true,
  priority: true,
  state: true,
  lease_until: true,
  claimed_by: true,
});
export type BriefTask = z.infer<typeof BriefTask>;

export const Checkin = z.object({
  agent: Agent,
  holds: z.array(BriefTask.extend({ claim_id: ClaimId })),
  urgent: z.array(BriefTask),
  /** What happened since this agent last checked in. */
  changes: z.object({ since: cursor, counts: z.record(z.string(), z.int()), recent: z.array(z.string()) }),
  /** Reviews of work that this agent handed in, since it last checked in. */
  feedback: z.array(z.object({ task: z.string(), reviewer: z.string(), decision: z.string(), body: z.string() })),
  /** Where it was named with @ since. */
  mentions: z.array(z.object({ task: z.string(), by: z.string(), body: z.string() })),
  agents: z.array(Agent.pick({ id: true, status: true, current_task: true })),
  cursor,
  /** How many entries of which list did not fit; absent where all of it is here. */
  left_out: z.record(z.string(), z.int().min(1)).optional(),
});
export type Checkin = z.infer<typeof Checkin>;

/** What concerns one agent: reviews of its work, its name in a note, a job that is its to take, and what it asked to hear of. */
export const InboxItem = z.object({
  seq: z.int().min(1),
  at: Time,
  /** The event's type. */
  type: z.string(),
  why: z.enum(["feedback", "mention", "assigned", "match"]),
  /** The task as it is now; it may have moved on since the event. */
  task: BriefTask,
  /** Who did it. */
  by: z.string().nullable(),
  /** Of a review. */
  decision: z.string().optional(),
  /** The beginning of the note or review; null where there is none. */
  text: z.string().nullable(),
});
export type InboxItem = z.infer<typeof InboxItem>;

export const WaitResult = z.object({
  task: Task.nullable().optional(),
  /** For `all: true`, in the order of `ids`. */
  tasks: z.array(Task).optional(),
  /** The event that matched, where a change did; the task may have moved on since. */
  event: Event.optional(),
  cursor,
  timed_out: z.boolean(),
});
export type WaitResult = z.infer<typeof WaitResult>;
