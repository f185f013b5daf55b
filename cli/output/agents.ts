import type { Agent } from "../../protocol/records.ts";
import { type Column, type TableSpace, table } from "./table.ts";
import type { Style } from "./terminal.ts";
import { age } from "./time.ts";

const STATUS_STYLES: Record<Agent["status"], Style> = { active: "green", idle: "yellow", stale: "dim" };

const COLUMNS: readonly Column[] = [
  { title: "AGENT", isFlexible: true },
  { title: "STATUS" },
  { title: "TYPE" },
  { title: "SEEN", align: "right" },
  { title: "HOLDS", most: 8 },
  { title: "NAME", most: 20 },
];

export function agentTable(agents: readonly Agent[], now: number, space: TableSpace): string[] {
  const rows = agents.map((agent) => [
    { text: agent.id },
    { text: agent.status, style: STATUS_STYLES[agent.status] },
    { text: agent.type },
    { text: age(agent.last_seen, now) },
    { text: agent.current_task?.slice(0, 8) ?? "" },
    { text: agent.name === agent.id ? "" : agent.name },
  ]);
  return table(COLUMNS, rows, space);
}
