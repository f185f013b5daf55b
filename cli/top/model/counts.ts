import type { Event } from "../../../protocol/events.ts";
import { STATE_NAMES, STATES, type State } from "../../../protocol/lifecycle.ts";
import type { TaskSnapshot } from "../../../protocol/records.ts";
import type { Row } from "./row.ts";

export type Counts = Readonly<Record<State, number>>;

export function countsOf(given: Readonly<Record<string, number>>): Counts {
  return Object.fromEntries(STATE_NAMES.map((state) => [state, given[state] ?? 0])) as Record<State, number>;
}

/** The move that an event reports. `from` is null for a new task, and `unknown` where neither the event nor the row before says it. */
export interface Move {
  readonly from: State | null | "unknown";
  readonly to: State;
}

/**
 * Between which states an event moved its task; undefined where it did not. A row from before the event tells it. Without one (the board
 * had forgotten the task, or read it when it had moved already) the event's type does, by the lifecycle's table, unless several
 * states lead there: a cancelled task may come from any, and a job for people is dragged from wherever it stands.
 */
export function moveOf(event: Event, task: TaskSnapshot, known: Row | undefined): Move | undefined {
  const to = task.state;
  if (event.type === "task.created") return { from: null, to };
  if (known && known.rev < task.rev) return known.state === to ? undefined : { from: known.state, to };
  const said = event.data.from;
  const from = typeof said === "string" && said in STATES ? (said as State) : origin(event, task);
  return from === null || from === to ? undefined : { from, to };
}

/** The state that an event leads from by its type alone; null where it moves nothing. */
function origin(event: Event, task: TaskSnapshot): State | "unknown" | null {
  const isDraggable = task.performer === "user";
  switch (event.type) {
    case "task.claimed":
      return isDraggable ? "unknown" : "pending";
    case "task.completed":
    case "task.submitted":
      return isDraggable ? "unknown" : "claimed";
    case "task.released":
    case "task.lapsed":
    case "task.failed":
      return "claimed";
    case "review.decided":
      return task.state === "review" || event.data.decision === "comment" ? null : "review";
    case "task.updated":
      return Array.isArray(event.data.changed) && event.data.changed.includes("state") ? "unknown" : null;
    case "task.cancelled":
      return event.data.claim_id ? "claimed" : "unknown";
    case "task.ready":
    case "task.held":
      return "unknown";
    default:
      return null;
  }
}

/** The counts after a move; undefined where they can no longer be told. */
export function counted(counts: Counts, move: Move): Counts | undefined {
  if (move.from === "unknown") return undefined;
  const next: Record<State, number> = { ...counts };
  if (move.from !== null) next[move.from] = Math.max(0, next[move.from] - 1);
  next[move.to] += 1;
  return next;
}
