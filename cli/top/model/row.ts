import type { Event } from "../../../protocol/events.ts";
import type { State } from "../../../protocol/lifecycle.ts";
import type { Task, TaskSnapshot } from "../../../protocol/records.ts";

/**
 * A task as the screen keeps it: what a line shows and what orders it, never payloads or results, so that thousands fit into little
 * memory. Rows are replaced, not changed: a paused screen keeps the ones it shows. Times in milliseconds since 1970.
 */
export interface Row {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly kind: string;
  readonly priority: string;
  readonly state: State;
  readonly performer: "agent" | "user";
  readonly assignee: string | null;
  readonly labels: readonly string[];
  readonly claimedBy: string | null;
  readonly createdBy: string | null;
  readonly attempt: number;
  readonly rev: number;
  /** Claimable now: pending and not held. */
  readonly ready: boolean;
  /** Unknown for a task that was first met in an event other than its creation. */
  readonly createdAt: number | null;
  readonly changedAt: number;
  readonly claimedAt: number | null;
  /** The deadline as last heard of; an extension is heard of at the next refresh (source/vitals.ts). */
  readonly leaseUntil: number | null;
  /** The whole length of the lease as it was given, in milliseconds. */
  readonly leaseSpan: number | null;
  /** The current claim's fencing token, where the log has told it. */
  readonly claimId: string | null;
  readonly dependsOn: readonly string[];
  /** Its last lease ran out, and nobody has taken it since. */
  readonly lapsed: { readonly by: string; readonly at: number } | null;
  /** Why it failed, or was released or cancelled. */
  readonly reason: string | null;
  /** Made from events alone: what it depends on is not known yet. */
  readonly isPartial: boolean;
}

/** Reasons are shown on one line of a list. */
const MOST_REASON_CHARS = 200;

/** The row of a task that was read. What only the log tells is kept where the claim is still the same one. */
export function rowOfTask(task: Task, known?: Row): Row {
  const claimedAt = time(task.claimed_at);
  const leaseUntil = time(task.lease_until);
  const isSameClaim =
    known !== undefined && known.state === "claimed" && known.claimedBy === task.claimed_by && known.claimedAt === claimedAt;
  const isUnmoved = known !== undefined && known.state === task.state;
  return {
    ...common(task),
    ready: task.state === "pending" && task.held === null,
    createdAt: time(task.created_at),
    changedAt: time(task.updated_at) ?? 0,
    claimedAt,
    leaseUntil,
    leaseSpan: (isSameClaim ? known.leaseSpan : null) ?? span(time(task.updated_at), leaseUntil),
    claimId: task.claim?.claim_id ?? (isSameClaim ? known.claimId : null),
    dependsOn: task.depends_on,
    lapsed: isUnmoved && task.state === "pending" ? known.lapsed : null,
    reason: isUnmoved ? known.reason : null,
    isPartial: false,
  };
}

/** The row after an event: what the event carries, and from the row before what it does not. */
export function rowOfEvent(event: Event, snapshot: TaskSnapshot, known?: Row): Row {
  const at = time(event.at) ?? 0;
  const { data } = event;
  const isHeld = snapshot.state === "claimed";
  const isClaim = event.type === "task.claimed";
  const leaseUntil = isClaim ? time(data.lease_until) : (known?.leaseUntil ?? null);
  const dependsOn = known?.dependsOn ?? [];
  const on = typeof data.on === "string" ? data.on : "";
  return {
    ...common(snapshot),
    ready: snapshot.ready,
    createdAt: event.type === "task.created" ? at : (known?.createdAt ?? null),
    changedAt: at,
    claimedAt: isClaim ? at : snapshot.claimed_by === null ? null : (known?.claimedAt ?? null),
    leaseUntil: isHeld ? leaseUntil : null,
    leaseSpan: isHeld ? (isClaim ? span(at, leaseUntil) : (known?.leaseSpan ?? null)) : null,
    claimId: isHeld ? (isClaim ? String(data.claim_id) : (known?.claimId ?? null)) : null,
    dependsOn:
      event.type === "dependency.added"
        ? [...dependsOn.filter((id) => id !== on), on]
        : event.type === "dependency.removed"
          ? dependsOn.filter((id) => id !== on)
          : dependsOn,
    lapsed: lapseAfter(event, snapshot, known, at),
    reason:
      typeof data.reason === "string" ? data.reason.slice(0, MOST_REASON_CHARS) : known?.state === snapshot.state ? known.reason : null,
    isPartial: known?.isPartial ?? true,
  };
}

function lapseAfter(event: Event, snapshot: TaskSnapshot, known: Row | undefined, at: number): Row["lapsed"] {
  if (snapshot.state !== "pending") return null;
  if (event.type === "task.lapsed") return { by: String(event.data.agent_id), at };
  return known?.state === "pending" ? known.lapsed : null;
}

function common(task: Task | TaskSnapshot) {
  const { id, number, name, kind, priority, state, performer, assignee, labels, attempt, rev } = task;
  return {
    id,
    number,
    name,
    kind,
    priority,
    state,
    performer,
    assignee,
    labels,
    attempt,
    rev,
    claimedBy: task.claimed_by,
    createdBy: task.created_by,
  };
}

function time(value: unknown): number | null {
  const ms = typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

function span(from: number | null, until: number | null): number | null {
  return from === null || until === null ? null : until - from;
}
