import type { BriefTask, Checkin, Params } from "../../protocol/index.ts";
import type { AgentRow } from "../core/presence.ts";
import type { TaskRow } from "../core/tasks.ts";
import { isoTime } from "../core/time.ts";
import { answer, type Outcome, type Turn } from "../core/turn.ts";
import { head, readEvents } from "./reads.ts";

const MOST = { holds: 10, urgent: 5, recent: 8, agents: 12 } as const;

/**
 * `agents/checkin`: a heartbeat and, in one bounded answer, what an agent needs on waking (the beat itself is in `execute`). Looking moves its own marker, so
 * that the next check-in tells only what came since.
 */
export function checkin(turn: Turn, params: Params<"agents/checkin">): Outcome<Checkin> {
  const row = turn.sql.first<AgentRow>("SELECT * FROM agents WHERE id = ?", params.id)!;
  const holds = turn.sql.all<TaskRow>(
    "SELECT * FROM tasks WHERE claimed_by = ? AND state = 'claimed' ORDER BY coalesce(lease_until, 9e15), number LIMIT ?",
    params.id,
    MOST.holds,
  );
  const urgent = turn.sql.all<TaskRow>(
    `SELECT * FROM tasks WHERE state = 'pending' AND blocked = 0 AND (assignee = ?1 OR (assignee IS NULL AND rank <= 1))
       AND (performer = 'agent' OR ?2 = 'user') ORDER BY front DESC, rank, number LIMIT ?3`,
    params.id,
    row.type,
    MOST.urgent,
  );
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
  turn.sql.run("UPDATE agents SET checked_in = ? WHERE id = ?", cursor, params.id);
  return answer({
    agent: turn.presence.toAgent(turn.sql, row, turn.now),
    holds: holds.map((task) => ({ ...brief(task), claim_id: task.claim_id! })),
    urgent: urgent.map(brief),
    changes: { since, counts: Object.fromEntries(counted.map(({ type, n }) => [type, n])), recent },
    agents: here.slice(0, MOST.agents).map(({ id, status, current_task }) => ({ id, status, current_task })),
    cursor,
  });
}

function brief(row: TaskRow): BriefTask {
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
