import { isAnnouncement, STATE_NAMES, STATES } from "../../protocol/lifecycle.ts";
import { frontMatter } from "../front-matter.ts";
import { capped, inline, section, sections } from "../markdown.ts";
import type { Model, TaskState } from "../model.ts";
import { dayPath } from "./day.ts";
import { agentLink, agentLinkOf, count, heldBy, stateLabel, taskLink } from "./show.ts";

const MOST = 50;
const MOST_DAYS = 14;

/** The vault's own page, up to the marker: where the board stands, and how to read and use the vault. */
export function homeNote(model: Model, workspace: string): string {
  const tasks = [...model.tasks.values()];
  const jobs = tasks.filter((task) => !isAnnouncement(task.now.kind));
  const counts = STATE_NAMES.map((state) => [STATES[state].label, jobs.filter((task) => task.now.state === state).length] as const).filter(
    ([, n]) => n > 0,
  );
  const decisions = tasks.filter((task) => task.now.kind === "decision").reverse();
  const agents = [...model.agents.values()].sort((a, b) => b.total - a.total || (a.path < b.path ? -1 : 1));
  const days = [...model.days.keys()].sort().reverse();
  const attention = jobs.flatMap((task) => {
    const why = needs(model, task);
    return why === undefined ? [] : [`- ${taskLink(task)} — ${why}`];
  });
  return (
    frontMatter({ coord: "home", workspace, tags: ["coord/home"], tasks: tasks.length, events: model.cursor }) +
    sections(
      [`# The board${workspace === "default" ? "" : ` ${inline(workspace)}`}`],
      [
        "Written by `coord vault` from the board's log. [[Board.base|Tables]] by state, holder and kind; [[Board.canvas|a canvas]] of jobs and what they wait for; the graph view shows who did what.",
      ],
      [
        `${count(jobs.length, "job")}${counts.length > 0 ? ` (${counts.map(([label, n]) => `${label} ${n}`).join(" · ")})` : ""}, ${count(tasks.length - jobs.length, "announcement")}, ${count(agents.length, "agent")}.`,
      ],
      section("Needs attention", capped(attention, MOST)),
      section(
        "In progress",
        capped(
          jobs
            .filter((task) => task.now.state === "claimed")
            .map((task) => `- ${taskLink(task)} — ${task.now.claimed_by === null ? "nobody" : agentLink(model, task.now.claimed_by)}`),
          MOST,
        ),
      ),
      section(
        "Ready",
        capped(
          jobs
            .filter((task) => task.now.state === "pending" && !heldBy(model, task))
            .map((task) => `- ${taskLink(task)} — ${inline(task.now.kind)}, ${inline(task.now.priority)}`),
          MOST,
        ),
      ),
      section(
        "Decisions",
        capped(
          decisions.map((task) => `- ${taskLink(task)}`),
          MOST,
        ),
      ),
      section(
        "Agents",
        capped(
          agents.map(
            (agent) =>
              `- ${agentLinkOf(agent)} — ${count(agent.total, "event")}${agent.holds.size > 0 ? `, holds ${agent.holds.size}` : ""}`,
          ),
          MOST,
        ),
      ),
      section(
        "Days",
        days
          .slice(0, MOST_DAYS)
          .map((date) => `- [[${dayPath(date, 0)}|${date}]] — ${count(model.days.get(date)?.lines.length ?? 0, "event")}`),
      ),
      section("How this vault works", RULES),
    )
  );
}

function needs(model: Model, task: TaskState): string | undefined {
  if (task.now.state === "failed")
    return `Failed, last held by ${task.now.claimed_by === null ? "nobody" : agentLink(model, task.now.claimed_by)}`;
  if (task.now.state === "review") return "awaits a review";
  const held = heldBy(model, task);
  if (held === "dependency_failed") return `${stateLabel(model, task)}: something it depends on failed`;
  if (held === "dependency_cancelled") return `${stateLabel(model, task)}: something it depends on was cancelled`;
  return undefined;
}

const RULES = [
  "- `tasks/` and `decisions/` have one note for each task, `agents/` one for each agent, `log/` one for each day (UTC). A note keeps its name for ever, whatever becomes of the task's.",
  "- Every note ends in a line that only shows while one edits. Below it is yours: what you write there is kept, byte for byte. Above it is coord's and is written anew when something changes.",
  "- A note that you delete comes back at its next change, or with `coord vault DIR --rebuild`. One that you move or rename is yours from then on, and the vault makes a new one in its old place.",
  "- `Board.base` is written once; change its views as you like, or delete it to have the original back. `Board.canvas` is written anew with every change: arrange a copy of it.",
  "- Other files of yours are never touched.",
];
