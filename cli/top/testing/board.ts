import type { Event, EventType } from "../../../protocol/events.ts";
import type { Agent, Task, TaskSnapshot } from "../../../protocol/records.ts";
import { sampleTask } from "../../../protocol/testing/task.ts";
import type { Board } from "../model/board.ts";

/** The clock of these tests: everything is some seconds before or after it. */
export const NOW = Date.parse("2026-03-04T10:20:30.000Z");

export function at(secondsFromNow: number): string {
  return new Date(NOW + secondsFromNow * 1000).toISOString();
}

/** An id that ends in the task's number. */
export function idOf(number: number): string {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

export function task(number: number, more: Partial<Task> = {}): Task {
  return sampleTask({
    ...{ id: idOf(number), number, name: `task ${number}`, created_at: at(-600), updated_at: at(-300), created_by: "sofia" },
    ...more,
  });
}

/** A job that is held, by default for another four minutes. */
export function claimed(number: number, by: string, more: Partial<Task> = {}): Task {
  return task(number, {
    state: "claimed",
    claimed_by: by,
    attempt: 1,
    rev: 2,
    claimed_at: at(-60),
    updated_at: at(-60),
    lease_until: at(240),
    ...more,
  });
}

export function agent(id: string, seenSecondsAgo = 1, more: Partial<Agent> = {}): Agent {
  return {
    id,
    name: id,
    type: "agent",
    first_seen: at(-3600),
    last_seen: at(-seenSecondsAgo),
    current_task: null,
    status: "active",
    ...more,
  };
}

/** An event about a task, as it is right after it. */
export function event(
  seq: number,
  type: EventType,
  about: Task,
  data: Record<string, unknown> = {},
  agentId?: string,
  when = at(0),
): Event {
  const { id, number, name, kind, priority, state, performer, assignee, labels, claimed_by, created_by, attempt, rev } = about;
  const snapshot: TaskSnapshot = {
    ...{ id, number, name, kind, priority, state, performer, assignee, labels, claimed_by, created_by, attempt, rev },
    ready: state === "pending" && about.held === null,
  };
  return {
    seq,
    at: when,
    type,
    task_id: id,
    ...(agentId === undefined ? {} : { agent_id: agentId }),
    principal: "owner",
    data: { task: snapshot, ...data },
  };
}

/** Fills a board as a snapshot does, with counts that fit the tasks. */
export function fill(board: Board, tasks: readonly Task[], agents: readonly Agent[] = [], head = 100): Board {
  const counts: Record<string, number> = {};
  for (const each of tasks) counts[each.state] = (counts[each.state] ?? 0) + 1;
  board.begin({ workspace: "default", version: "0.1.0", counts, head });
  board.put(tasks);
  board.meet(agents);
  return board;
}
