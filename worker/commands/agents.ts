import type { BriefTask, Checkin, Params } from "../../protocol/index.ts";
import type { AgentRow } from "../core/presence.ts";
import type { TaskRow } from "../core/tasks.ts";
import { isoTime } from "../core/time.ts";
import { answer, type Outcome, type Turn } from "../core/turn.ts";
import { fitted } from "./checkin-budget.ts";
import { head, readEvents } from "./reads.ts";

const MOST = { holds: 8, urgent: 5, recent: 8, agents: 10, feedback: 3, mentions: 3 } as const;
/** Of what is not told, at most so many are counted: there are "at least so many more". */
const MOST_COUNTED = 1_000;

/**
 * `agents/checkin`: a heartbeat and, in one bounded answer, what an agent needs on waking (the beat itself is in `execute`). Looking moves its own marker, so
 * that the next check-in tells only what came since; a hook that looks for it (`offer`) moves no more than the marker of what was offered.
 */
export function checkin(turn: Turn, params: Params<"agents/checkin">): Outcome<Checkin> {
  const row = turn.sql.first<AgentRow>("SELECT * FROM agents WHERE id = ?", params.id)!;
  const holds = turn.sql.all<TaskRow>(
    "SELECT * FROM tasks WHERE claimed_by = ? AND state = 'claimed' ORDER BY coalesce(lease_until, 9e15), number LIMIT ?",
    params.id,
    MOST.holds,
  );
  const urgent = turn.sql.all<TaskRow>(`${URGENT} ORDER BY front DESC, rank, number LIMIT ?3`, params.id, row.type, MOST.urgent);
  const since = row.checked_in;
  const cursor = head(turn.sql);
  const counted = turn.sql.all<{ type: string; n: number }>(
    "SELECT type, count(*) AS n FROM events WHERE seq > ? GROUP BY type ORDER BY type",
    since,
  );
  const { events } = readEvents(turn.sql, { limit: MOST.recent, newest: true });
  const recent = events
    .filter((event) => event.seq > since && event.type !== "agent.seen")
    .reverse()
    .map((event) => {
      const task = event.data.task as { number: number; name: string; kind: string } | undefined;
      const by = event.agent_id ? ` by ${event.agent_id}` : "";
      return `${event.type}${task ? ` #${task.number} ${task.kind} “${task.name.slice(0, 80)}”` : ""}${by}`;
    });
  const here = turn.presence.list(turn.sql, turn.now).filter((agent) => agent.id !== params.id && agent.status !== "stale");
  if (params.offer) turn.sql.run("UPDATE agents SET offered_seq = max(offered_seq, ?) WHERE id = ?", cursor, params.id);
  else turn.sql.run("UPDATE agents SET checked_in = ? WHERE id = ?", cursor, params.id);
  const after = turn.sql.first<AgentRow>("SELECT * FROM agents WHERE id = ?", params.id)!;
  const seen: Checkin = {
    agent: turn.presence.toAgent(turn.sql, after, turn.now),
    holds: holds.map((task) => ({ ...brief(task), claim_id: task.claim_id! })),
    urgent: urgent.map(brief),
    changes: { since, counts: Object.fromEntries(counted.map(({ type, n }) => [type, n])), recent },
    feedback: feedbackFor(turn, params.id, since),
    mentions: mentionsOf(turn, params.id, since),
    agents: here.slice(0, MOST.agents).map(({ id, status, current_task }) => ({ id, status, current_task })),
    cursor,
  };
  // what changed is counted by type already
  const count = (from: string, ...values: (string | number)[]) =>
    turn.sql.first<{ n: number }>(`SELECT count(*) AS n FROM (${from} LIMIT ${MOST_COUNTED})`, ...values)!.n;
  const isFull = (list: "holds" | "urgent" | "feedback" | "mentions") => seen[list].length === MOST[list];
  return answer(
    fitted(seen, {
      holds: isFull("holds") ? count("SELECT 1 FROM tasks WHERE claimed_by = ? AND state = 'claimed'", params.id) - MOST.holds : 0,
      urgent: isFull("urgent") ? count(URGENT, params.id, row.type) - MOST.urgent : 0,
      feedback: isFull("feedback") ? count(`SELECT 1 ${FEEDBACK}`, since, params.id) - MOST.feedback : 0,
      mentions: isFull("mentions") ? count(`SELECT 1 ${MENTIONS}`, params.id, since) - MOST.mentions : 0,
      agents: here.length - seen.agents.length,
    }),
  );
}

/** What is urgent for `?1`, an agent of type `?2`: what is reserved for it, and what is high and free. Each part is a range of an index. */
const URGENT = [
  ["tasks_queue", "front = 1 AND rank <= 1 AND assignee IS NULL"],
  ["tasks_queue", "front = 0 AND rank <= 1 AND assignee IS NULL"],
  ["tasks_queue_assignee", "assignee = ?1"],
]
  .map(
    ([index, which]) =>
      `SELECT * FROM tasks INDEXED BY ${index} WHERE state = 'pending' AND blocked = 0 AND ${which} AND (performer = 'agent' OR ?2 = 'user')`,
  )
  .join(" UNION ALL ");

const FEEDBACK = `FROM reviews r JOIN tasks t ON t.number = r.number
       WHERE r.seq > ?1 AND EXISTS (SELECT 1 FROM claims c WHERE c.number = r.number AND c.attempt = r.attempt AND c.agent_id = ?2)`;

const MENTIONS = `FROM mentions m JOIN events e ON e.seq = m.seq JOIN tasks t ON t.number = e.number
       LEFT JOIN notes n ON n.seq = m.seq AND n.number = e.number LEFT JOIN reviews r ON r.seq = m.seq AND r.number = e.number
       WHERE m.agent_id = ?1 AND m.seq > ?2 AND NOT EXISTS (SELECT 1 FROM retractions x WHERE x.note_id = n.note_id)`;

/** What was decided since on work that this agent handed in. */
function feedbackFor(turn: Turn, agent_id: string, since: number): Checkin["feedback"] {
  return turn.sql
    .all<{ number: number; name: string; reviewer: string; decision: string; body: string | null }>(
      `SELECT r.number, t.name, r.reviewer, r.decision, r.body ${FEEDBACK} ORDER BY r.seq DESC LIMIT ?3`,
      since,
      agent_id,
      MOST.feedback,
    )
    .map((r) => ({
      task: `#${r.number} ${r.name.slice(0, 60)}`,
      reviewer: r.reviewer,
      decision: r.decision,
      body: (r.body ?? "").slice(0, 300),
    }));
}

/** Where it was named since, in notes and reviews; a retracted note names nobody any more. */
function mentionsOf(turn: Turn, agent_id: string, since: number): Checkin["mentions"] {
  return turn.sql
    .all<{ number: number; name: string; who: string; body: string | null }>(
      `SELECT e.number, t.name, e.agent_id AS who, coalesce(n.body, r.body) AS body ${MENTIONS} ORDER BY m.seq DESC LIMIT ?3`,
      agent_id,
      since,
      MOST.mentions,
    )
    .map((m) => ({ task: `#${m.number} ${m.name.slice(0, 60)}`, by: m.who, body: (m.body ?? "").slice(0, 300) }));
}

export function brief(row: TaskRow): BriefTask {
  return {
    id: row.id,
    number: row.number,
    name: row.name.slice(0, 120),
    kind: row.kind,
    priority: row.priority,
    state: row.state,
    claimed_by: row.claimed_by,
    ...(row.lease_until === null ? {} : { lease_until: isoTime(row.lease_until) }),
  };
}
