import type { Command } from "commander";
import type { BriefTask, Checkin } from "../../protocol/answers.ts";
import type { TableSpace } from "../output/table.ts";
import { clean, fit } from "../output/text.ts";
import { ago } from "../output/time.ts";
import { type ActorOptions, contextOf, given, requireAgent } from "./shared/context.ts";
import { withAgent, withExamples } from "./shared/options.ts";

interface Options extends ActorOptions {
  name?: string;
  type?: "agent" | "user";
}

export function register(program: Command): void {
  const command = program
    .command("checkin")
    .description("what an agent needs to know on waking: what it holds, what is urgent, what changed, who is here")
    .option("--name <name>", "how people call it")
    .option("--type <type>", "agent or user (default: agent)");
  withExamples(withAgent(command), "coord checkin --as harbor-lynx").action(async (_options: unknown, self: Command) => {
    const { options, call, show, space, now } = contextOf<Options>(self);
    const answer = await call("agents/checkin", {
      id: requireAgent(options),
      ...given("name", options.name),
      ...given("type", options.type),
    });
    show(answer, () => checkinLines(answer, now, space));
  });
}

const DECIDED: Readonly<Record<string, string>> = { approve: "approved it", request_changes: "asked for changes", comment: "remarked" };

const LEFT_OUT: Readonly<Record<string, string>> = {
  holds: "that you hold: coord tasks --state claimed --claimed-by HANDLE",
  urgent: "urgent: coord tasks --ready --priority urgent,high",
  feedback: "of your work that was reviewed: coord history ID",
  mentions: "that name you: coord events --mentions HANDLE",
  agents: "who are here: coord agents",
  recent: "changes: coord events --after SEQ",
};

function checkinLines(answer: Checkin, now: number, space: TableSpace): string[] {
  const line = (task: BriefTask) =>
    `  #${task.number} ${task.name}${task.lease_until ? ` (lease ends ${ago(task.lease_until, now)})` : ""}`;
  const section = (title: string, lines: readonly string[]) => (lines.length === 0 ? [] : [title, ...lines]);
  const others = answer.agents.filter((agent) => agent.id !== answer.agent.id).map((agent) => `${agent.id} (${agent.status})`);
  return [
    `${answer.agent.id} is here`,
    ...section("you hold", answer.holds.map(line)),
    ...section(
      "said of your work",
      answer.feedback.map(
        ({ task, reviewer, decision, body }) => `  ${task}: ${reviewer} ${DECIDED[decision] ?? decision}${body ? `: ${body}` : ""}`,
      ),
    ),
    ...section(
      "you were named",
      answer.mentions.map(({ task, by, body }) => `  ${task}, by ${by}: ${body}`),
    ),
    ...section("urgent", answer.urgent.map(line)),
    ...section(
      `since you last looked (seq ${answer.changes.since})`,
      answer.changes.recent.map((text) => `  ${text}`),
    ),
    ...section("also here", others.length === 0 ? [] : [`  ${others.join(", ")}`]),
    ...section(
      "and more, which did not fit",
      Object.entries(answer.left_out ?? {}).map(([list, count]) => `  ${count} ${LEFT_OUT[list] ?? list}`),
    ),
  ].map((text) => fit(clean(text), space.columns));
}
