import { type Agent, PRESENCE } from "../../protocol/index.ts";
import type { Sql } from "./sql.ts";
import { isoTime } from "./time.ts";
import type { Turn } from "./turn.ts";

export interface AgentRow {
  id: string;
  name: string;
  type: "agent" | "user";
  first_seen: number;
  last_seen: number;
  /** Up to where its last check-in looked. */
  checked_in: number;
  /** The last event that a hook put before it. */
  offered_seq: number;
  /** Up to where it has read its inbox. */
  read_seq: number;
}

/** Up to where an agent has looked by its own act. */
export function readBy(row: AgentRow): number {
  return Math.max(row.checked_in, row.read_seq);
}

/** What would wake an agent now; `since` in milliseconds. */
export type WakeOf = (agent_id: string) => { host: string; since: number } | undefined;

/** A beat is written down only when the stored one is older than this: presence must not cost a row a call. */
const WRITE_EVERY_MS = 5_000;

/**
 * Who is here. What is stored may be up to 5 s old; what this object saw since it woke is kept in memory, and an agent with an
 * open session or a held request counts as seen now. A crash forgets at most those 5 s.
 */
export class Presence {
  readonly #seen = new Map<string, { seen: number; stored: number; type: "agent" | "user"; name: string }>();
  readonly #attached = new Map<string, number>();
  readonly #wakeOf: WakeOf;

  constructor(wakeOf: WakeOf) {
    this.#wakeOf = wakeOf;
  }

  /** Notes that an agent acted; the first time it is written to the log. */
  touch(turn: Turn, id: string, name?: string, type?: "agent" | "user"): void {
    let entry = this.#seen.get(id);
    if (!entry) {
      const row = turn.sql.first<AgentRow>("SELECT * FROM agents WHERE id = ?", id);
      if (row) {
        entry = { seen: turn.now, stored: row.last_seen, type: row.type, name: row.name };
      } else {
        entry = { seen: turn.now, stored: turn.now, type: type ?? "agent", name: name ?? id };
        turn.sql.run(
          "INSERT INTO agents (id, name, type, first_seen, last_seen) VALUES (?, ?, ?, ?, ?)",
          id,
          entry.name,
          entry.type,
          turn.now,
          turn.now,
        );
        turn.append("agent.seen", id, { id, name: entry.name, type: entry.type });
      }
      this.#seen.set(id, entry);
    }
    const changed = (name !== undefined && name !== entry.name) || (type !== undefined && type !== entry.type);
    entry.seen = turn.now;
    if (changed || turn.now - entry.stored >= WRITE_EVERY_MS) {
      entry.name = name ?? entry.name;
      entry.type = type ?? entry.type;
      entry.stored = turn.now;
      turn.sql.run(
        "UPDATE agents SET name = ?, type = ?, last_seen = max(last_seen, ?) WHERE id = ?",
        entry.name,
        entry.type,
        turn.now,
        id,
      );
    }
  }

  /** After a transaction was rolled back, what memory says may not be stored. */
  forget(): void {
    this.#seen.clear();
  }

  /** Binds an agent to something that stays open (a session, a held request); each needs its `detach`. */
  attach(id: string): void {
    this.#attached.set(id, (this.#attached.get(id) ?? 0) + 1);
  }

  detach(sql: Sql, id: string, now: number): void {
    const left = (this.#attached.get(id) ?? 0) - 1;
    if (left > 0) {
      this.#attached.set(id, left);
      return;
    }
    this.#attached.delete(id);
    const entry = this.#seen.get(id);
    if (entry) {
      entry.seen = now;
      entry.stored = now;
    }
    sql.run("UPDATE agents SET last_seen = max(last_seen, ?) WHERE id = ?", now, id);
  }

  typeOf(sql: Sql, id: string): "agent" | "user" {
    return this.#seen.get(id)?.type ?? sql.first<AgentRow>("SELECT * FROM agents WHERE id = ?", id)?.type ?? "agent";
  }

  /** The agent as the wire has it. */
  toAgent(sql: Sql, row: AgentRow, now: number): Agent {
    const attached = this.#attached.has(row.id);
    const seen = attached ? now : Math.max(row.last_seen, this.#seen.get(row.id)?.seen ?? 0);
    const age = now - seen;
    const held = sql.first<{ id: string }>(
      "SELECT id FROM tasks WHERE claimed_by = ? AND state = 'claimed' ORDER BY claimed_at DESC LIMIT 1",
      row.id,
    );
    const wake = this.#wakeOf(row.id);
    return {
      id: row.id,
      name: row.name,
      type: row.type,
      first_seen: isoTime(row.first_seen),
      last_seen: isoTime(seen),
      current_task: held?.id ?? null,
      status: age <= PRESENCE.active_ms ? "active" : age <= PRESENCE.idle_ms ? "idle" : "stale",
      offered: row.offered_seq,
      read: readBy(row),
      wake: wake ? { host: wake.host, since: isoTime(wake.since) } : null,
    };
  }

  list(sql: Sql, now: number): Agent[] {
    return sql
      .all<AgentRow>("SELECT * FROM agents")
      .map((row) => this.toAgent(sql, row, now))
      .sort((a, b) => b.last_seen.localeCompare(a.last_seen) || a.id.localeCompare(b.id));
  }
}
