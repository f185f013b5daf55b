import type { Attempt, Event, Note, Review, Task, TaskSnapshot } from "../protocol/index.ts";

/** The longest text or encoded JSON that an answer carries in full, in characters; tasks_get alone has no limit. */
const FULL_CHARS = 6000;
const HEAD_CHARS = 1500;

type Row = Record<string, unknown>;

/** Without what says nothing: null, undefined, "", [] . */
function compact(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).filter(
      ([, value]) => !(value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0)),
    ),
  );
}

/** Fields that nearly every task has alike, left out where it does. */
function usual({ performer, review, required_approvals }: Task): Row {
  return {
    performer: performer === "agent" ? undefined : performer,
    review: review === "none" ? undefined : review,
    required_approvals: required_approvals === 1 ? undefined : required_approvals,
  };
}

/** A task in a list: what an agent decides by, and no payload, result or description. */
export function brief(task: Task): Row {
  const { id, number, name, kind, priority, state, claimed_by, lease_until, assignee, labels, depends_on, held, created_by, updated_at } =
    task;
  return compact({
    id,
    number,
    name,
    kind,
    priority,
    state,
    claimed_by,
    lease_until,
    assignee,
    labels,
    depends_on,
    held,
    ...usual(task),
    // a decision on work in review names the attempt that it is about
    attempt: task.state === "review" ? task.attempt : undefined,
    created_by,
    updated_at,
  });
}

/** A whole task without fields that say nothing, and with texts over 6,000 characters cut to their beginning: `cut` names those. */
export function whole(task: Task): Row {
  const row = compact({ ...task, ...usual(task) });
  const { feedback } = task.claim ?? {};
  if (feedback) row.claim = { ...task.claim, feedback: feedback.map((one) => ({ ...one, body: shortened(one.body) })) };
  const cut: string[] = [];
  for (const field of ["payload", "result", "description"]) {
    const value = row[field];
    if (value === undefined) continue;
    const text = typeof value === "string" ? value : JSON.stringify(value);
    if (text.length <= FULL_CHARS) continue;
    row[field] = `${text.slice(0, HEAD_CHARS)}…`;
    cut.push(`${field} (${text.length} characters)`);
  }
  return cut.length === 0 ? row : { ...row, cut: `${cut.join(", ")}: tasks_get has it all` };
}

function shortened(text: string): string {
  return text.length <= FULL_CHARS ? text : `${text.slice(0, HEAD_CHARS)}… (${text.length} characters in all)`;
}

/** A note; of one that was taken back, who did so and why in place of its words. */
export function noteRow({ note_id, author, attempt, at, body, retracted }: Note): Row {
  const words = body === null ? undefined : shortened(body);
  return compact({ note_id, author, attempt, at, body: words, retracted: retracted ? `by ${retracted.by}: ${retracted.reason}` : null });
}

export function reviewRow({ reviewer, decision, attempt, at, body, dismissed }: Review): Row {
  const words = body === null ? undefined : shortened(body);
  return compact({ reviewer, decision, attempt, at, body: words, dismissed: dismissed ? `by ${dismissed.by}: ${dismissed.reason}` : null });
}

/** An attempt in brief; its result is the task's. */
export function attemptRow({ number, outcome, summary }: Attempt): Row {
  return compact({ number, outcome, summary });
}

/** What changed, without the snapshot that the task beside it makes needless. */
export function briefEvent(event: Event): Row {
  const { seq, at, type, agent_id } = event;
  return compact({ seq, at, type, agent_id });
}

/** `#12 "name"`, as people and notices say it. */
export function title(task: Pick<TaskSnapshot, "number" | "name">): string {
  return `#${task.number} "${task.name.length > 60 ? `${task.name.slice(0, 59)}…` : task.name}"`;
}
