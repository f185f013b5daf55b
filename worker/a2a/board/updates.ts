import type { EventType, State, TaskSnapshot } from "../../../protocol/index.ts";
import type { Sql } from "../../core/sql.ts";
import type { TaskRow } from "../../core/tasks.ts";
import { isoTime } from "../../core/time.ts";
import { isOver, WIRE_STATES, type WireMessage, type WireStatusUpdate, type WireStreamResponse } from "../wire.ts";
import { artifactOf } from "./artifacts.ts";
import { saidAt } from "./messages.ts";

/** The events that are updates to A2A: the task's state moved, or somebody said something about it. */
const TOLD = [
  "task.created",
  "task.ready",
  "task.held",
  "task.claimed",
  "task.released",
  "task.lapsed",
  "task.completed",
  "task.submitted",
  "task.failed",
  "task.cancelled",
  "review.decided",
  "note.added",
] as const satisfies readonly EventType[];

/** The same as an SQL list. */
export const TOLD_LIST = TOLD.map((type) => `'${type}'`).join(", ");

interface Told {
  seq: number;
  at: number;
  type: (typeof TOLD)[number];
  agent_id: string | null;
  data: string;
}

/** What everybody who looks at one task through A2A shares. */
export interface Subject {
  readonly row: Pick<TaskRow, "number" | "id" | "name" | "created_by">;
  readonly contextId: string;
  /** Key of coord's own metadata. */
  readonly uri: string;
}

export interface Update {
  readonly seq: number;
  /** The state after it, in coord's words. */
  readonly state: State;
  /** In order: an attempt's result before the status that it leads to. */
  readonly responses: WireStreamResponse[];
}

/** Characters of updates that are read at once, beyond the first: a message may be as large as a request. */
const MOST_CHARS = 2 * 1024 * 1024;

/**
 * What happened to a task after a cursor, oldest first: a pure reading of the log, so that every stream and webhook tells it alike.
 * @param limit events at most; fewer where they are large
 * @returns `all`: there is nothing more
 */
export function updatesAfter(sql: Sql, subject: Subject, after: number, limit: number): { updates: Update[]; all: boolean } {
  const events = sql.all<Told>(
    `SELECT seq, at, type, agent_id, data FROM events WHERE number = ? AND seq > ? AND type IN (${TOLD_LIST}) ORDER BY seq LIMIT ?`,
    subject.row.number,
    after,
    limit + 1,
  );
  const updates: Update[] = [];
  for (let chars = 0; updates.length < Math.min(limit, events.length) && chars < MOST_CHARS; ) {
    const update = toUpdate(sql, subject, events[updates.length]!);
    chars += JSON.stringify(update.responses).length;
    updates.push(update);
  }
  return { updates, all: updates.length === events.length };
}

/** The latest update: where the task stands, and what was said last. Every task has one, its creation. */
export function latestUpdate(sql: Sql, subject: Subject): WireStatusUpdate {
  const event = sql.first<Told>(
    `SELECT seq, at, type, agent_id, data FROM events WHERE number = ? AND type IN (${TOLD_LIST}) ORDER BY seq DESC LIMIT 1`,
    subject.row.number,
  )!;
  return toStatus(sql, subject, event, JSON.parse(event.data));
}

function toUpdate(sql: Sql, subject: Subject, event: Told): Update {
  const data = JSON.parse(event.data) as EventData;
  const responses: WireStreamResponse[] = [{ statusUpdate: toStatus(sql, subject, event, data) }];
  const artifact = bearsResult(event, data) ? artifactOf(sql, subject, data.task.attempt) : undefined;
  if (artifact) responses.unshift({ artifactUpdate: { taskId: subject.row.id, contextId: subject.contextId, artifact, lastChunk: true } });
  return { seq: event.seq, state: data.task.state, responses };
}

type EventData = { task: TaskSnapshot; reason?: string | null; review_id?: string; note_id?: string; decision?: string };

/** A completion by approval hands in nothing new: its result was told when it was submitted. */
function bearsResult(event: Told, data: EventData): boolean {
  return event.type === "task.submitted" || (event.type === "task.completed" && data.review_id === undefined);
}

function toStatus(sql: Sql, subject: Subject, event: Told, data: EventData): WireStatusUpdate {
  const { task } = data;
  const message = spoken(sql, subject, event, data);
  return {
    taskId: subject.row.id,
    contextId: subject.contextId,
    status: { state: WIRE_STATES[task.state], ...(message ? { message } : {}), timestamp: isoTime(event.at) },
    metadata: {
      [subject.uri]: {
        event: event.type,
        seq: event.seq,
        state: task.state,
        attempt: task.attempt,
        claimedBy: task.claimed_by,
        ...(event.agent_id ? { agentId: event.agent_id } : {}),
        ...(data.decision ? { decision: data.decision } : {}),
        final: isOver(task.state),
      },
    },
  };
}

/** The message of a status: a note, a review, or the reason for what happened. */
function spoken(sql: Sql, subject: Subject, event: Told, data: EventData): WireMessage | undefined {
  if (event.type === "note.added" || event.type === "review.decided") return saidAt(sql, subject, event.seq);
  const text = reasonFor(event.type, data, subject.uri);
  if (text === undefined) return undefined;
  return {
    messageId: `${subject.row.id}:${event.seq}`,
    role: "ROLE_AGENT",
    parts: [{ text }],
    contextId: subject.contextId,
    taskId: subject.row.id,
  };
}

function reasonFor(type: Told["type"], data: EventData, uri: string): string | undefined {
  if (type === "task.submitted") {
    return `Attempt ${data.task.attempt} is handed in and waits for a decision. Reply with the metadata {"${uri}": {"decision": "approve"}}, or "request_changes" and what to change; any other reply is a comment.`;
  }
  return data.reason ?? undefined;
}
