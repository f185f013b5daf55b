import type { Agent } from "../../protocol/records.ts";
import { type Cell, type Column, type TableSpace, table } from "./table.ts";
import type { Style } from "./terminal.ts";
import { age } from "./time.ts";

const STATUS_STYLES: Record<Agent["status"], Style> = { active: "green", idle: "yellow", stale: "dim" };

interface AgentColumn extends Column {
  readonly cell: (agent: Agent, now: number) => Cell;
  /** Left out where it says nothing of anybody. */
  readonly optional?: boolean;
}

/** What an agent was offered and has not looked at yet is what matters: it is seen by its colour, too. */
const isUnread = ({ offered = 0, read = 0 }: Agent) => offered > read;

const COLUMNS: readonly AgentColumn[] = [
  { title: "AGENT", isFlexible: true, cell: (agent) => ({ text: agent.id }) },
  { title: "STATUS", cell: (agent) => ({ text: agent.status, style: STATUS_STYLES[agent.status] }) },
  { title: "TYPE", goes: 3, cell: (agent) => ({ text: agent.type }) },
  { title: "SEEN", align: "right", goes: 5, cell: (agent, now) => ({ text: age(agent.last_seen, now) }) },
  { title: "HOLDS", most: 8, goes: 4, cell: (agent) => ({ text: agent.current_task?.slice(0, 8) ?? "" }) },
  {
    title: "OFFERED",
    most: 7,
    goes: 6,
    align: "right",
    optional: true,
    cell: (agent) => ({ text: agent.offered ? String(agent.offered) : "", ...(isUnread(agent) ? { style: "yellow" as const } : {}) }),
  },
  {
    title: "READ",
    most: 7,
    goes: 2,
    align: "right",
    optional: true,
    cell: (agent) => ({ text: agent.offered && agent.read ? String(agent.read) : "" }),
  },
  {
    title: "WAKE",
    most: 12,
    goes: 7,
    optional: true,
    cell: (agent, now) => ({ text: agent.wake ? `${agent.wake.host} ${age(agent.wake.since, now)}` : "", style: "green" }),
  },
  { title: "NAME", most: 20, goes: 1, cell: (agent) => ({ text: agent.name === agent.id ? "" : agent.name }) },
];

/** A long name makes way for what a hook has to say. */
const NAME_BESIDE_WAKES = 7;

/**
 * The agents, with the log's numbers up to which each was told by its host's hooks (OFFERED) and has looked by itself (READ), and what
 * would wake it now.
 */
export function agentTable(agents: readonly Agent[], now: number, space: TableSpace): string[] {
  const told = agents.some((agent) => agent.offered || agent.wake);
  const shown = COLUMNS.filter((column) => !column.optional || agents.some((agent) => column.cell(agent, now).text !== ""));
  const head = shown.map((column) =>
    told && column.title === "NAME" ? { ...column, most: Math.max(NAME_BESIDE_WAKES, space.columns - 80 + NAME_BESIDE_WAKES) } : column,
  );
  return table(
    head,
    agents.map((agent) => shown.map((column) => column.cell(agent, now))),
    space,
  );
}
