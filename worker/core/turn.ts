import type { Event, EventType, Principal, Refusal } from "../../protocol/index.ts";
import type { Presence } from "./presence.ts";
import { marks, type Sql, type SqlValue } from "./sql.ts";
import { snapshot, type TaskRow } from "./tasks.ts";
import { isoTime } from "./time.ts";

/** An answer is a value; a refusal is one too. Exceptions are bugs. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export function answer<T>(value: T): Outcome<T> {
  return { ok: true, value };
}
export function refused(refusal: Refusal): { ok: false; refusal: Refusal } {
  return { ok: false, refusal };
}

/** An event as it was written, with the row it is about, for the matcher. */
export interface Logged {
  readonly event: Event;
  readonly number: number | null;
}

/** A line for the log: the event, and the row that it is about as it is now. */
export interface Line {
  readonly type: EventType;
  readonly agent_id: string | null;
  readonly principal: Principal;
  readonly data: Record<string, unknown>;
  readonly row?: TaskRow;
}

const COLUMNS = ["seq", "at", "type", "number", "kind", "state", "agent_id", "principal", "data"];
/** A statement has at most 100 parameters on this platform. */
const LINES_AT_ONCE = Math.floor(100 / COLUMNS.length);
/** The statement for so many lines. */
const INSERT_LINES = Array.from({ length: LINES_AT_ONCE + 1 }, (_, lines) => {
  const values = Array(lines).fill(`(${marks(COLUMNS)})`);
  return `INSERT INTO events (${COLUMNS.join(", ")}) VALUES ${values.join(", ")}`;
});

/**
 * Everything a command may use: the database, the time of the turn (one clock reading for all commands applied together),
 * who is calling, and the log. Commands are plain synchronous functions of it.
 */
export class Turn {
  readonly sql: Sql;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly principal: Principal;
  readonly presence: Presence;
  readonly defaultLeaseSeconds: number;
  /** What this turn wrote to the log, in order. Shared by all commands of one turn. */
  readonly log: Logged[];
  /** The earliest lease deadline that is known; never later than the true one. Shared by all turns of an object. */
  readonly deadline: { lapse: number };
  /** The number of the log's last line, once it is known. Shared by all turns of an object. */
  readonly head: { seq: number | undefined };
  /** How many answers were kept under a key. Shared by all turns of an object. */
  readonly keys: { kept: number };
  /** Rows that this turn's opening sweep returned to pending. */
  readonly lapsed: number[];

  constructor(
    parts: Pick<Turn, "sql" | "now" | "principal" | "presence" | "defaultLeaseSeconds" | "log" | "deadline" | "head" | "keys" | "lapsed">,
    principal = parts.principal,
  ) {
    this.sql = parts.sql;
    this.now = parts.now;
    this.principal = principal;
    this.presence = parts.presence;
    this.defaultLeaseSeconds = parts.defaultLeaseSeconds;
    this.log = parts.log;
    this.deadline = parts.deadline;
    this.head = parts.head;
    this.keys = parts.keys;
    this.lapsed = parts.lapsed;
  }

  as(principal: Principal): Turn {
    return new Turn(this, principal);
  }

  /** Tells the clockwork that a lease now ends at `at`. */
  noteLease(at: number): void {
    if (at < this.deadline.lapse) this.deadline.lapse = at;
  }

  newId(): string {
    return crypto.randomUUID();
  }

  /** The transaction that wrote the log's lines from that place on was undone: so are they, and their numbers are free again. */
  undo(logged: number): void {
    this.log.length = logged;
    this.head.seq = undefined;
  }

  /** Appends one line to the log, in the transaction of the change that it reports. */
  append(type: EventType, agent_id: string | null, data: Record<string, unknown>, row?: TaskRow): Event {
    return this.appendAll([{ type, agent_id, principal: this.principal, data, ...(row && { row }) }])[0]!;
  }

  /** Appends lines to the log, in the transaction of the changes that they report. */
  appendAll(lines: readonly Line[]): Event[] {
    // counted here, since a number that comes back from the INSERT costs a twentieth of a claim; the table refuses a gap
    let seq = this.head.seq ?? this.sql.first<{ seq: number }>("SELECT coalesce(max(seq), 0) AS seq FROM events")!.seq;
    const at = isoTime(this.now);
    const values: SqlValue[] = [];
    const events: Event[] = [];
    for (const { type, agent_id, principal, data, row } of lines) {
      seq += 1;
      const number = row?.number ?? null;
      values.push(seq, this.now, type, number, row?.kind ?? null, row?.state ?? null, agent_id, principal.id, JSON.stringify(data));
      const about = { ...(row ? { task_id: row.id } : {}), ...(agent_id ? { agent_id } : {}) };
      events.push({ seq, at, type, ...about, principal: principal.id, data });
    }
    for (let from = 0; from < lines.length; from += LINES_AT_ONCE) {
      const some = values.slice(from * COLUMNS.length, (from + LINES_AT_ONCE) * COLUMNS.length);
      this.sql.run(INSERT_LINES[some.length / COLUMNS.length]!, ...some);
    }
    this.head.seq = seq;
    for (const [place, event] of events.entries()) this.log.push({ event, number: lines[place]!.row?.number ?? null });
    return events;
  }

  /** Appends an event about a task, with the task as it is now. */
  appendFor(row: TaskRow, type: EventType, agent_id: string | null, data: Record<string, unknown> = {}): Event {
    return this.appendAll([this.lineFor(row, type, agent_id, data)])[0]!;
  }

  /** The line for an event about a task, with the task as it is now. */
  lineFor(row: TaskRow, type: EventType, agent_id: string | null, data: Record<string, unknown>): Line {
    return { type, agent_id, principal: this.principal, data: { task: snapshot(row), ...data }, row };
  }
}
