import { EVENT_DATA, type Event, type State, type TaskSnapshot, TRANSITIONS } from "../../protocol/index.ts";
import type { Violation } from "./violation.ts";

/** What the log says of one claim. */
export interface ReplayedClaim {
  readonly claim_id: string;
  readonly task_id: string;
  readonly agent_id: string;
  readonly begun: Event;
  ended?: Event;
}

export interface Replay {
  /** Each task as the last of its events left it. */
  readonly tasks: Map<string, TaskSnapshot>;
  readonly claims: Map<string, ReplayedClaim>;
  /** The events of each task. */
  readonly byTask: Map<string, Event[]>;
  /** Agents by id. */
  readonly agents: Set<string>;
  readonly violations: Violation[];
}

/** Events that may leave a task in its state. */
const STAYS: readonly string[] = [
  ...["task.updated", "task.unblocked", "task.late_result", "dependency.added", "dependency.removed"],
  ...["note.added", "note.retracted", "note.purged", "review.decided", "review.dismissed"],
];

const ENDS: readonly string[] = ["task.released", "task.lapsed", "task.completed", "task.submitted", "task.failed", "task.cancelled"];

/**
 * The board, rebuilt from the log alone, and everything in the log that could not have happened: a gap, a transition that the table of
 * domain §3 lacks, a second holder, an end of a hold that was not the current one, a row that went back in time.
 */
export function replay(log: readonly Event[], monotone: boolean): Replay {
  const out: Replay = { tasks: new Map(), claims: new Map(), byTask: new Map(), agents: new Set(), violations: [] };
  const wrong = (what: string, ...events: (Event | undefined)[]) =>
    out.violations.push({ rule: "log", what, events: events.filter((event) => event !== undefined) });
  const holds = new Map<string, ReplayedClaim>();
  for (const [at, event] of log.entries()) {
    const previous = log[at - 1];
    if (event.seq !== at + 1) {
      wrong(`line ${at + 1} of the log is numbered ${event.seq}`, previous, event);
      break;
    }
    if (monotone && previous && event.at < previous.at) wrong("the log goes back in time", previous, event);
    const shape = EVENT_DATA[event.type]?.safeParse(event.data);
    if (!shape?.success) wrong(`${event.type} does not carry what the protocol says`, event);
    if (event.type === "agent.seen") out.agents.add(event.agent_id!);
    const task = event.data.task as TaskSnapshot | undefined;
    if (!task) continue;
    const before = out.tasks.get(task.id);
    const events = out.byTask.get(task.id) ?? [];
    const last = events.at(-1);
    follow(before, task, event, (what) => wrong(what, last, event));
    claims(out, holds, task, event, (what, other) =>
      out.violations.push({ rule: "one-holder", what, events: [...(other ? [other] : []), event] }),
    );
    out.tasks.set(task.id, task);
    events.push(event);
    out.byTask.set(task.id, events);
  }
  return out;
}

/** One line against the table of transitions and against the row as it was. */
function follow(before: TaskSnapshot | undefined, now: TaskSnapshot, event: Event, wrong: (what: string) => void): void {
  const from: State | null = before?.state ?? null;
  const known = TRANSITIONS.some((t) => t.from === from && t.to === now.state && t.event === event.type);
  if (!known && from !== now.state) wrong(`no transition leads from ${from ?? "nothing"} to ${now.state} by ${event.type}`);
  if (!known && from === now.state && !STAYS.includes(event.type)) wrong(`${event.type} leaves #${now.number} ${from}`);
  if (!before) return;
  if (before.number !== now.number) wrong(`#${before.number} has become #${now.number}`);
  if (now.rev < before.rev) wrong(`#${now.number} goes back from rev ${before.rev} to ${now.rev}`);
  if (from !== now.state && now.rev === before.rev) wrong(`#${now.number} moved from ${from} to ${now.state} within rev ${now.rev}`);
  if (now.attempt < before.attempt || now.attempt > before.attempt + 1)
    wrong(`#${now.number} goes from attempt ${before.attempt} to ${now.attempt}`);
}

function claims(
  out: Replay,
  holds: Map<string, ReplayedClaim>,
  task: TaskSnapshot,
  event: Event,
  wrong: (what: string, other?: Event) => void,
): void {
  const current = holds.get(task.id);
  const claim_id = event.data.claim_id as string | null | undefined;
  if (event.type === "task.claimed") {
    if (current) wrong(`#${task.number} is claimed while ${current.agent_id} holds it`, current.begun);
    const earlier = out.claims.get(claim_id!);
    if (earlier) wrong(`claim ${claim_id} is given out twice`, earlier.begun);
    const claim = { claim_id: claim_id!, task_id: task.id, agent_id: event.agent_id ?? "", begun: event };
    out.claims.set(claim_id!, claim);
    holds.set(task.id, claim);
  } else if (ENDS.includes(event.type) && (claim_id ?? null) !== null) {
    if (current?.claim_id !== claim_id)
      wrong(`${event.type} ends claim ${claim_id}, which is not the current one of #${task.number}`, current?.begun);
    if (current) current.ended = event;
    holds.delete(task.id);
  }
  const held = holds.has(task.id);
  if (held !== (task.state === "claimed"))
    wrong(`#${task.number} is ${task.state} and ${held ? "held" : "nobody holds it"}`, current?.begun);
  if (task.state === "claimed" && holds.get(task.id)?.agent_id !== task.claimed_by)
    wrong(`#${task.number} is shown as ${task.claimed_by}'s, and ${holds.get(task.id)?.agent_id} holds it`, current?.begun);
}
