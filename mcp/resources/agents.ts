import type { Board, CallOptions } from "../board.ts";
import { page } from "./board.ts";
import { moment, named, oneLine } from "./text.ts";

const AGENTS = 50;
const CLAIMED = 100;

/** `coord://agents`: who is here, who was, and what each holds. */
export async function agentsText(board: Board, options?: CallOptions): Promise<string> {
  const [agents, { tasks }] = await Promise.all([
    board.read("agents/list", {}, options),
    page(board, { state: "claimed" }, CLAIMED, options),
  ]);
  const lines = agents.slice(0, AGENTS).map(({ id, name, type, status, last_seen }) => {
    const holds = tasks.filter((task) => task.claimed_by === id).map((task) => named(task, 60));
    const parts = [
      `**${oneLine(id, 60)}**${name === id ? "" : ` (${oneLine(name, 60)})`}`,
      type === "user" ? "a person" : "",
      status === "active" ? "active" : `${status} since ${moment(last_seen)}`,
      holds.length === 0 ? "" : `holds ${holds.slice(0, 5).join(", ")}${holds.length > 5 ? ` and ${holds.length - 5} more` : ""}`,
    ];
    return `- ${parts.filter((part) => part !== "").join(" · ")}`;
  });
  if (agents.length > AGENTS) lines.push(`- … and ${agents.length - AGENTS} more: agents_list has them all`);
  return `${["# Agents", "", ...(lines.length > 0 ? lines : ["Nobody has been here yet."])].join("\n")}\n`;
}
