/**
 * The life of a task, as data. The worker obeys these tables, the database's CHECK lists are built from them,
 * the documentation and the screens print them, and a property test walks them.
 */
export const STATES = {
  idea: {
    label: "Idea",
    terminal: false,
    aliases: [],
    meaning: "a thought on a canvas; nobody works on it; promoted to backlog by a person",
  },
  backlog: { label: "Backlog", terminal: false, aliases: ["staged"], meaning: "agreed on, not released; `tasks/ready` releases it" },
  pending: { label: "Ready", terminal: false, aliases: ["ready"], meaning: "claimable unless held; a crash leaves it as it is" },
  claimed: {
    label: "In Progress",
    terminal: false,
    aliases: ["in_progress", "working"],
    meaning: "one agent holds it under a lease; a crash of the holder lets the lease lapse, which returns it to pending",
  },
  review: {
    label: "Review",
    terminal: false,
    aliases: ["awaiting_review"],
    meaning: "work is handed in and waits for a decision; nobody holds it",
  },
  completed: { label: "Done", terminal: true, aliases: ["done"], meaning: "finished, for ever; announcements are born here" },
  failed: { label: "Failed", terminal: false, aliases: [], meaning: "its holder gave up and said why; leaves by retry or cancel" },
  cancelled: { label: "Cancelled", terminal: true, aliases: ["canceled"], meaning: "called off, for ever" },
} as const;

export type State = keyof typeof STATES;
export const STATE_NAMES = Object.keys(STATES) as [State, ...State[]];

const STATE_BY_INPUT = new Map<string, State>(
  STATE_NAMES.flatMap((name) => [[name, name] as const, ...STATES[name].aliases.map((alias) => [alias, name] as const)]),
);

/** The state that a word on input means, aliases included; undefined where it means none. */
export function stateFromInput(word: string): State | undefined {
  return STATE_BY_INPUT.get(word);
}

export function isTerminal(state: State): boolean {
  return STATES[state].terminal;
}

/** Kinds that are publications: created `completed`, never claimed. Every other kind is a job. */
export const ANNOUNCEMENT_KINDS = ["ack", "knowledge", "decision"] as const;

export function isAnnouncement(kind: string): boolean {
  return (ANNOUNCEMENT_KINDS as readonly string[]).includes(kind);
}

/** The order of work: a lower rank goes first. Any word that is not listed comes last. */
export const PRIORITIES = ["urgent", "high", "normal", "low"] as const;

export function priorityRank(priority: string): number {
  const rank = (PRIORITIES as readonly string[]).indexOf(priority);
  return rank === -1 ? PRIORITIES.length : rank;
}

/** How a claim ended. */
export const CLAIM_ENDS = ["completed", "submitted", "failed", "released", "lapsed", "cancelled"] as const;
export type ClaimEnd = (typeof CLAIM_ENDS)[number];

/** Who moves a task along a transition. `person`: somebody of type `user`, and only a job for people. `system` is the coordinator itself: a lapsed lease, a completed dependency. */
export type Mover = "anyone" | "holder" | "reviewer" | "owner" | "person" | "system";

export interface Transition {
  /** null: the task comes into being. */
  readonly from: State | null;
  readonly to: State;
  /** The method that asks for it; null where time does. */
  readonly by: string | null;
  readonly who: Mover;
  readonly guard: string;
  readonly event: string;
}

/** What a person does with a job for people by dragging its card: between the open states, forward and back (jobs.md T7, T10, T11). */
const DRAGGED = [
  ...(["pending", "claimed", "review"] as const).map((from) => ({ from, to: "backlog" as const, event: "task.held" })),
  ...(["backlog", "review"] as const).map((from) => ({ from, to: "pending" as const, event: "task.ready" })),
  { from: "claimed" as const, to: "pending" as const, event: "task.released" },
  ...(["backlog", "pending", "review"] as const).map((from) => ({ from, to: "claimed" as const, event: "task.claimed" })),
  ...(["backlog", "pending", "claimed"] as const).map((from) => ({ from, to: "review" as const, event: "task.submitted" })),
].map((move) => ({
  ...move,
  by: "tasks/update" as const,
  who: "person" as const,
  guard: "a job for people; forward only when nothing holds it",
}));

/** A person finishes a job for people from wherever it stands. */
const FINISHED = (["backlog", "pending", "review"] as const).map((from) => ({
  from,
  to: "completed" as const,
  by: "tasks/complete" as const,
  who: "person" as const,
  guard: "a job for people that nothing holds",
  event: "task.completed",
}));

/** Every transition there is. What is not listed does not happen. */
export const TRANSITIONS = [
  { from: null, to: "idea", by: "tasks/send", who: "anyone", guard: 'state: "idea"', event: "task.created" },
  { from: null, to: "backlog", by: "tasks/send", who: "anyone", guard: 'state: "backlog"', event: "task.created" },
  { from: null, to: "pending", by: "tasks/send", who: "anyone", guard: "a job", event: "task.created" },
  {
    from: null,
    to: "completed",
    by: "tasks/send",
    who: "anyone",
    guard: "an announcement; an admin's import also brings what was finished elsewhere",
    event: "task.created",
  },
  { from: null, to: "completed", by: "tasks/complete", who: "holder", guard: "the ack of a completed job", event: "task.created" },
  { from: "idea", to: "backlog", by: "tasks/update", who: "anyone", guard: 'state: "backlog"', event: "task.updated" },
  { from: "backlog", to: "pending", by: "tasks/ready", who: "anyone", guard: "", event: "task.ready" },
  { from: "pending", to: "backlog", by: "tasks/unready", who: "anyone", guard: "", event: "task.held" },
  {
    from: "pending",
    to: "claimed",
    by: "tasks/claim",
    who: "anyone",
    guard: "not held; the assignee if there is one; user jobs only by people",
    event: "task.claimed",
  },
  { from: "pending", to: "claimed", by: "tasks/next", who: "anyone", guard: "as tasks/claim, the best match", event: "task.claimed" },
  { from: "claimed", to: "completed", by: "tasks/complete", who: "holder", guard: "review: none", event: "task.completed" },
  { from: "claimed", to: "review", by: "tasks/complete", who: "holder", guard: "review: required", event: "task.submitted" },
  { from: "claimed", to: "pending", by: "tasks/release", who: "holder", guard: "", event: "task.released" },
  { from: "claimed", to: "pending", by: null, who: "system", guard: "the lease lapsed", event: "task.lapsed" },
  { from: "claimed", to: "failed", by: "tasks/fail", who: "holder", guard: "", event: "task.failed" },
  { from: "failed", to: "pending", by: "tasks/retry", who: "anyone", guard: "", event: "task.ready" },
  {
    from: "review",
    to: "completed",
    by: "tasks/review",
    who: "reviewer",
    guard: "approve, by nobody who held the attempt; approvals are enough and no request for changes is open",
    event: "task.completed",
  },
  {
    from: "review",
    to: "completed",
    by: "reviews/dismiss",
    who: "owner",
    guard: "approvals are enough, and no other request for changes is open",
    event: "task.completed",
  },
  { from: "review", to: "pending", by: "tasks/review", who: "reviewer", guard: "request_changes with a body", event: "review.decided" },
  ...DRAGGED,
  ...FINISHED,
  { from: "idea", to: "cancelled", by: "tasks/cancel", who: "anyone", guard: "", event: "task.cancelled" },
  { from: "backlog", to: "cancelled", by: "tasks/cancel", who: "anyone", guard: "", event: "task.cancelled" },
  { from: "pending", to: "cancelled", by: "tasks/cancel", who: "anyone", guard: "", event: "task.cancelled" },
  { from: "claimed", to: "cancelled", by: "tasks/cancel", who: "anyone", guard: "", event: "task.cancelled" },
  { from: "review", to: "cancelled", by: "tasks/cancel", who: "anyone", guard: "", event: "task.cancelled" },
  { from: "failed", to: "cancelled", by: "tasks/cancel", who: "anyone", guard: "", event: "task.cancelled" },
] as const satisfies readonly Transition[];

/** Whether the table has a transition from one state (null: creation) to another, by the named method where one is given. */
export function canMove(from: State | null, to: State, by?: string | null): boolean {
  return TRANSITIONS.some((t) => t.from === from && t.to === to && (by === undefined || t.by === by));
}
