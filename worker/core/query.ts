import {
  ANNOUNCEMENT_KINDS,
  defaultState,
  type Filter,
  priorityRank,
  STATE_NAMES,
  type State,
  wantedStates,
} from "../../protocol/index.ts";
import { below, type Condition, conditions, ftsQuery, inList, nameQuery } from "./conditions.ts";
import { fewRows } from "./few.ts";
import { marks, type Sql } from "./sql.ts";
import { newestNumber, type TaskRow } from "./tasks.ts";

export interface Query {
  readonly filter: Filter;
  /** Apply a wait's default where `state` is absent (domain §7). */
  readonly waitDefault?: boolean;
  readonly limit: number;
  /** Only tasks with a smaller number: the next page, newest first. */
  readonly before?: number | undefined;
}

/** A piece of a name that many tasks share is in these, which costs less than to begin at the end of its long list in the index. */
const NEAR_THE_END = 256;

/** At most this many (kind, state) pairs are read each in index order and merged; more are found by walking the board from its newest end. */
const MOST_STREAMS = 24;

/**
 * The tasks that match, newest first. Each way in follows an index that already has the answer's order, so that the cost
 * is that of the rows returned and not of the board: a full-text index for `q` and `name_contains`, the labels' own table,
 * or one ordered stream for each wanted (kind, state).
 */
export function findTasks(sql: Sql, query: Query): TaskRow[] {
  const { filter, before } = query;
  const page = (column: string) => (before === undefined ? [] : [below(column, before)]);
  const rest = [...conditions(query), ...page("t.number")];

  if (filter.ids) return select(sql, "tasks t", [...rest, inList("t.id", filter.ids)], "t.number DESC", query.limit);
  const few = fewRows(sql, filter);
  if (few) return select(sql, "tasks t NOT INDEXED", [...few, ...rest], "t.number DESC", query.limit);
  if (filter.q !== undefined) {
    const text = [{ sql: "tasks_text MATCH ?", bindings: [ftsQuery(filter.q)] }, ...page("x.rowid")];
    return select(sql, "tasks_text x CROSS JOIN tasks t ON t.number = x.rowid", [...text, ...rest], "x.rowid DESC", query.limit);
  }
  const name = nameQuery(filter);
  if (name !== undefined) {
    const from = before ?? newestNumber(sql) + 1;
    const near = { sql: "t.number >= ?", bindings: [from - NEAR_THE_END] };
    const found = select(sql, "tasks t NOT INDEXED", [near, ...rest], "t.number DESC", query.limit);
    if (found.length === query.limit || from <= NEAR_THE_END) return found;
    const text = [{ sql: "tasks_names MATCH ?", bindings: [name] }, ...page("x.rowid")];
    return select(sql, "tasks_names x CROSS JOIN tasks t ON t.number = x.rowid", [...text, ...rest], "x.rowid DESC", query.limit);
  }
  if (filter.label) {
    const labelled = (label: string) =>
      select(
        sql,
        "task_labels x CROSS JOIN tasks t ON t.number = x.number",
        [{ sql: "x.label = ?", bindings: [label] }, ...page("x.number"), ...rest],
        "x.number DESC",
        query.limit,
      );
    return merged([...new Set(filter.label)].map(labelled), query.limit);
  }
  if (filter.claimed_by) {
    const indexes = [
      ["tasks_holding", "t.state = 'claimed'"],
      ["tasks_held", "t.state <> 'claimed' AND t.claimed_by IS NOT NULL"],
    ] as const;
    const by = [...new Set(filter.claimed_by)].map((id) => ({ sql: "t.claimed_by = ?", bindings: [id] }));
    const streams = by.flatMap((holder) =>
      indexes.map(([index, states]) =>
        select(sql, `tasks t INDEXED BY ${index}`, [{ sql: states, bindings: [] }, holder, ...rest], "t.number DESC", query.limit),
      ),
    );
    return merged(streams, query.limit);
  }
  for (const column of ["assignee", "created_by"] as const) {
    const values = filter[column];
    if (values)
      return merged(
        [...new Set(values)].map((value) =>
          select(
            sql,
            `tasks t INDEXED BY tasks_${column}`,
            [...rest, { sql: `t.${column} = ?`, bindings: [value] }],
            "t.number DESC",
            query.limit,
          ),
        ),
        query.limit,
      );
  }
  if (filter.performer?.length === 1 && filter.performer[0] === "user") {
    const states = wantedStates(filter) ?? STATE_NAMES;
    return merged(
      [...new Set(states)].map((state) =>
        select(
          sql,
          "tasks t INDEXED BY tasks_people",
          [{ sql: "t.performer = 'user' AND t.state = ?", bindings: [state] }, ...rest],
          "t.number DESC",
          query.limit,
        ),
      ),
      query.limit,
    );
  }
  const streams = kindStateStreams(filter, query.waitDefault ?? false);
  if (streams)
    return merged(
      streams.map((stream) => select(sql, stream.from, [...stream.where, ...rest], "t.number DESC", query.limit)),
      query.limit,
    );
  if (filter.priority) {
    return merged(
      [...new Set(filter.priority)].map((value) =>
        select(
          sql,
          "tasks t INDEXED BY tasks_priority",
          [...rest, { sql: "t.priority = ?", bindings: [value] }],
          "t.number DESC",
          query.limit,
        ),
      ),
      query.limit,
    );
  }
  return select(sql, "tasks t NOT INDEXED", rest, "t.number DESC", query.limit);
}

/** Whether one stored row matches now: the same conditions as `findTasks`. */
export function rowMatches(sql: Sql, number: number, filter: Filter, waitDefault: boolean): boolean {
  const where = conditions({ filter, waitDefault });
  if (filter.ids) where.push(inList("t.id", filter.ids));
  if (filter.q !== undefined && !textMatches(sql, number, filter.q)) return false;
  return select(sql, "tasks t", [{ sql: "t.number = ?", bindings: [number] }, ...where], "t.number", 1).length === 1;
}

/**
 * Whether a stored task's text has all the words of `q`. A range, since beside MATCH the index passes over `rowid = ?`, and an integer by
 * force, as in `below`: without a bound that the index heeds, an everyday word is looked for in every task there is.
 */
export function textMatches(sql: Sql, number: number, q: string): boolean {
  const there = "SELECT 1 FROM tasks_text WHERE rowid >= CAST(?1 AS INTEGER) AND rowid <= CAST(?1 AS INTEGER) AND tasks_text MATCH ?2";
  return sql.first(there, number, ftsQuery(q)) !== undefined;
}

/** Jobs at the front of the queue that are looked at one by one before an index of the filter's own is asked. */
const NEAR_THE_FRONT = 128;

/**
 * The best claimable job for an agent: asked-for changes first, then priority, then oldest (domain §4). What the filter asks for is
 * mostly near the front of the queue; where it is not, it is rare, and the most telling field's index leads to it.
 */
export function bestJob(sql: Sql, filter: Filter, agent: { id: string; type: "agent" | "user" }): TaskRow | undefined {
  const where = conditions({ filter: { ...filter, state: undefined, ready: undefined } });
  if (filter.ids) where.push(inList("t.id", filter.ids));
  where.push({ sql: "(t.assignee IS NULL OR t.assignee = ?)", bindings: [agent.id] });
  if (agent.type === "agent") where.push({ sql: "t.performer = 'agent'", bindings: [] });
  const claimable = { sql: "t.state = 'pending' AND t.blocked = 0", bindings: [] };
  const best = (from: string, also: Condition[] = []) => select(sql, from, [claimable, ...also, ...where], QUEUE_ORDER, 1)[0];

  if (filter.ids) return best("tasks t");
  if (filter.q !== undefined) {
    const text = { sql: "tasks_text MATCH ?", bindings: [ftsQuery(filter.q)] };
    return best("tasks_text x CROSS JOIN tasks t ON t.number = x.rowid", [text]);
  }
  const kinds = filter.kind && [...new Set(filter.kind)];
  const queues = kinds
    ? kinds.map((kind) => ({ from: "tasks_queue_kind", where: [{ sql: "t.kind = ?", bindings: [kind] }] }))
    : [{ from: "tasks_queue", where: [] }];
  if (Object.values({ ...filter, kind: undefined, state: undefined, ready: undefined }).every((value) => value === undefined)) {
    return first(queues.map((queue) => best(`tasks t INDEXED BY ${queue.from}`, queue.where)));
  }
  const near = queues.flatMap((queue) =>
    // their numbers alone, which the index holds: 128 whole rows would be most of what a filtered `tasks/next` costs
    select(sql, `tasks t INDEXED BY ${queue.from}`, [claimable, ...queue.where], QUEUE_ORDER, NEAR_THE_FRONT, "t.number").map(
      (row) => row.number,
    ),
  );
  if (near.length > 0) {
    const among = { sql: "t.number IN (SELECT value FROM json_each(?))", bindings: [JSON.stringify(near)] };
    const found = best("tasks t NOT INDEXED", [among]);
    // with several kinds, a job near the front of one queue may come after jobs of another that were not looked at
    if (found && (queues.length === 1 || near.length < NEAR_THE_FRONT)) return found;
  }
  if (near.length < NEAR_THE_FRONT) return undefined;
  if (filter.assignee)
    return first(
      [...new Set(filter.assignee)].map((id) =>
        best("tasks t INDEXED BY tasks_queue_assignee", [{ sql: "t.assignee = ?", bindings: [id] }]),
      ),
    );
  if (filter.created_by) {
    return first(
      [...new Set(filter.created_by)].map((id) =>
        best("tasks t INDEXED BY tasks_queue_creator", [{ sql: "t.created_by = ?", bindings: [id] }]),
      ),
    );
  }
  if (filter.label) {
    const labelled = { sql: `x.label IN (${marks(filter.label)})`, bindings: filter.label };
    return best("task_labels x CROSS JOIN tasks t ON t.number = x.number", [labelled]);
  }
  const name = nameQuery(filter);
  if (name !== undefined) {
    const text = { sql: "tasks_names MATCH ?", bindings: [name] };
    return best("tasks_names x CROSS JOIN tasks t ON t.number = x.rowid", [text]);
  }
  if (filter.priority) {
    const ranks: number[] = [...new Set(filter.priority.map(priorityRank))];
    const places = queues.flatMap((queue) => [1, 0].flatMap((front) => ranks.map((rank) => ({ queue, front, rank }))));
    return first(
      places.map(({ queue, front, rank }) =>
        best(`tasks t INDEXED BY ${queue.from}`, [...queue.where, { sql: "t.front = ? AND t.rank = ?", bindings: [front, rank] }]),
      ),
    );
  }
  return first(queues.map((queue) => best(`tasks t INDEXED BY ${queue.from}`, queue.where)));
}

const QUEUE_ORDER = "t.front DESC, t.rank, t.number";

/** The one that comes first in the queue. */
function first(jobs: (TaskRow | undefined)[]): TaskRow | undefined {
  return jobs
    .filter((job) => job !== undefined)
    .sort((a, b) => b.front - a.front || priorityRank(a.priority) - priorityRank(b.priority) || a.number - b.number)[0];
}

/** @param columns whole rows, or less where the caller reads no more of them */
function select(sql: Sql, from: string, where: readonly Condition[], order: string, limit: number, columns = "t.*"): TaskRow[] {
  const condition = where.length === 0 ? "" : ` WHERE ${where.map((part) => part.sql).join(" AND ")}`;
  return sql.all<TaskRow>(
    `SELECT ${columns} FROM ${from}${condition} ORDER BY ${order} LIMIT ?`,
    ...where.flatMap((part) => part.bindings),
    limit,
  );
}

/** Newest first out of streams that are each newest first; a row that is in several is given once. */
function merged(streams: TaskRow[][], limit: number): TaskRow[] {
  if (streams.length === 1) return streams[0]!;
  const rows = new Map(streams.flat().map((row) => [row.number, row]));
  return [...rows.values()].sort((a, b) => b.number - a.number).slice(0, limit);
}

function kindStateStreams(filter: Filter, waitDefault: boolean): { from: string; where: Condition[] }[] | undefined {
  const kinds = filter.kind && [...new Set(filter.kind)];
  if (kinds) {
    const streams = kinds.flatMap((kind) => {
      const states = wantedStates(filter) ?? (waitDefault && !filter.state ? [defaultState(kind)] : STATE_NAMES);
      return [...new Set(states)].map((state) => ({
        from: "tasks t INDEXED BY tasks_kind_state",
        where: [{ sql: "t.kind = ? AND t.state = ?", bindings: [kind, state] }],
      }));
    });
    return streams.length <= MOST_STREAMS ? streams : undefined;
  }
  const states = wantedStates(filter);
  if (filter.priority && !states) return undefined;
  if (states) return [...new Set(states)].map((state) => stateStream(state));
  if (waitDefault && !filter.state) {
    const announcements = ANNOUNCEMENT_KINDS.map((kind) => ({
      from: "tasks t INDEXED BY tasks_kind_state",
      where: [{ sql: "t.kind = ? AND t.state = 'completed'", bindings: [kind] }],
    }));
    return [stateStream("pending"), ...announcements];
  }
  return filter.ready === true ? [stateStream("pending")] : undefined;
}

function stateStream(state: State): { from: string; where: Condition[] } {
  return { from: "tasks t INDEXED BY tasks_state", where: [{ sql: "t.state = ?", bindings: [state] }] };
}
