import { conflict, type Note, type Params, refuse } from "../../protocol/index.ts";
import { digest, forgetAbout } from "../core/idempotency.ts";
import { resolveTask } from "../core/refs.ts";
import type { Sql } from "../core/sql.ts";
import { type TaskRow, taskByNumber } from "../core/tasks.ts";
import { isoTime } from "../core/time.ts";
import { answer, type Outcome, refused, type Turn } from "../core/turn.ts";
import { mentionsIn, tell } from "./mentions.ts";
import { overBytes } from "./post.ts";

interface NoteRow {
  note_id: string;
  number: number;
  attempt: number | null;
  author: string;
  body: string;
  mentions: string;
  at: number;
  by: string | null;
  reason: string | null;
  retracted_at: number | null;
  purged: number | null;
}

const WITH_RETRACTION =
  "SELECT n.*, r.by, r.reason, r.at AS retracted_at, r.purged FROM notes n LEFT JOIN retractions r ON r.note_id = n.note_id WHERE";

/** `notes/add`, on a task in any state: what was said about finished work is still said. */
export function addNote(turn: Turn, params: Params<"notes/add">): Outcome<Note> {
  const found = resolveTask(turn.sql, params.id);
  if (!found.ok) return found;
  const row = found.value;
  const tooLong = overBytes(params.body, "note_bytes");
  if (tooLong) return refused(tooLong);
  return answer(toNote(writeNote(turn, row, params.agent_id, params.body, mentionsIn(params.body)), row));
}

/** Writes a note and its event, and tells those whom it mentions. */
export function writeNote(turn: Turn, row: TaskRow, author: string, body: string, mentions: readonly string[]): NoteRow {
  const note_id = turn.newId();
  // the body stays out of the log, which nothing can erase: a leaked secret must be purgeable
  const { seq } = turn.appendFor(row, "note.added", author, { note_id, mentions });
  turn.sql.run(
    "INSERT INTO notes (note_id, number, attempt, author, body, mentions, seq, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    note_id,
    row.number,
    row.attempt === 0 ? null : row.attempt,
    author,
    body,
    JSON.stringify(mentions),
    seq,
    turn.now,
  );
  tell(turn, mentions, seq);
  return noteRow(turn.sql, note_id)!;
}

/** `notes/list`, oldest first; a retracted note is there without its body. */
export function listNotes(turn: Turn, params: Params<"notes/list">): Outcome<Note[]> {
  const found = resolveTask(turn.sql, params.id);
  return found.ok ? answer(notesOf(turn.sql, found.value)) : found;
}

export function notesOf(sql: Sql, row: Pick<TaskRow, "number" | "id">): Note[] {
  return sql.all<NoteRow>(`${WITH_RETRACTION} n.number = ? ORDER BY n.seq`, row.number).map((note) => toNote(note, row));
}

/** `notes/retract`: the body is withheld from everybody from now on. */
export function retractNote(turn: Turn, params: Params<"notes/retract">): Outcome<Note> {
  const given = noteRow(turn.sql, params.note_id);
  if (!given) return refused(noSuchNote(params.note_id));
  if (given.retracted_at !== null)
    return refused(conflict("wrong_state", `this note was retracted by ${given.by}`, { note_id: given.note_id, number: given.number }));
  return withdraw(turn, given, params, false);
}

/** `notes/purge`: the body is overwritten by a hash, the one change that a note can suffer. */
export function purgeNote(turn: Turn, params: Params<"notes/purge">): Outcome<Note> {
  const given = noteRow(turn.sql, params.note_id);
  if (!given) return refused(noSuchNote(params.note_id));
  if (given.purged === 1)
    return refused(conflict("wrong_state", `this note was purged by ${given.by}`, { note_id: given.note_id, number: given.number }));
  return withdraw(turn, given, params, true);
}

function withdraw(turn: Turn, note: NoteRow, params: { reason: string; agent_id?: string | undefined }, purged: boolean): Outcome<Note> {
  const by = params.agent_id ?? turn.principal.id;
  turn.sql.run(
    "INSERT OR REPLACE INTO retractions (note_id, by, reason, at, purged) VALUES (?, ?, ?, ?, ?)",
    note.note_id,
    by,
    params.reason,
    turn.now,
    purged ? 1 : 0,
  );
  if (purged) {
    turn.sql.run("UPDATE notes SET body = ? WHERE note_id = ?", `sha256:${digest(note.body)}`, note.note_id);
    forgetAbout(turn.sql, note.note_id);
  }
  const row = taskByNumber(turn.sql, note.number)!;
  turn.appendFor(row, purged ? "note.purged" : "note.retracted", by, { note_id: note.note_id, reason: params.reason });
  return answer(toNote(noteRow(turn.sql, note.note_id)!, row));
}

function noteRow(sql: Sql, note_id: string): NoteRow | undefined {
  return sql.first<NoteRow>(`${WITH_RETRACTION} n.note_id = ?`, note_id);
}

function toNote(note: NoteRow, task: Pick<TaskRow, "id">): Note {
  const retracted =
    note.retracted_at === null ? null : { by: note.by!, reason: note.reason!, at: isoTime(note.retracted_at), purged: note.purged === 1 };
  return {
    note_id: note.note_id,
    task_id: task.id,
    attempt: note.attempt,
    author: note.author,
    body: retracted ? null : note.body,
    mentions: JSON.parse(note.mentions),
    at: isoTime(note.at),
    retracted,
  };
}

function noSuchNote(note_id: string) {
  return refuse("not_found", `no note ${note_id} in this workspace`, { note_id });
}
