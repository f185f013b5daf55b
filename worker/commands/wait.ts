import {
  DEFAULT_LIST_ROWS,
  type EventFilter,
  LIMITS,
  overLimit,
  type Params,
  type Result,
  refuse,
  type TaskSnapshot,
} from "../../protocol/index.ts";
import { findTasks } from "../core/query.ts";
import { type TaskRow, taskByNumber, toTask } from "../core/tasks.ts";
import { answer, type Logged, type Outcome, refused, type Turn } from "../core/turn.ts";
import type { InboxWait } from "../waits/index.ts";
import { next } from "./claim.ts";
import { inbox, inboxAnswer, inboxWait } from "./inbox.ts";
import { checkCursor, eventMatches, eventsList, head, list, readEvents } from "./reads.ts";

/** What a command that cannot be answered yet waits for; the rest of a `Waiter` is the caller's circumstances. */
export interface WaitFor {
  readonly kind: "wait" | "all" | "next" | "list" | "events" | "inbox";
  readonly filter: EventFilter;
  /** null: for ever. */
  readonly timeout_ms: number | null;
  readonly agent_id?: string;
  readonly lease_seconds?: number;
  readonly page?: boolean;
  readonly inbox?: InboxWait;
}

export type Later = { readonly ok: "later"; readonly wait: WaitFor };

function later(wait: WaitFor): Later {
  return { ok: "later", wait };
}

/**
 * `tasks/wait`. Without `after`, a task that matches now answers at once; with it, the first change after that cursor that
 * matched, judged by the task as it was then, so that nothing is missed between two calls. `all` asks for the states as they are.
 */
export function wait(turn: Turn, params: Params<"tasks/wait">, mostMs: number | null): Outcome<Result<"tasks/wait">> | Later {
  const filter = params.filter ?? {};
  const asked = params.timeout_ms ?? params.wait_ms;
  const timeout_ms = mostMs === null ? (asked ?? null) : Math.min(asked ?? mostMs, mostMs);
  if (params.all) return waitForAll(turn, filter, timeout_ms, params.agent_id);
  if (params.after === undefined && filter.mentions === undefined) {
    const row = findTasks(turn.sql, { filter, waitDefault: true, limit: 1 })[0];
    if (row) return answer({ task: toTask(turn.sql, row), cursor: head(turn.sql), timed_out: false });
  } else if (params.after !== undefined) {
    const after = checkCursor(turn.sql, params.after);
    if (!after.ok) return after;
    const matched = firstMatchAfter(turn, filter, after.value);
    if (matched) return answer(matched);
  }
  if (timeout_ms === 0) return answer(timedOut(turn, "wait") as Result<"tasks/wait">);
  return later({ kind: "wait", filter, timeout_ms, ...(params.agent_id ? { agent_id: params.agent_id } : {}) });
}

function waitForAll(
  turn: Turn,
  filter: EventFilter,
  timeout_ms: number | null,
  agent_id: string | undefined,
): Outcome<Result<"tasks/wait">> | Later {
  if (!filter.ids)
    return refused(
      refuse("invalid_params", "tasks/wait: `all` needs `filter.ids`", { issues: [{ path: "filter.ids", message: "required with all" }] }),
    );
  const known = findTasks(turn.sql, { filter: { ids: filter.ids }, limit: LIMITS.filter_ids.value }).map((row) => row.id);
  const unknown = filter.ids.find((id) => !known.includes(id));
  if (unknown) return refused(refuse("not_found", `no task ${unknown} in this workspace`, { id: unknown }));
  const tasks = allMatch(turn, filter);
  if (tasks) return answer({ tasks: tasks.map((row) => toTask(turn.sql, row)), cursor: head(turn.sql), timed_out: false });
  if (timeout_ms === 0) return answer(timedOut(turn, "all") as Result<"tasks/wait">);
  return later({ kind: "all", filter, timeout_ms, ...(agent_id ? { agent_id } : {}) });
}

/** Every one of `filter.ids`, in that order, if all of them match now. */
export function allMatch(turn: Turn, filter: EventFilter): TaskRow[] | undefined {
  const ids = [...new Set(filter.ids)];
  const found = new Map(findTasks(turn.sql, { filter, waitDefault: true, limit: ids.length }).map((row) => [row.id, row]));
  return ids.every((id) => found.has(id)) ? ids.map((id) => found.get(id)!) : undefined;
}

function firstMatchAfter(turn: Turn, filter: EventFilter, after: number): Result<"tasks/wait"> | undefined {
  const event = readEvents(turn.sql, { after, filter, limit: 1, waitDefault: true }).events[0];
  if (!event) return undefined;
  const { number } = event.data.task as TaskSnapshot;
  return { task: toTask(turn.sql, taskByNumber(turn.sql, number)!), event, cursor: event.seq, timed_out: false };
}

/** `tasks/list`, held open with `wait_ms` while nothing matches. */
export function listOrWait(turn: Turn, params: Params<"tasks/list">): Outcome<Result<"tasks/list">> | Later {
  const now = list(turn, params, DEFAULT_LIST_ROWS);
  if (!now.ok || !params.wait_ms) return now;
  const page = !Array.isArray(now.value);
  if ((Array.isArray(now.value) ? now.value : now.value.tasks).length > 0) return now;
  const { limit: _limit, wait_ms, page: _page, cursor: _cursor, ...filter } = params;
  return later({ kind: "list", filter, timeout_ms: wait_ms, page });
}

/** `tasks/next`, in line with `wait_ms` while nothing fits. */
export function nextOrWait(turn: Turn, params: Params<"tasks/next">, mostMs: number | null): Outcome<Result<"tasks/next">> | Later {
  const task = next(turn, params);
  if (task || !params.wait_ms) return answer(task);
  const timeout_ms = mostMs === null ? params.wait_ms : Math.min(params.wait_ms, mostMs);
  const lease = params.lease_seconds === undefined ? {} : { lease_seconds: params.lease_seconds };
  return later({ kind: "next", filter: params.filter ?? {}, timeout_ms, agent_id: params.agent_id, ...lease });
}

/** `events/list`, held open with `wait_ms` while the log has nothing newer that matches. */
export function eventsOrWait(turn: Turn, params: Params<"events/list">): Outcome<Result<"events/list">> | Later {
  const now = eventsList(turn, params, DEFAULT_LIST_ROWS);
  if (!now.ok || !params.wait_ms || params.after === undefined || now.value.events.length > 0) return now;
  return later({ kind: "events", filter: params.filter ?? {}, timeout_ms: params.wait_ms });
}

/** `agents/inbox`, held open with `wait_ms` while nothing concerns the agent. */
export function inboxOrWait(turn: Turn, params: Params<"agents/inbox">, mostMs: number | null): Outcome<Result<"agents/inbox">> | Later {
  const now = inbox(turn, params);
  if (now) return now;
  const asked = params.wait_ms ?? 0;
  const timeout_ms = mostMs === null ? asked : Math.min(asked, mostMs);
  return later({ kind: "inbox", filter: params.filter ?? {}, timeout_ms, agent_id: params.id, inbox: inboxWait(turn, params) });
}

/** What a waiter is told when its time is up. */
export function timedOut(turn: Turn, kind: WaitFor["kind"], page = false): unknown {
  switch (kind) {
    case "wait":
      return { task: null, cursor: head(turn.sql), timed_out: true };
    case "all":
      return { tasks: [], task: null, cursor: head(turn.sql), timed_out: true };
    case "next":
      return null;
    case "list":
      return page ? { tasks: [], next: null } : [];
    case "events":
      return { events: [], cursor: head(turn.sql) };
    case "inbox":
      return { items: [], cursor: head(turn.sql), timed_out: true };
  }
}

/** What a waiter is told of an event that its drawer brought up, or undefined where it does not fit after all. */
export function answerTo(turn: Turn, waiter: WaitFor, { event, number }: Logged): unknown {
  if (waiter.kind === "events")
    return eventMatches(turn.sql, waiter.filter, event, number) ? { events: [event], cursor: event.seq } : undefined;
  if (waiter.kind === "inbox") {
    const filter = waiter.inbox?.matching ? waiter.filter : undefined;
    return inboxAnswer(turn, { agent_id: waiter.agent_id!, filter }, { event, number });
  }
  const task = event.data.task as TaskSnapshot | undefined;
  if (!task || number === null) return undefined;
  if (waiter.kind === "all") {
    // claims are logged together, and the tables are as the last of them has left them: that one made it true
    const isLater = (other: Logged) =>
      other.event.type === "task.claimed" && other.event.seq > event.seq && waiter.filter.ids?.includes(other.event.task_id ?? "");
    if (event.type === "task.claimed" && turn.log.some(isLater)) return undefined;
    const rows = allMatch(turn, waiter.filter);
    return rows && { tasks: rows.map((row) => toTask(turn.sql, row)), event, cursor: event.seq, timed_out: false };
  }
  if (!eventMatches(turn.sql, waiter.filter, event, number, waiter.kind === "wait")) return undefined;
  const now = toTask(turn.sql, taskByNumber(turn.sql, number)!);
  if (waiter.kind === "list") return waiter.page ? { tasks: [now], next: null } : [now];
  return { task: now, event, cursor: event.seq, timed_out: false };
}

/** The refusal of a wait that its session has no more room for. */
export function tooManyWaits(limit: "session_waits" | "session_subscriptions" | "attachment_bytes", given: number) {
  const { value, unit } = LIMITS[limit];
  return overLimit(limit, value, unit, given);
}
