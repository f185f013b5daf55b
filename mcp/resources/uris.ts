import type { Event, EventType } from "../../protocol/events.ts";
import { digitsOf } from "./named.ts";

export const BOARD = "coord://board";
export const AGENTS = "coord://agents";
export const LOG = "coord://log";
const TASK = "coord://tasks/";

/** RFC 6570. */
export const TASK_TEMPLATE = `${TASK}{id}`;

/** A task's address: its number is what people say, and is never used again. */
export function taskUri(task: { number: number }): string {
  return `${TASK}${task.number}`;
}

/** The reference in a task's address, as methods take it: digits are a number, anything else an id or its beginning. Undefined where it is no task's address. */
export function taskRefOf(uri: string): string | undefined {
  if (!uri.startsWith(TASK)) return undefined;
  let ref: string;
  try {
    ref = decodeURIComponent(uri.slice(TASK.length));
  } catch {
    return undefined; // "%" and no hexadecimal digits after it
  }
  if (/^\d{1,15}$/.test(ref)) return `#${ref}`;
  return ref === "" || ref.length > 40 || ref.includes("/") ? undefined : ref;
}

/** Events after which the list of open tasks is another. */
export const LIST_EVENTS = ["task.created", "task.completed", "task.cancelled"] as const satisfies readonly EventType[];

/**
 * Events after which somebody holds another task than before, or is new. Who is idle by now, what an agent was offered and has read, and
 * whether a wake is armed is no event: it is read, not told.
 */
const AGENT_EVENTS: readonly EventType[] = [
  ...(["agent.seen", "task.claimed", "task.released", "task.lapsed", "task.submitted", "task.failed"] as const),
  ...(["task.completed", "task.cancelled"] as const),
];

/** Whether what is read at this address is another after the event. A task may have been asked for by its number, its id, or the id's beginning. */
export function concerns(uri: string, event: Event): boolean {
  const task = event.data.task as { id: string; number: number } | undefined;
  if (uri === LOG) return true;
  if (uri === AGENTS) return AGENT_EVENTS.includes(event.type);
  if (task === undefined) return false;
  if (uri === BOARD) return true;
  const ref = taskRefOf(uri);
  if (ref === undefined) return false;
  const prefix = digitsOf(ref) ?? (ref.length >= 4 ? ref.toLowerCase() : undefined);
  return ref === `#${task.number}` || (prefix !== undefined && task.id.startsWith(prefix));
}

/** What a client wants to be told of. */
export interface Interest {
  readonly uris: readonly string[];
  /** Of the list of resources. */
  readonly list: boolean;
}

/** The types of event that may concern it; undefined for all of them. */
export function typesFor({ uris, list }: Interest): EventType[] | undefined {
  if (uris.some((uri) => uri !== AGENTS)) return undefined;
  return [...new Set([...(list ? LIST_EVENTS : []), ...(uris.length > 0 ? AGENT_EVENTS : [])])];
}
