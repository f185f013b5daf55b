import { z } from "zod";
import { EVENT_TYPES } from "./events.ts";
import { isAnnouncement, type State, stateFromInput } from "./lifecycle.ts";
import { atMost } from "./limits.ts";
import { AgentId, Performer, TaskId, type TaskSnapshot, text, word } from "./records.ts";

/** One value or a list of them, always a list afterwards. */
function some<T extends z.ZodType>(item: T, most: "filter_values" | "filter_ids" = "filter_values") {
  return z
    .union([
      item,
      z
        .array(item)
        .min(1)
        .max(...atMost(most)),
    ])
    .transform((value) => (Array.isArray(value) ? value : [value]) as z.infer<T>[])
    .optional();
}

const StateWord = z.string().transform((word, context): State | "any" => {
  const state = word === "any" ? "any" : stateFromInput(word);
  if (state) return state;
  context.addIssue({ code: "custom", message: `no such state: ${JSON.stringify(word.slice(0, 40))}`, input: word });
  return z.NEVER;
});

/** A full id; in capitals it means the same (RFC 9562 §4). */
const AnyCaseId = TaskId.transform((id) => id.toLowerCase());

export const filterFields = {
  /** A state or an alias of one; `any` lifts the restriction, a wait's default included. */
  state: some(StateWord),
  kind: some(word("kind_chars")),
  priority: some(word("priority_chars")),
  label: some(word("label_chars")),
  performer: some(Performer),
  claimed_by: some(AgentId),
  created_by: some(AgentId),
  assignee: some(AgentId),
  ids: some(AnyCaseId, "filter_ids"),
  ignore_ids: some(AnyCaseId, "filter_ids"),
  /** Part of the name, whatever its case. */
  name_contains: text("filter_text_chars").optional(),
  /** Words that all occur in name, description or payload; full text. */
  q: text("filter_text_chars").regex(/\S/, "at least one word").optional(),
  /** true: only what can be claimed now. false: only what cannot. */
  ready: z.boolean().optional(),
  /** Waits and events only: a note or review that names one of these handles with `@`. */
  mentions: some(AgentId),
};

/** What `tasks/list`, `tasks/next`, `tasks/wait` and subscriptions ask for. All fields given must hold. */
export const Filter = z.strictObject(filterFields);
export type Filter = z.output<typeof Filter>;

/** A filter over the log: the task's fields as they were at the event, and the event's own. */
export const EventFilter = z.strictObject({ ...filterFields, type: some(z.enum(EVENT_TYPES)), agent_id: some(AgentId) });
export type EventFilter = z.output<typeof EventFilter>;

/** Lower case as the matcher and the database both see it: ASCII and beyond, by the language's own table. */
export function foldCase(text: string): string {
  return text.toLowerCase();
}

/** The states that the filter restricts to, or undefined where it does not. */
export function wantedStates(filter: Filter): readonly State[] | undefined {
  if (!filter.state || filter.state.includes("any")) return undefined;
  return filter.state as State[];
}

/**
 * Whether a task, as it was right after a change, is what the filter asks for: every field but `q`,
 * which needs the stored text and is decided by the database.
 * @param announcementsDefault apply a wait's default where `state` is absent: announcements `completed`, jobs `pending` (domain §7).
 */
export function matches(filter: Filter, task: TaskSnapshot, announcementsDefault: boolean): boolean {
  const states = wantedStates(filter);
  if (states) {
    if (!states.includes(task.state)) return false;
  } else if (announcementsDefault && !filter.state && task.state !== defaultState(task.kind)) return false;
  if (filter.ready !== undefined && filter.ready !== task.ready) return false;
  if (filter.kind && !filter.kind.includes(task.kind)) return false;
  if (filter.priority && !filter.priority.includes(task.priority)) return false;
  if (filter.label && !filter.label.some((label) => task.labels.includes(label))) return false;
  if (filter.performer && !filter.performer.includes(task.performer)) return false;
  if (filter.claimed_by && !(task.claimed_by !== null && filter.claimed_by.includes(task.claimed_by))) return false;
  if (filter.created_by && !(task.created_by !== null && filter.created_by.includes(task.created_by))) return false;
  if (filter.assignee && !(task.assignee !== null && filter.assignee.includes(task.assignee))) return false;
  if (filter.ids && !filter.ids.includes(task.id)) return false;
  if (filter.ignore_ids?.includes(task.id)) return false;
  if (filter.name_contains !== undefined && !foldCase(task.name).includes(foldCase(filter.name_contains))) return false;
  return true;
}

/** What a wait that names no state waits for, by kind. */
export function defaultState(kind: string): State {
  return isAnnouncement(kind) ? "completed" : "pending";
}
