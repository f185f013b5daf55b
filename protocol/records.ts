import { z } from "zod";
import { CLAIM_ENDS, STATE_NAMES } from "./lifecycle.ts";
import { atMost, type LimitName } from "./limits.ts";

/** RFC 3339, UTC, with milliseconds: `2026-01-02T03:04:05.678Z`. */
export const Time = z.iso.datetime({ precision: 3 });
export const TaskId = z.uuid();
/** In capitals it means the same (RFC 9562 §4). */
export const ClaimId = z.uuid().transform((id) => id.toLowerCase());
export const Json = z.unknown();

/** A line that people write: anything but NUL, which ends a string in too many places. */
export function text(limit: LimitName) {
  return z
    .string()
    .min(1)
    .max(...atMost(limit))
    .regex(/^[^\0\p{Cs}]*$/u, "no NUL character and no lone surrogate");
}

/** A word that filters compare: no control characters. */
export function word(limit: LimitName) {
  return z
    .string()
    .min(1)
    .max(...atMost(limit))
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, "no control characters");
}

/** An agent's handle: what people type and what every claim is made under. */
export const AgentId = z
  .string()
  .min(1)
  .max(...atMost("agent_id_chars"))
  .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]*$/u, "no control characters")
  .refine((id) => id.trim() === id, "no space at either end");

export const WorkspaceName = z.string().regex(/^[a-z0-9_-]{1,64}$/, "1 to 64 of a-z 0-9 - _");

export const Performer = z.enum(["agent", "user"]);
export const ReviewMode = z.enum(["none", "required"]);
export const StateName = z.enum(STATE_NAMES);

/** Why a pending job cannot be claimed yet. Computed when the row is read. */
export const Held = z.object({
  reason: z.enum(["dependencies", "dependency_failed", "dependency_cancelled"]),
  blockers: z.array(TaskId).optional(),
});

/** The hold that a claim answers with. `claim_id` is the fencing token; `lease_until` is null for a person's hold, which has no deadline. */
export const CurrentClaim = z.object({
  claim_id: ClaimId,
  attempt: z.int(),
  lease_until: Time.nullable(),
  /** What reviewers said of the earlier attempts, oldest first; absent where there was none. */
  feedback: z.array(z.object({ attempt: z.int(), reviewer: z.string(), decision: z.string(), body: z.string(), at: Time })).optional(),
});

export const Task = z.object({
  id: TaskId,
  name: z.string(),
  kind: z.string(),
  priority: z.string(),
  state: StateName,
  /** Who holds it, or who held it last once it is completed or failed. */
  claimed_by: z.string().nullable(),
  payload: Json,
  result: Json,
  created_at: Time,
  updated_at: Time,
  /** Absent where it was never claimed. */
  claimed_at: Time.optional(),
  /** Absent where nobody holds it. */
  lease_until: Time.optional(),
  number: z.int().min(1),
  description: z.string(),
  performer: Performer,
  assignee: z.string().nullable(),
  labels: z.array(z.string()),
  review: ReviewMode,
  /** How many must approve an attempt before the job is completed. */
  required_approvals: z.int().min(1),
  attempt: z.int().min(0),
  depends_on: z.array(TaskId),
  held: Held.nullable(),
  created_by: z.string().nullable(),
  rev: z.int().min(1),
  /** Only in the answer to a claim. */
  claim: CurrentClaim.optional(),
});

export const AgentStatus = z.enum(["active", "idle", "stale"]);
export const AgentType = z.enum(["agent", "user"]);

export const Agent = z.object({
  id: z.string(),
  name: z.string(),
  type: AgentType,
  first_seen: Time,
  last_seen: Time,
  current_task: TaskId.nullable(),
  status: AgentStatus,
  /** The last event that a hook of its host has put before it, by its seq. What was offered need not have been seen. */
  offered: z.int().min(0).optional(),
  /** Up to where it has looked by an act of its own: a check-in, or its inbox. */
  read: z.int().min(0).optional(),
  /** What would wake it now: a wait that a hook of its host keeps open. null: nothing would. */
  wake: z.object({ host: z.string(), since: Time }).nullable().optional(),
});

export const Claim = z.object({
  claim_id: ClaimId,
  task_id: TaskId,
  agent_id: z.string(),
  attempt: z.int(),
  claimed_at: Time,
  lease_until: Time.nullable(),
  ended_at: Time.nullable(),
  end: z.enum(CLAIM_ENDS).nullable(),
});

export const AttemptOutcome = z.enum(["completed", "submitted", "approved", "changes_requested", "failed", "cancelled", "abandoned"]);

export const Attempt = z.object({
  task_id: TaskId,
  number: z.int().min(1),
  trigger: z.enum(["first", "changes_requested", "retry"]),
  started_at: Time,
  ended_at: Time.nullable(),
  outcome: AttemptOutcome.nullable(),
  summary: z.string().nullable(),
  result: Json,
});

export const ReviewDecision = z.enum(["approve", "request_changes", "comment"]);

/** Handles named with `@` in a note or a review: each is told. */
const mentions = z.array(z.string());

export const Review = z.object({
  review_id: z.uuid(),
  task_id: TaskId,
  attempt: z.int().min(1),
  reviewer: z.string(),
  decision: ReviewDecision,
  body: z.string().nullable(),
  mentions,
  at: Time,
  /** Set where an owner set the decision aside. */
  dismissed: z.object({ by: z.string(), reason: z.string(), at: Time }).nullable(),
});

export const Note = z.object({
  note_id: z.uuid(),
  task_id: TaskId,
  attempt: z.int().nullable(),
  author: z.string(),
  /** null once it is retracted: the record stays, the body is withheld. */
  body: z.string().nullable(),
  mentions,
  at: Time,
  /** Set where the note was taken back: the record stays, the body is withheld from everybody. */
  retracted: z.object({ by: z.string(), reason: z.string(), at: Time, purged: z.boolean() }).nullable(),
});

export const Dependency = z.object({ task_id: TaskId, depends_on: TaskId });

/** Who the credential says is calling. On tokenless loopback: the machine's owner. */
export const Role = z.enum(["owner", "admin", "member", "viewer"]);
export const Principal = z.object({ id: z.string(), role: Role });

export type Task = z.infer<typeof Task>;
export type Agent = z.infer<typeof Agent>;
export type Claim = z.infer<typeof Claim>;
export type Attempt = z.infer<typeof Attempt>;
export type Review = z.infer<typeof Review>;
export type Note = z.infer<typeof Note>;
export type Held = z.infer<typeof Held>;
export type Role = z.infer<typeof Role>;
export type Principal = z.infer<typeof Principal>;

/** The part of a task that a filter can ask about, carried by every event so that a log can be matched and shown by itself. */
export const TaskSnapshot = Task.pick({
  id: true,
  number: true,
  name: true,
  kind: true,
  priority: true,
  state: true,
  performer: true,
  assignee: true,
  labels: true,
  claimed_by: true,
  created_by: true,
  attempt: true,
  rev: true,
}).extend({
  /** Claimable at that moment: pending and not held. */
  ready: z.boolean(),
});
export type TaskSnapshot = z.infer<typeof TaskSnapshot>;
