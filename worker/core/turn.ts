import type { Event, EventType, Principal, Refusal } from "../../protocol/index.ts";
import type { Presence } from "./presence.ts";
import type { Sql } from "./sql.ts";
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
  /** Rows that this turn's opening sweep returned to pending. */
  readonly lapsed: number[];

  constructor(
    parts: Pick<Turn, "sql" | "now" | "principal" | "presence" | "defaultLeaseSeconds" | "log" | "deadline" | "head" | "lapsed">,
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
    // counted here, since a number that comes back from the INSERT costs a twentieth of a claim; the table refuses a gap
    const seq = (this.head.seq ?? this.sql.first<{ seq: number }>("SELECT coalesce(max(seq), 0) AS seq FROM events")!.seq) + 1;
    this.sql.run(
      "INSERT INTO events (seq, at, type, number, kind, state, agent_id, principal, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      seq,
      this.now,
      type,
      row?.number ?? null,
      row?.kind ?? null,
      row?.state ?? null,
      agent_id,
      this.principal.id,
      JSON.stringify(data),
    );
    this.head.seq = seq;
    const event: Event = {
      seq,
      at: isoTime(this.now),
      type,
      ...(row ? { task_id: row.id } : {}),
      ...(agent_id ? { agent_id } : {}),
      principal: this.principal.id,
      data,
    };
    this.log.push({ event, number: row?.number ?? null });
    return event;
  }

  /** Appends an event about a task, with the task as it is now. */
  appendFor(row: TaskRow, type: EventType, agent_id: string | null, data: Record<string, unknown> = {}): Event {
    return this.append(type, agent_id, { task: snapshot(row), ...data }, row);
  }
}
