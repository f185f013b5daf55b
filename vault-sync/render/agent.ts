import { frontMatter, Moment } from "../front-matter.ts";
import { inline, oneLine, section, sections } from "../markdown.ts";
import { AGENT_LINES, type AgentState, type Line, type Model } from "../model.ts";
import { dayOf, tag } from "../names.ts";
import { phrase } from "./phrases.ts";
import { count, stateLabel, taskLink, timeOf } from "./show.ts";

const MOST_DECISIONS = 100;

const COUNTED = [
  ["task.created", "posted"],
  ["task.claimed", "claimed"],
  ["task.completed", "completed"],
  ["task.submitted", "handed in"],
  ["task.failed", "gave up"],
  ["task.released", "gave back"],
  ["task.lapsed", "lost to a lapsed lease"],
] as const;

/** The note of one agent, up to the marker: what it holds, what it did. */
export function agentNote(model: Model, agent: AgentState): string {
  const counts = COUNTED.filter(([type]) => agent.counts.get(type)).map(([type, words]) => `${words} ${agent.counts.get(type)}`);
  const holds = [...agent.holds].map((id) => model.tasks.get(id)).filter((task) => task !== undefined);
  const lines = agent.lines.slice(-AGENT_LINES);
  const decisions = [...agent.decisions].reverse().slice(0, MOST_DECISIONS);
  const properties = frontMatter({
    coord: "agent",
    handle: agent.handle,
    name: agent.name,
    aliases: [...new Set([oneLine(agent.handle), oneLine(agent.name)])].filter((alias) => alias !== ""),
    tags: ["coord/agent", `coord/agent/${tag(agent.type) ?? "other"}`],
    type: agent.type,
    holds: holds.length,
    posted: agent.counts.get("task.created") ?? 0,
    completed: agent.counts.get("task.completed") ?? 0,
    events: agent.total,
    first_seen: new Moment(agent.firstAt),
    last_event: new Moment(agent.lastAt),
  });
  return (
    properties +
    sections(
      [`# ${inline(agent.handle)}`],
      [
        `${agent.type === "user" ? "A person" : "An agent"}${agent.name === agent.handle ? "" : `, called ${inline(agent.name)}`}${counts.length > 0 ? `: ${counts.join(" · ")}` : ""}.`,
      ],
      section(
        "Holds",
        holds.sort((a, b) => a.number - b.number).map((task) => `- ${taskLink(task)} — ${stateLabel(model, task)}`),
      ),
      section(
        "Decisions",
        decisions.map((task) => `- ${taskLink(task)}`),
      ),
      section(
        "Activity",
        agent.total > lines.length
          ? [`The latest ${count(lines.length, "line")} of ${agent.total}; the daily notes have them all.`, "", ...activity(lines, model)]
          : activity(lines, model),
      ),
    )
  );
}

/** Newest day first, each day in the order of the log. */
function activity(lines: readonly Line[], model: Model): string[] {
  const days = new Map<string, string[]>();
  for (const line of lines) {
    const date = dayOf(line.entry.at);
    const day = days.get(date) ?? [];
    day.push(`- ${timeOf(line.entry.at)} ${phrase(line, model, { who: "" })}`);
    days.set(date, day);
  }
  const dates = [...days.keys()].sort().reverse();
  return dates.flatMap((date, index) => [...(index > 0 ? [""] : []), `### [[log/${date}|${date}]]`, "", ...(days.get(date) ?? [])]);
}
