import { z } from "zod";
import { Checkin, InboxItem, WaitResult } from "./answers.ts";
import { Event } from "./events.ts";
import {
  anyWaitMs,
  approvals,
  body,
  clamped,
  cursor,
  description,
  held,
  initialState,
  key,
  kind,
  LocalRef,
  labels,
  leaseSeconds,
  movedState,
  name,
  priority,
  reason,
  rows,
  TaskRef,
  waitMs,
} from "./fields.ts";
import { EventFilter, Filter, filterFields } from "./filter.ts";
import { atMost } from "./limits.ts";
import {
  Agent,
  AgentId,
  AgentType,
  Attempt,
  Claim,
  ClaimId,
  Json,
  Note,
  Performer,
  Review,
  ReviewMode,
  Task,
  Time,
  word,
} from "./records.ts";

/** What a caller may do; `authorize` decides by the principal's role. */
export type Action = "read" | "write" | "admin";

export interface Method {
  readonly params: z.ZodType;
  readonly result: z.ZodType;
  readonly action: Action;
  /** Changes something, hence takes an `idempotency_key`. */
  readonly mutates: boolean;
  readonly summary: string;
}
const ok = z.object({ ok: z.literal(true) });

/**
 * The methods of coord's JSON-RPC, with names, parameters and results. Parameters are given here in snake_case; every method
 * takes camelCase as well. The bulletin's own ten methods ignore parameters that they do not know, as it did; the others refuse them.
 */
export const METHODS = {
  "tasks/send": {
    params: z.object({
      name,
      kind: kind.default("task"),
      priority: priority.default("normal"),
      payload: Json.optional(),
      description: description.default(""),
      performer: Performer.default("agent"),
      assignee: AgentId.nullable().default(null),
      labels: labels.default([]),
      review: ReviewMode.default("none"),
      required_approvals: approvals.default(1),
      ref: LocalRef.optional().describe(
        "a name for this task within its batch; siblings depend on it as @name, and the batch is all or nothing",
      ),
      depends_on: z
        .array(TaskRef)
        .max(...atMost("depends_on"))
        .default([]),
      state: initialState.optional(),
      agent_id: AgentId.optional().describe("who posts it"),
      ...key,
    }),
    result: Task,
    action: "write",
    mutates: true,
    summary: "Post a task: a job to be done, or an announcement (kinds ack, knowledge, decision).",
  },
  "tasks/get": {
    params: z.object({ id: TaskRef }),
    result: Task.nullable(),
    action: "read",
    mutates: false,
    summary: "One task, or null where there is none.",
  },
  "tasks/list": {
    params: z.object({
      ...filterFields,
      limit: rows,
      wait_ms: waitMs,
      page: z.boolean().optional(),
      cursor: z.string().max(64).optional(),
    }),
    result: z.union([z.array(Task), z.object({ tasks: z.array(Task), next: z.string().nullable() })]),
    action: "read",
    mutates: false,
    summary: "Tasks that match, newest first; with wait_ms, held open until one does.",
  },
  "tasks/claim": {
    params: z.object({ id: TaskRef, agent_id: AgentId, lease_seconds: leaseSeconds, ...key }),
    result: Task,
    action: "write",
    mutates: true,
    summary: "Take one job under a lease; exactly one caller can.",
  },
  "tasks/extend": {
    params: z.object({ id: TaskRef, agent_id: AgentId.optional(), claim_id: ClaimId.optional(), lease_seconds: leaseSeconds, ...key }),
    result: z.object({ ok: z.literal(true), lease_until: Time.nullable() }),
    action: "write",
    mutates: true,
    summary: "Move the lease's deadline to lease_seconds from now.",
  },
  "tasks/reclaim": {
    params: z.object({ ...key }),
    result: z.array(Task),
    action: "write",
    mutates: true,
    summary: "Return every job with a lapsed lease to pending; answers those.",
  },
  "tasks/complete": {
    params: z.object({
      ...held,
      result: Json.optional(),
      summary: z
        .string()
        .max(...atMost("reason_chars"))
        .optional()
        .describe("one paragraph on what was done, for reviewers and the next attempt"),
      post_ack: z.boolean().optional(),
      ack_name: name.optional(),
      ack_priority: priority.optional(),
      ack_payload: Json.optional(),
      ...key,
    }),
    result: z.object({ ok: z.literal(true), ack: Task.nullable(), task: Task }),
    action: "write",
    mutates: true,
    summary: "Finish a held job with its result, and publish an ack in the same transaction when asked to.",
  },
  "tasks/cancel": {
    params: z.object({ id: TaskRef, reason, agent_id: AgentId.optional(), ...key }),
    result: ok,
    action: "write",
    mutates: true,
    summary: "Call a task off, for ever.",
  },
  "agents/heartbeat": {
    params: z.object({
      id: AgentId,
      name: z
        .string()
        .min(1)
        .max(...atMost("agent_id_chars"))
        .optional(),
      type: AgentType.optional(),
    }),
    result: ok,
    action: "write",
    mutates: false,
    summary: "Say that an agent is here. Any call that names an agent does the same.",
  },
  "agents/list": {
    params: z.object({}),
    result: z.array(Agent),
    action: "read",
    mutates: false,
    summary: "Every agent known, the most recently seen first.",
  },
  "tasks/next": {
    params: z.strictObject({ agent_id: AgentId, filter: Filter.optional(), lease_seconds: leaseSeconds, wait_ms: anyWaitMs, ...key }),
    result: Task.nullable(),
    action: "write",
    mutates: true,
    summary: "Claim the best job that matches; with wait_ms, join the line for the next one.",
  },
  "tasks/release": {
    params: z.strictObject({ ...held, reason, ...key }),
    result: Task,
    action: "write",
    mutates: true,
    summary: "Give a held job back.",
  },
  "tasks/fail": {
    params: z.strictObject({
      ...held,
      reason: z
        .string()
        .min(1)
        .max(...atMost("reason_chars")),
      ...key,
    }),
    result: Task,
    action: "write",
    mutates: true,
    summary: "Give a held job up and say why.",
  },
  "tasks/retry": {
    params: z.strictObject({ id: TaskRef, agent_id: AgentId.optional(), ...key }),
    result: Task,
    action: "write",
    mutates: true,
    summary: "Make a failed job claimable again.",
  },
  "tasks/ready": {
    params: z.strictObject({ id: TaskRef, agent_id: AgentId.optional(), ...key }),
    result: Task,
    action: "write",
    mutates: true,
    summary: "Release a job from the backlog.",
  },
  "tasks/unready": {
    params: z.strictObject({ id: TaskRef, agent_id: AgentId.optional(), ...key }),
    result: Task,
    action: "write",
    mutates: true,
    summary: "Put a pending job back into the backlog.",
  },
  "tasks/update": {
    params: z.strictObject({
      id: TaskRef,
      rev: z.int().min(1).optional(),
      agent_id: AgentId.optional(),
      name: name.optional(),
      kind: kind.optional(),
      priority: priority.optional(),
      payload: Json.optional(),
      description: description.optional(),
      assignee: AgentId.nullable().optional(),
      labels: labels.optional(),
      review: ReviewMode.optional(),
      required_approvals: approvals.optional(),
      state: movedState.optional().describe("backlog promotes an idea; a person moves a job for people between the open states"),
      ...key,
    }),
    result: Task,
    action: "write",
    mutates: true,
    summary: "Change a task's fields; with `rev`, only if nobody changed it meanwhile.",
  },
  "tasks/wait": {
    params: z.strictObject({
      filter: Filter.optional(),
      after: cursor.optional(),
      all: z.boolean().optional(),
      timeout_ms: anyWaitMs,
      wait_ms: anyWaitMs,
      agent_id: AgentId.optional(),
    }),
    result: WaitResult,
    action: "read",
    mutates: false,
    summary: "Answer as soon as a matching task exists or, with `after`, as one changes.",
  },
  "tasks/depend": {
    params: z.strictObject({ id: TaskRef, on: TaskRef, agent_id: AgentId.optional(), ...key }),
    result: Task,
    action: "write",
    mutates: true,
    summary: "Hold a job that nobody works on until another is completed; a circle is refused with its path.",
  },
  "tasks/undepend": {
    params: z.strictObject({ id: TaskRef, on: TaskRef, agent_id: AgentId.optional(), ...key }),
    result: Task,
    action: "write",
    mutates: true,
    summary: "Take a dependency away; the job becomes claimable if it was the last that held it.",
  },
  "tasks/review": {
    params: z.strictObject({
      id: TaskRef,
      decision: z.enum(["approve", "request_changes", "comment"]),
      body: body.optional(),
      attempt: z.int().min(1).optional().describe("the attempt that was looked at; refused where there is a newer one"),
      agent_id: AgentId,
      ...key,
    }),
    result: Task,
    action: "write",
    mutates: true,
    summary: "Decide on finished work; never by anybody who held the attempt.",
  },
  "reviews/dismiss": {
    params: z.strictObject({ review_id: z.uuid(), reason: body, agent_id: AgentId, ...key }),
    result: Task,
    action: "admin",
    mutates: true,
    summary: "Set a request for changes aside, so that it blocks no longer.",
  },
  "notes/add": {
    params: z.strictObject({ id: TaskRef, agent_id: AgentId, body, ...key }),
    result: Note,
    action: "write",
    mutates: true,
    summary: "Say something on a task, for ever; @handle tells that agent.",
  },
  "notes/list": {
    params: z.strictObject({ id: TaskRef }),
    result: z.array(Note),
    action: "read",
    mutates: false,
    summary: "The notes on a task, oldest first.",
  },
  "notes/retract": {
    params: z.strictObject({ note_id: z.uuid(), reason: body, agent_id: AgentId.optional(), ...key }),
    result: Note,
    action: "admin",
    mutates: true,
    summary: "Withhold a note's body from everybody; the record stays.",
  },
  "notes/purge": {
    params: z.strictObject({ note_id: z.uuid(), reason: body, agent_id: AgentId.optional(), ...key }),
    result: Note,
    action: "admin",
    mutates: true,
    summary: "Overwrite the body of a note that leaked a secret; the record stays, and this is logged.",
  },
  "tasks/graph": {
    params: z.strictObject({
      ids: z
        .array(TaskRef)
        .max(...atMost("filter_ids"))
        .optional(),
      all: z.boolean().optional(),
    }),
    result: z.object({
      tasks: z.array(Task.pick({ id: true, number: true, name: true, kind: true, state: true, claimed_by: true, held: true })),
      edges: z.array(z.object({ task_id: Task.shape.id, depends_on: Task.shape.id })),
    }),
    action: "read",
    mutates: false,
    summary: "Jobs and what they wait for: those around `ids`, else all with an edge that is not finished.",
  },
  "tasks/history": {
    params: z.strictObject({ id: TaskRef }),
    result: z.object({
      attempts: z.array(Attempt),
      claims: z.array(Claim),
      reviews: z.array(Review),
      notes: z.array(Note),
      events: z.array(Event),
    }),
    action: "read",
    mutates: false,
    summary: "The story of one task.",
  },
  "events/list": {
    params: z.strictObject({ after: cursor.optional(), limit: rows, filter: EventFilter.optional(), wait_ms: waitMs }),
    result: z.object({ events: z.array(Event), cursor }),
    action: "read",
    mutates: false,
    summary: "The log from a cursor on.",
  },
  "agents/checkin": {
    params: z.strictObject({
      id: AgentId,
      name: z
        .string()
        .min(1)
        .max(...atMost("agent_id_chars"))
        .optional(),
      type: AgentType.optional(),
      offer: z
        .boolean()
        .optional()
        .describe("a hook asks for the agent: what it is told counts as offered, not as read, and its own check-in tells it again"),
    }),
    result: Checkin,
    action: "write",
    mutates: false,
    summary: "Say hello and learn what matters: what I hold, what is urgent, what changed, who is here.",
  },
  "agents/inbox": {
    params: z.strictObject({
      id: AgentId,
      after: cursor.optional().describe("only what came later; without it, whatever the agent has not read"),
      filter: Filter.optional().describe("also what a wait with this filter would hear of"),
      limit: clamped(1, 50),
      wait_ms: anyWaitMs,
      wake: z
        .strictObject({ host: word("kind_chars"), session: word("agent_id_chars").optional() })
        .optional()
        .describe(
          "a hook of the agent's host asks, to wake it: what is answered counts as offered, not as read. One wait a session: a new one ends the old",
        ),
    }),
    result: z.object({
      items: z.array(InboxItem),
      cursor,
      timed_out: z.boolean(),
      /** Another wait of the same session has taken this one's place. */
      replaced: z.boolean().optional(),
    }),
    action: "write",
    mutates: false,
    summary:
      "What concerns one agent since it last looked: reviews of its work, mentions, jobs that are its to take; with wait_ms, as it comes.",
  },
  "workspace/info": {
    params: z.strictObject({}),
    result: z.object({
      workspace: z.string(),
      version: z.string(),
      schema: z.int(),
      counts: z.record(z.string(), z.int()),
      agents: z.int(),
      sessions: z.int(),
      waiters: z.int(),
      head: cursor,
      oldest: cursor,
      limits: z.record(z.string(), z.object({ value: z.number(), unit: z.string(), why: z.string() })),
      methods: z.array(z.string()),
    }),
    action: "read",
    mutates: false,
    summary: "Versions, counts by state, the log's head, the limits.",
  },
  "events/subscribe": {
    params: z.strictObject({ after: cursor.optional(), filter: EventFilter.optional() }),
    result: z.object({ subscription: z.int(), cursor }),
    action: "read",
    mutates: false,
    summary: "Sessions only: replay the log from `after`, then follow it live.",
  },
  "events/unsubscribe": {
    params: z.strictObject({ subscription: z.int() }),
    result: ok,
    action: "read",
    mutates: false,
    summary: "Sessions only: end a subscription.",
  },
  "session/ack": {
    params: z.strictObject({ frames: cursor }),
    result: ok,
    action: "read",
    mutates: false,
    summary:
      "Sessions only: say how many frames were read since the session began (the answers to ping not counted), so that it is not cut off as stuck.",
  },
  "session/cancel": {
    params: z.strictObject({ id: z.union([z.string(), z.number()]) }),
    result: z.object({ ok: z.boolean() }),
    action: "read",
    mutates: false,
    summary: "Sessions only: give up the wait that was asked for under this request id; it is answered as timed out.",
  },
} as const satisfies Record<string, Method>;

export type MethodName = keyof typeof METHODS;
export const METHOD_NAMES = Object.keys(METHODS) as MethodName[];

/** Methods that need a socket to answer on. */
export const SESSION_METHODS = [
  "events/subscribe",
  "events/unsubscribe",
  "session/ack",
  "session/cancel",
] as const satisfies readonly MethodName[];

/** Parameters as a caller may write them, in snake_case. */
export type ParamsIn<M extends MethodName> = z.input<(typeof METHODS)[M]["params"]>;
/** Parameters as the worker gets them: defaults filled in, numbers clamped. */
export type Params<M extends MethodName> = z.output<(typeof METHODS)[M]["params"]>;
export type Result<M extends MethodName> = z.output<(typeof METHODS)[M]["result"]>;
/** The bulletin's own methods. Its server took null for "not given" and passed over parameters that it did not know; so do these. */
export const BULLETIN_METHODS: readonly MethodName[] = [
  "tasks/send",
  "tasks/get",
  "tasks/list",
  "tasks/claim",
  "tasks/extend",
  "tasks/reclaim",
  "tasks/complete",
  "tasks/cancel",
  "agents/heartbeat",
  "agents/list",
];
