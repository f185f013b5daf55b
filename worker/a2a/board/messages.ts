import type { Sql } from "../../core/sql.ts";
import type { TaskRow } from "../../core/tasks.ts";
import type { WireMessage, WirePart } from "../wire.ts";
import type { Subject } from "./updates.ts";

/** Messages of a task that are given where nobody says how many. */
export const DEFAULT_HISTORY = 100;

/** Characters of messages that one task shows at most; the newest come first in line. */
const MOST_CHARS = 4 * 1024 * 1024;

/** Keeps a message as it came, beside the event that it became; with the id of its note, so that a purge takes it along. */
export function keepMessage(sql: Sql, number: number, seq: number, noteId: string | null, message: WireMessage): void {
  sql.run("INSERT INTO a2a_messages (number, seq, note_id, message) VALUES (?, ?, ?, ?)", number, seq, noteId, JSON.stringify(message));
}

/**
 * What was said about a task, oldest first: the posting, then notes and reviews as they came. A retracted note is not there.
 * @param limit the newest so many
 */
export function historyOf(sql: Sql, subject: Subject & { row: TaskRow }, limit: number): WireMessage[] {
  if (limit === 0) return [];
  const events = sql.all<{ seq: number; type: string }>(
    "SELECT seq, type FROM events WHERE number = ? AND type IN ('task.created', 'note.added', 'review.decided') ORDER BY seq DESC LIMIT ?",
    subject.row.number,
    limit,
  );
  const messages: WireMessage[] = [];
  let chars = 0;
  for (const { seq, type } of events) {
    const message = type === "task.created" ? postingOf(sql, subject, seq) : saidAt(sql, subject, seq);
    if (!message) continue;
    chars += JSON.stringify(message.parts).length;
    if (chars > MOST_CHARS && messages.length > 0) break;
    messages.unshift(message);
  }
  return messages;
}

interface Said {
  id: string;
  author: string;
  body: string | null;
  decision: string | null;
  attempt: number | null;
  retracted: number;
  message: string | null;
}

/** The note or review that an event reports, as a message; undefined where it was retracted, or is a decision without words. */
export function saidAt(sql: Sql, { row, contextId, uri }: Subject, seq: number): WireMessage | undefined {
  const said = sql.first<Said>(
    `SELECT s.*, m.message FROM (
       SELECT n.note_id AS id, n.author, n.body, NULL AS decision, n.attempt, r.note_id IS NOT NULL AS retracted
         FROM notes n LEFT JOIN retractions r ON r.note_id = n.note_id WHERE n.number = ?1 AND n.seq = ?2
       UNION ALL SELECT review_id, reviewer, body, decision, attempt, 0 FROM reviews WHERE number = ?1 AND seq = ?2
     ) s LEFT JOIN a2a_messages m ON m.number = ?1 AND m.seq = ?2`,
    row.number,
    seq,
  );
  if (!said || said.retracted === 1) return undefined;
  const place = { contextId, taskId: row.id };
  if (said.message !== null) return { ...(JSON.parse(said.message) as WireMessage), ...place };
  if (said.body === null) return undefined;
  const about = { author: said.author, ...(said.decision ? { decision: said.decision, attempt: said.attempt } : {}) };
  const role = row.created_by !== null && said.author === row.created_by ? "ROLE_USER" : "ROLE_AGENT";
  return { messageId: said.id, role, parts: [{ text: said.body }], ...place, metadata: { [uri]: about } };
}

/** The message that posted the job: as it came by A2A, else made of what was posted on the board. */
function postingOf(sql: Sql, { row, contextId, uri }: Subject & { row: TaskRow }, seq: number): WireMessage {
  const place = { contextId, taskId: row.id };
  const kept = sql.first<{ message: string }>("SELECT message FROM a2a_messages WHERE number = ? AND seq = ?", row.number, seq);
  if (kept) return { ...(JSON.parse(kept.message) as WireMessage), ...place };
  const text = row.description === "" ? row.name : `${row.name}\n\n${row.description}`;
  const parts: WirePart[] = [{ text }];
  if (row.payload !== null) parts.push({ data: JSON.parse(row.payload) });
  const metadata = row.created_by ? { metadata: { [uri]: { author: row.created_by } } } : {};
  return { messageId: row.id, role: "ROLE_USER", parts, ...place, ...metadata };
}
