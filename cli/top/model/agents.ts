import { PRESENCE } from "../../../protocol/limits.ts";
import type { Agent } from "../../../protocol/records.ts";
import type { Row } from "./row.ts";

export type Status = "active" | "idle" | "stale";

/** An agent as the screen keeps it; times in milliseconds since 1970. */
export interface AgentRow {
  readonly id: string;
  readonly name: string;
  readonly type: "agent" | "user";
  readonly firstSeen: number;
  readonly lastSeen: number;
}

export function agentRow(agent: Agent): AgentRow {
  return {
    id: agent.id,
    name: agent.name,
    type: agent.type,
    firstSeen: Date.parse(agent.first_seen),
    lastSeen: Date.parse(agent.last_seen),
  };
}

export function statusAt(lastSeen: number, now: number): Status {
  const age = now - lastSeen;
  return age <= PRESENCE.active_ms ? "active" : age <= PRESENCE.idle_ms ? "idle" : "stale";
}

/** An agent with what it does now. */
export interface Worker {
  readonly agent: AgentRow;
  readonly status: Status;
  /** What it holds, the lease that ends first being first; what has no deadline comes last. */
  readonly holds: readonly Row[];
}

const STATUS_ORDER: Readonly<Record<Status, number>> = { active: 0, idle: 1, stale: 2 };

/** Everybody, those at work first. A holder that nobody has on a list (its agent was forgotten) is shown all the same. */
export function workersOf(agents: Iterable<AgentRow>, rows: Iterable<Row>, now: number): Worker[] {
  const held = new Map<string, Row[]>();
  for (const row of rows) {
    if (row.state !== "claimed" || row.claimedBy === null) continue;
    const holds = held.get(row.claimedBy);
    if (holds) holds.push(row);
    else held.set(row.claimedBy, [row]);
  }
  const workers: Worker[] = [];
  for (const agent of agents) {
    const holds = (held.get(agent.id) ?? []).sort((a, b) => (a.leaseUntil ?? Infinity) - (b.leaseUntil ?? Infinity) || a.number - b.number);
    workers.push({ agent, status: statusAt(agent.lastSeen, now), holds });
  }
  return workers.sort(
    (a, b) =>
      STATUS_ORDER[a.status] - STATUS_ORDER[b.status] ||
      Number(b.holds.length > 0) - Number(a.holds.length > 0) ||
      (a.agent.id < b.agent.id ? -1 : 1),
  );
}
