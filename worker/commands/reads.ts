import {
  ANNOUNCEMENT_KINDS,
  changesTask,
  type Event,
  type EventFilter,
  LIMITS,
  METHOD_NAMES,
  matches,
  type Params,
  type Result,
  refuse,
  STATE_NAMES,
  type TaskSnapshot,
  wantedStates,
} from "../../protocol/index.ts";
import { inList } from "../core/conditions.ts";
import { findTasks, type Query, textMatches } from "../core/query.ts";
import { resolveTask } from "../core/refs.ts";
import { answerTooLarge } from "../core/reply.ts";
import { marks, type Sql, type SqlValue } from "../core/sql.ts";
import { newestNumber, type TaskRow, toTask } from "../core/tasks.ts";
import { isoTime } from "../core/time.ts";
import { answer, type Outcome, refused, type Turn } from "../core/turn.ts";
import { VERSION } from "../version.ts";
import { notesOf } from "./notes.ts";
import { reviewsOf } from "./reviews.ts";

export interface EventRow {
  seq: number;
  at: number;
  type: Event["type"];
  number: number | null;
  agent_id: string | null;
  principal: string;
  data: string;
}

/** `tasks/get`: null where there is none, as the bulletin has it. */
export function get(turn: Turn, params: Params<"tasks/get">): Outcome<Result<"tasks/get">> {
  const found = resolveTask(turn.sql, params.id);
  if (found.ok) return answer(toTask(turn.sql, found.value));
  return found.refusal.code === "not_found" ? answer(null) : found;
}

/** `tasks/list`, newest first; a page where `page` or `cursor` asks for one. */
export function list(turn: Turn, params: Params<"tasks/list">, rows: number): Outcome<Result<"tasks/list">> {
  const { limit, wait_ms: _wait, page, cursor, ...filter } = params;
  const before = cursor === undefined ? undefined : Number(cursor);
  if (before !== undefined && !(Number.isSafeInteger(before) && before > 0)) {
    return refused(
      refuse("invalid_params", "not a cursor of tasks/list", {
        issues: [{ path: "cursor", message: "take it from `next` of the page before" }],
      }),
    );
  }
  const most = limit ?? rows;
  const paged = page === true || cursor !== undefined;
  const size = LIMITS[paged ? "page_chars" : "answer_chars"].value;
  const { found, more } = readTasks(turn.sql, { filter, limit: most, before }, size);
  const tasks = found.map((row) => toTask(turn.sql, row));
  if (paged) return answer({ tasks, next: more ? String(tasks.at(-1)!.number) : null });
  if (more && tasks.length < most) return refused(answerTooLarge("ask with `page: true` and go on from `next`"));
  return answer(tasks);
}

/** At most `limit` rows and about `size` characters of them, but one row at least; read in parts, so that no more is held than is given. */
function readTasks(sql: Sql, query: Query, size: number): { found: TaskRow[]; more: boolean } {
  const found: TaskRow[] = [];
  let chars = 0;
  for (let { before } = query; ; before = found.at(-1)!.number) {
    const part = Math.min(ROWS_AT_ONCE, query.limit + 1 - found.length);
    const rows = findTasks(sql, { ...query, limit: part, before });
    for (const row of rows) {
      chars += row.description.length + (row.payload?.length ?? 0) + (row.result?.length ?? 0);
      if (found.length === query.limit || (chars > size && found.length > 0)) return { found, more: true };
      found.push(row);
    }
    if (rows.length < part) return { found, more: false };
  }
}

/** Rows read from the database in one go; each may be 600 KB. */
const ROWS_AT_ONCE = 64;

export function head(sql: Sql): number {
  return sql.first<{ seq: number }>("SELECT coalesce(max(seq), 0) AS seq FROM events")!.seq;
}

/** A cursor from another log is refused, so that a client learns that the board was replaced under it. */
export function checkCursor(sql: Sql, after: number): Outcome<number> {
  const newest = head(sql);
  return after <= newest
    ? answer(after)
    : refused(
        refuse("cursor_ahead", `the log ends at ${newest}, the cursor says ${after}`, { head: newest, oldest: newest === 0 ? 0 : 1 }),
      );
}

/** `events/list`: from a cursor on, oldest first. Without `after`: the newest ones. */
export function eventsList(turn: Turn, params: Params<"events/list">, rows: number): Outcome<Result<"events/list">> {
  const most = params.limit ?? rows;
  if (params.after === undefined) {
    const events = readEvents(turn.sql, { filter: params.filter, limit: most, newest: true }).events.reverse();
    return answer({ events, cursor: head(turn.sql) });
  }
  const after = checkCursor(turn.sql, params.after);
  return after.ok ? answer(readEvents(turn.sql, { after: after.value, filter: params.filter, limit: most })) : after;
}

/** Events read from the database in one go; most are short. */
const EVENTS_AT_ONCE = 250;

/**
 * Events that match, and the cursor up to which the log has been read: past the last one returned, or the head where it ended. A
 * page ends at `limit` events or about `page_chars`, whichever comes first.
 */
export function readEvents(sql: Sql, query: EventQuery): { events: Event[]; cursor: number } {
  const { after = 0, filter, limit, newest = false } = query;
  const { from: table, where, bindings } = searched(query);
  const order = newest ? "e.seq < ? ORDER BY e.seq DESC" : "e.seq > ? ORDER BY e.seq";
  const statement = `SELECT e.* FROM ${table} WHERE ${[...where, order].join(" AND ")} LIMIT ?`;
  const events: Event[] = [];
  const page = filter ? EVENTS_AT_ONCE : Math.min(limit, EVENTS_AT_ONCE);
  let chars = 0;
  let at = newest ? Number.MAX_SAFE_INTEGER : after;
  for (;;) {
    const rows = sql.all<EventRow>(statement, ...bindings, at, page);
    for (const row of rows) {
      const event = toEvent(row);
      const fits = !filter || eventMatches(sql, filter, event, row.number, query.waitDefault);
      if (fits) chars += row.data.length;
      if (chars > LIMITS.page_chars.value && events.length > 0) return { events, cursor: newest ? head(sql) : at };
      at = row.seq;
      if (!fits) continue;
      events.push(event);
      if (events.length >= limit) return { events, cursor: newest ? head(sql) : row.seq };
    }
    if (rows.length < page) return { events, cursor: Math.max(after, head(sql)) };
  }
}

export interface EventQuery {
  readonly after?: number;
  readonly filter?: EventFilter | undefined;
  readonly limit: number;
  /** From the newest end backwards. */
  readonly newest?: boolean;
  /** Apply a wait's default where `state` is absent (domain §7). */
  readonly waitDefault?: boolean;
}

/** What of a filter the database decides by itself, so that a search over a long log parses little of it; `eventMatches` decides the rest. */
function searched({ filter = {}, waitDefault = false }: EventQuery): { from: string; where: string[]; bindings: SqlValue[] } {
  const where: string[] = [];
  const bindings: SqlValue[] = [];
  const among = (column: string, values: readonly string[] | undefined) => {
    if (!values) return;
    where.push(`${column} IN (SELECT value FROM json_each(?))`);
    bindings.push(JSON.stringify(values));
  };
  among("e.type", filter.type);
  among("e.agent_id", filter.agent_id);
  among("e.kind", filter.kind);
  among("e.state", wantedStates(filter));
  if (waitDefault && !filter.state && !filter.mentions) {
    where.push(`e.state = CASE WHEN e.kind IN (${marks(ANNOUNCEMENT_KINDS)}) THEN 'completed' ELSE 'pending' END`);
    bindings.push(...ANNOUNCEMENT_KINDS);
  }
  if (!filter.ids) return { from: "events e NOT INDEXED", where, bindings };
  where.push("e.number IN (SELECT number FROM tasks WHERE id IN (SELECT value FROM json_each(?)))");
  bindings.push(JSON.stringify(filter.ids));
  return { from: "events e INDEXED BY events_task", where, bindings };
}

export function toEvent(row: EventRow): Event {
  const data = JSON.parse(row.data) as Record<string, unknown>;
  const task = data.task as TaskSnapshot | undefined;
  return {
    seq: row.seq,
    at: isoTime(row.at),
    type: row.type,
    ...(task ? { task_id: task.id } : {}),
    ...(row.agent_id ? { agent_id: row.agent_id } : {}),
    principal: row.principal,
    data,
  };
}

/**
 * Whether an event is what the filter asks for: its own fields, and its task as it was then.
 * @param waiting as a wait asks: a state's default applies, and a remark that changes nothing counts only where a mention is asked for
 */
export function eventMatches(sql: Sql, filter: EventFilter, event: Event, number: number | null, waiting = false): boolean {
  const { type, agent_id, mentions, ...taskFilter } = filter;
  if (type && !type.includes(event.type)) return false;
  if (agent_id && !(event.agent_id !== undefined && agent_id.includes(event.agent_id))) return false;
  if (mentions ? !mentioned(event, mentions) : waiting && !changesTask(event)) return false;
  const task = event.data.task as TaskSnapshot | undefined;
  if (!task || number === null) return !waiting && Object.values(taskFilter).every((value) => value === undefined);
  return matches(taskFilter, task, waiting && !mentions) && (taskFilter.q === undefined || textMatches(sql, number, taskFilter.q));
}

/** Whether a note or review names one of the handles. */
export function mentioned(event: Event, handles: readonly string[]): boolean {
  const named = event.data.mentions;
  return Array.isArray(named) && handles.some((handle) => named.includes(handle));
}

/** `tasks/history`: what has ended, what is open now, and every event. */
export function history(turn: Turn, params: Params<"tasks/history">): Outcome<Result<"tasks/history">> {
  const found = resolveTask(turn.sql, params.id);
  if (!found.ok) return found;
  const row = found.value;
  type AttemptRow = {
    attempt: number;
    trigger: string;
    started_at: number;
    ended_at: number | null;
    outcome: string | null;
    summary: string | null;
    result: string | null;
  };
  const attempts = turn.sql.all<AttemptRow>("SELECT * FROM attempts WHERE number = ? ORDER BY attempt", row.number);
  if (row.attempt_open === 1) {
    const open = { ended_at: null, outcome: null, summary: null, result: null };
    attempts.push({ attempt: row.attempt, trigger: row.attempt_trigger, started_at: row.attempt_started_at ?? row.updated_at, ...open });
  }
  type ClaimRow = {
    claim_id: string;
    agent_id: string;
    attempt: number;
    claimed_at: number;
    lease_until: number | null;
    ended_at: number | null;
    end: string | null;
  };
  const claims = turn.sql.all<ClaimRow>("SELECT * FROM claims WHERE number = ? ORDER BY ended_at, claimed_at", row.number);
  if (row.claim_id !== null) {
    claims.push({
      claim_id: row.claim_id,
      agent_id: row.claimed_by!,
      attempt: row.attempt,
      claimed_at: row.claimed_at!,
      lease_until: row.lease_until,
      ended_at: null,
      end: null,
    });
  }
  const time = (ms: number | null) => (ms === null ? null : isoTime(ms));
  const { chars } = turn.sql.first<{ chars: number }>(
    "SELECT coalesce(sum(length(data)), 0) AS chars FROM events WHERE number = ?",
    row.number,
  )!;
  if (chars > LIMITS.answer_chars.value)
    return refused(answerTooLarge("read it in parts with events/list, `after: 0` and `filter: {ids}`"));
  const events = turn.sql.all<EventRow>("SELECT * FROM events WHERE number = ? ORDER BY seq", row.number).map(toEvent);
  const value = {
    attempts: attempts.map((a) => ({
      task_id: row.id,
      number: a.attempt,
      trigger: a.trigger,
      started_at: isoTime(a.started_at),
      ended_at: time(a.ended_at),
      outcome: a.outcome,
      summary: a.summary,
      result: a.result === null ? null : JSON.parse(a.result),
    })),
    claims: claims.map((c) => ({
      claim_id: c.claim_id,
      task_id: row.id,
      agent_id: c.agent_id,
      attempt: c.attempt,
      claimed_at: isoTime(c.claimed_at),
      lease_until: time(c.lease_until),
      ended_at: time(c.ended_at),
      end: c.end,
    })),
    reviews: reviewsOf(turn.sql, row),
    notes: notesOf(turn.sql, row),
    events,
  };
  return answer(value as Result<"tasks/history">);
}

/** `workspace/info`. `sessions` and `waiters` are what is open on this object now. */
export function info(
  turn: Turn,
  open: { workspace: string; schema: number; sessions: number; waiters: number },
): Outcome<Result<"workspace/info">> {
  const newest = head(turn.sql);
  return answer({
    workspace: open.workspace,
    version: VERSION,
    schema: open.schema,
    counts: counts(turn.sql),
    agents: turn.sql.first<{ n: number }>("SELECT count(*) AS n FROM agents")!.n,
    sessions: open.sessions,
    waiters: open.waiters,
    head: newest,
    oldest: newest === 0 ? 0 : 1,
    limits: LIMITS,
    methods: METHOD_NAMES,
  });
}

/** How many tasks are in each state. Most of an old board is completed: those are what the other states leave over, and not counted one by one. */
function counts(sql: Sql): Record<string, number> {
  const others = STATE_NAMES.filter((state) => state !== "completed");
  const { sql: where, bindings } = inList("state", others);
  const counted = sql.all<{ state: string; n: number }>(
    `SELECT state, count(*) AS n FROM tasks INDEXED BY tasks_state WHERE ${where} GROUP BY state`,
    ...bindings,
  );
  const completed = counted.reduce((left, { n }) => left - n, newestNumber(sql));
  const found = new Map([["completed", completed], ...counted.map(({ state, n }) => [state, n] as const)]);
  return Object.fromEntries(STATE_NAMES.map((state) => [state, found.get(state) ?? 0]));
}
