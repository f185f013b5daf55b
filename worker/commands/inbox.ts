import { type Event, type EventFilter, type InboxItem, type Params, type Result, refuse, type TaskSnapshot } from "../../protocol/index.ts";
import { type AgentRow, readBy } from "../core/presence.ts";
import type { TaskRow } from "../core/tasks.ts";
import { taskByNumber } from "../core/tasks.ts";
import { answer, type Logged, type Outcome, refused, type Turn } from "../core/turn.ts";
import type { InboxWait } from "../waits/index.ts";
import { brief } from "./agents.ts";
import { checkCursor, type EventRow, eventMatches, head, mentioned, readEvents, toEvent } from "./reads.ts";

type Inbox = Result<"agents/inbox">;
type Why = InboxItem["why"];

/** Whose inbox it is, and what it asked to hear of besides. */
export interface Question {
  readonly agent_id: string;
  readonly filter: EventFilter | undefined;
}

const DEFAULT_ITEMS = 10;
const TEXT_CHARS = 300;

/** Of the events that leave a job claimable, those that made it so. */
const MAKES_CLAIMABLE: readonly string[] = [
  "task.created",
  "task.ready",
  "task.unblocked",
  "task.released",
  "task.lapsed",
  "task.updated",
  "review.decided",
];

/** What an agent's own doing does not tell it: that a job became its to take all the same. */
const TOLD_ANYWAY: readonly string[] = ["task.unblocked", "task.lapsed"];

/**
 * `agents/inbox`: what concerns one agent, oldest first. Without `after` that is what it has not read, so that what was offered
 * and never looked at is offered again. Where a hook asks (`wake`), an answer is an offer; where the agent does, it has read.
 * @returns undefined where nothing is there and the caller may wait
 */
export function inbox(turn: Turn, params: Params<"agents/inbox">): Outcome<Inbox> | undefined {
  const row = turn.sql.first<AgentRow>("SELECT * FROM agents WHERE id = ?", params.id)!;
  const read = readBy(row);
  const given = params.after === undefined ? answer(read) : checkCursor(turn.sql, params.after);
  if (!given.ok) return given;
  if (params.filter?.mentions) {
    return refused(
      refuse("invalid_params", "agents/inbox: mentions of the agent are always told; leave filter.mentions out", {
        issues: [{ path: "filter.mentions", message: "not in an inbox" }],
      }),
    );
  }
  // an agent that never looked is not told of every task that ever matched
  const matchesAfter = params.after === undefined && read === 0 ? head(turn.sql) : given.value;
  const question = { agent_id: params.id, filter: params.filter };
  const found = itemsAfter(turn, question, given.value, matchesAfter, params.limit ?? DEFAULT_ITEMS);
  if (found.items.length === 0 && params.wait_ms) return undefined;
  told(turn, params.id, params.wake !== undefined, found);
  return answer({ ...found, timed_out: found.items.length === 0 });
}

/** What a waiter is told of one event; undefined where it does not concern the agent after all. */
export function inboxAnswer(turn: Turn, question: Question, { event, number }: Logged): Inbox | undefined {
  const why = whyTold(turn, question, event, number);
  if (!why || number === null) return undefined;
  return { items: [toItem(turn, event, number, why)], cursor: event.seq, timed_out: false };
}

/** Notes what an agent was told: by a hook it was offered, by its own act it has read. Markers only move forward. */
export function told(turn: Turn, agent_id: string, offered: boolean, { items, cursor }: Pick<Inbox, "items" | "cursor">): void {
  const last = items.at(-1);
  if (!offered) turn.sql.run("UPDATE agents SET read_seq = max(read_seq, ?) WHERE id = ?", cursor, agent_id);
  else if (last) turn.sql.run("UPDATE agents SET offered_seq = max(offered_seq, ?) WHERE id = ?", last.seq, agent_id);
}

/** How an inbox waits: what the book needs besides the filter. */
export function inboxWait(turn: Turn, { filter, wake }: Params<"agents/inbox">): InboxWait {
  if (!wake) return { matching: filter !== undefined };
  const { host, session } = wake;
  return { matching: filter !== undefined, wake: { host, since: turn.now, ...(session === undefined ? {} : { session }) } };
}

function whyTold(turn: Turn, { agent_id, filter }: Question, event: Event, number: number | null): Why | undefined {
  const own = event.agent_id === agent_id;
  if (!own && event.data.worker === agent_id) return "feedback";
  if (!own && mentioned(event, [agent_id])) return "mention";
  if (isForIt(turn, agent_id, event)) return "assigned";
  return !own && filter && eventMatches(turn.sql, filter, event, number, true) ? "match" : undefined;
}

/** Whether the event made a job claimable that is reserved for this agent. */
function isForIt(turn: Turn, agent_id: string, event: Event): boolean {
  const task = event.data.task as TaskSnapshot | undefined;
  if (task?.assignee !== agent_id || !task.ready || !MAKES_CLAIMABLE.includes(event.type)) return false;
  if (event.agent_id === agent_id && !TOLD_ANYWAY.includes(event.type)) return false;
  if (event.type === "task.updated" && !(event.data.changed as string[]).includes("assignee")) return false;
  if (event.type === "review.decided" && event.data.decision !== "request_changes") return false;
  return task.performer === "agent" || turn.presence.typeOf(turn.sql, agent_id) === "user";
}

/**
 * What the log has for the agent after a cursor. Reviews, mentions and matches count as they were; a job that was its to take and
 * is taken or gone by now is left out, and one that became so several times is told once.
 */
function itemsAfter(turn: Turn, question: Question, after: number, matchesAfter: number, limit: number): Pick<Inbox, "items" | "cursor"> {
  const found = new Map<number, { row: Event; number: number; why: Why }>();
  const add = (why: Why, event: Event, number: number) => {
    if (!found.has(event.seq)) found.set(event.seq, { row: event, number, why });
  };
  const { agent_id, filter } = question;
  for (const row of feedbackAfter(turn, agent_id, after, limit)) add("feedback", toEvent(row), row.number!);
  for (const row of mentionsAfter(turn, agent_id, after, limit)) add("mention", toEvent(row), row.number!);
  for (const [number, event] of assignedAfter(turn, agent_id, after)) add("assigned", event, number);
  const searched = filter
    ? eachMatch(turn, { agent_id, filter }, matchesAfter, limit, (event, number) => add("match", event, number))
    : head(turn.sql);
  const known = [...found.values()].filter(({ row }) => row.seq <= searched).sort((a, b) => a.row.seq - b.row.seq);
  const kept = known.slice(0, limit);
  return {
    items: kept.map(({ row, number, why }) => toItem(turn, row, number, why)),
    cursor: known.length > kept.length ? kept.at(-1)!.row.seq : searched,
  };
}

function feedbackAfter(turn: Turn, agent_id: string, after: number, limit: number): EventRow[] {
  return turn.sql.all<EventRow>(
    `SELECT e.* FROM reviews r JOIN events e ON e.seq = r.seq
     WHERE r.seq > ?1 AND r.reviewer <> ?2
       AND EXISTS (SELECT 1 FROM claims c WHERE c.number = r.number AND c.attempt = r.attempt AND c.agent_id = ?2 AND c."end" = 'submitted')
     ORDER BY r.seq LIMIT ?3`,
    after,
    agent_id,
    limit + 1,
  );
}

/** A note that was taken back names nobody any more. */
function mentionsAfter(turn: Turn, agent_id: string, after: number, limit: number): EventRow[] {
  return turn.sql.all<EventRow>(
    `SELECT e.* FROM mentions m JOIN events e ON e.seq = m.seq
     WHERE m.agent_id = ?1 AND m.seq > ?2 AND e.agent_id IS NOT ?1
       AND NOT EXISTS (SELECT 1 FROM notes n JOIN retractions x ON x.note_id = n.note_id WHERE n.number = e.number AND n.seq = m.seq)
     ORDER BY m.seq LIMIT ?3`,
    agent_id,
    after,
    limit + 1,
  );
}

/** By task number, the last event that made each job claimable. */
function assignedAfter(turn: Turn, agent_id: string, after: number): Map<number, Event> {
  const rows = turn.sql.all<EventRow>(
    `SELECT e.* FROM tasks t JOIN events e ON e.number = t.number
     WHERE t.assignee = ?1 AND t.state = 'pending' AND t.blocked = 0 AND e.seq > ?2 AND e.type IN (SELECT value FROM json_each(?3))
     ORDER BY e.seq`,
    agent_id,
    after,
    JSON.stringify(MAKES_CLAIMABLE),
  );
  const last = new Map<number, Event>();
  for (const row of rows) {
    const event = toEvent(row);
    if (isForIt(turn, agent_id, event)) last.set(row.number!, event);
  }
  return last;
}

/** Hands on what matches and is not the agent's own doing, a little more than `limit` of it. @returns how far the log was searched */
function eachMatch(
  turn: Turn,
  { agent_id, filter }: Question,
  after: number,
  limit: number,
  take: (event: Event, number: number) => void,
): number {
  const end = head(turn.sql);
  let taken = 0;
  let at = after;
  while (at < end && taken <= limit) {
    const { events, cursor } = readEvents(turn.sql, { after: at, ...(filter ? { filter } : {}), limit: limit + 1, waitDefault: true });
    for (const event of events) {
      if (event.agent_id === agent_id) continue;
      take(event, (event.data.task as TaskSnapshot).number);
      taken += 1;
    }
    at = cursor;
  }
  return Math.max(at, after);
}

function toItem(turn: Turn, event: Event, number: number, why: Why): InboxItem {
  const said =
    why === "feedback" || why === "mention"
      ? turn.sql.first<{ body: string | null }>(
          `SELECT body FROM reviews WHERE number = ?1 AND seq = ?2
           UNION ALL SELECT body FROM notes WHERE number = ?1 AND seq = ?2`,
          number,
          event.seq,
        )
      : undefined;
  const decision = event.data.decision;
  return {
    seq: event.seq,
    at: event.at,
    type: event.type,
    why,
    task: brief(taskByNumber(turn.sql, number) as TaskRow),
    by: event.agent_id ?? null,
    ...(typeof decision === "string" ? { decision } : {}),
    text: said?.body?.slice(0, TEXT_CHARS) ?? null,
  };
}
