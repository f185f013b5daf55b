import type { Agent } from "../../protocol/index.ts";
import type { Board, CallOptions } from "../board.ts";
import { page } from "./board.ts";
import { moment, named, oneLine } from "./text.ts";

const AGENTS = 50;
const CLAIMED = 100;

/** What an agent's host put before it, what it has looked at by itself, and what would wake it now. */
function told({ offered = 0, read = 0, wake }: Agent): string[] {
  return [
    ...(offered > read ? [`was offered news up to event ${offered}`] : []),
    read > 0 ? `has read up to event ${read}` : "has read nothing yet",
    wake ? `${oneLine(wake.host, 30)} would wake it, since ${moment(wake.since)}` : "nothing would wake it",
  ];
}

/** `coord://agents`: who is here, who was, what each holds, what it was told, and whether anything would wake it. */
export async function agentsText(board: Board, options?: CallOptions): Promise<string> {
  const [agents, { tasks }] = await Promise.all([
    board.read("agents/list", {}, options),
    page(board, { state: "claimed" }, CLAIMED, options),
  ]);
  const lines = agents.slice(0, AGENTS).map((agent) => {
    const { id, name, type, status, last_seen } = agent;
    const holds = tasks.filter((task) => task.claimed_by === id).map((task) => named(task, 60));
    const parts = [
      `**${oneLine(id, 60)}**${name === id ? "" : ` (${oneLine(name, 60)})`}`,
      type === "user" ? "a person" : "",
      status === "active" ? "active" : `${status} since ${moment(last_seen)}`,
      holds.length === 0 ? "" : `holds ${holds.slice(0, 5).join(", ")}${holds.length > 5 ? ` and ${holds.length - 5} more` : ""}`,
      ...told(agent),
    ];
    return `- ${parts.filter((part) => part !== "").join(" · ")}`;
  });
  if (agents.length > AGENTS) lines.push(`- … and ${agents.length - AGENTS} more: agents_list has them all`);
  return `${["# Agents", "", ...(lines.length > 0 ? lines : ["Nobody has been here yet."])].join("\n")}\n`;
}
