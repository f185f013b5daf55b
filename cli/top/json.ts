import { STATES } from "../../protocol/lifecycle.ts";
import { concernOf } from "./model/attention.ts";
import { holdOf } from "./model/held.ts";
import type { Row } from "./model/row.ts";
import type { TaskLine } from "./model/views.ts";
import type { Picture } from "./ui/picture.ts";

/** Of the detail's history, the newest so many lines; all of them are `coord history --json`'s. */
const MOST_EVENTS = 50;

/** A frame's data: the header, the agents, the lines of the view (all of them, not only those that fit), the detail. Times as on the wire. */
export function pictureJson(of: Picture): object {
  const { board, summary, workers, now, ui, url } = of;
  return {
    workspace: board.workspace,
    url,
    version: board.serverVersion,
    at: iso(now),
    cursor: board.cursor,
    view: ui.view,
    filter: ui.filter,
    counts: { agents: summary.agents, tasks: summary.tasks, not_read: summary.unseen },
    agents: workers.map(({ agent, status, holds }) => ({
      id: agent.id,
      name: agent.name,
      type: agent.type,
      status,
      first_seen: iso(agent.firstSeen),
      last_seen: iso(agent.lastSeen),
      holds: holds.map((row) => ({ id: row.id, number: row.number, name: row.name, ...claim(row, now) })),
    })),
    ...(ui.view === "log"
      ? {
          events: of.log.map(({ seq, at, type, taskId, number, name, agent, note }) => ({
            seq,
            at: iso(at),
            type,
            task_id: taskId,
            number,
            name,
            agent_id: agent,
            note,
          })),
        }
      : { tasks: of.tasks.map((line) => taskJson(line, of)) }),
    detail: of.detail
      ? { task: of.detail.task, ...of.detail.history, events: of.detail.history.events.slice(-MOST_EVENTS), related: of.detail.related }
      : null,
  };
}

function taskJson({ row }: TaskLine, { board, now }: Picture): object {
  const concern = concernOf(row, board, now);
  const hold = holdOf(row, board);
  return {
    id: row.id,
    number: row.number,
    name: row.name,
    kind: row.kind,
    priority: row.priority,
    state: row.state,
    shown_as: hold ? "Held" : STATES[row.state].label,
    held: hold ? { reason: hold.reason, blockers: hold.blockers.map((blocker) => blocker.id) } : null,
    claimed_by: row.claimedBy,
    attempt: row.attempt,
    assignee: row.assignee,
    labels: row.labels,
    created_by: row.createdBy,
    created_at: iso(row.createdAt),
    updated_at: iso(row.changedAt),
    ...(row.state === "claimed" ? claim(row, now) : {}),
    attention: concern ? { code: concern.code, text: concern.text } : null,
  };
}

function claim(row: Row, now: number): object {
  return {
    claimed_at: iso(row.claimedAt),
    lease_until: iso(row.leaseUntil),
    lease_left_seconds: row.leaseUntil === null ? null : Math.max(0, Math.round((row.leaseUntil - now) / 1000)),
  };
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
