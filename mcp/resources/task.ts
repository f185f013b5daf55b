import type { Event, Note, Result, Review, Task } from "../../protocol/index.ts";
import { eventLine } from "./log.ts";
import { clipped, fenced, moment, named, oneLine } from "./text.ts";

type History = Result<"tasks/history">;

/** The most that each part of a task takes, in characters; what is longer is cut and says so. */
const MOST = { description: 6_000, payload: 6_000, result: 6_000, said: 1_500, summary: 1_500 } as const;
const SAID = 20;
const EVENTS = 30;

/** `coord://tasks/{id}`: the whole task, and what was said and done. Bodies that were taken back stay withheld. */
export function taskText(task: Task, history: History): string {
  const parts = [`# ${named(task, 512)}`, facts(task)];
  if (task.description !== "") parts.push("## Description", clipped(task.description, MOST.description));
  if (task.payload !== null) parts.push("## Payload", fenced(task.payload, MOST.payload));
  if (task.result !== null) parts.push("## Result", fenced(task.result, MOST.result));
  const summaries = history.attempts.flatMap(({ number, outcome, summary }) =>
    summary === null
      ? []
      : [
          `- attempt ${number}${outcome ? ` (${outcome.replace("_", " ")})` : ""}: ${clipped(oneLine(summary, MOST.summary), MOST.summary)}`,
        ],
  );
  if (summaries.length > 0) parts.push("## Attempts", summaries.join("\n"));
  const said = [...history.notes.map(noteText), ...history.reviews.map(reviewText)].sort((a, b) => (a.at < b.at ? -1 : 1));
  if (said.length > 0) {
    const shown = said.slice(-SAID).map(({ text }) => text);
    if (said.length > SAID) shown.unshift(`(${said.length - SAID} earlier ones: tasks_note without body)`);
    parts.push("## Notes and reviews", shown.join("\n\n"));
  }
  const events = history.events.slice(-EVENTS).map((event: Event) => `- ${eventLine(event, false)}`);
  if (history.events.length > EVENTS) events.unshift(`- … ${history.events.length - EVENTS} earlier ones`);
  parts.push("## History", events.join("\n"));
  return `${parts.join("\n\n")}\n`;
}

function facts(task: Task): string {
  const { claimed_by, lease_until, assignee, created_by, labels, depends_on, held } = task;
  const rows: [string, string | null | undefined][] = [
    ["id", task.id],
    ["state", task.state],
    ["kind", task.kind],
    ["priority", task.priority],
    [task.state === "claimed" ? "held by" : "last held by", claimed_by],
    ["lease until", lease_until],
    ["only for", assignee ?? (task.performer === "user" ? "a person" : null)],
    ["posted by", created_by],
    ["labels", labels.join(", ")],
    ["attempt", task.attempt > 0 ? String(task.attempt) : null],
    ["review", task.review === "required" ? `required, by ${task.required_approvals}` : null],
    ["depends on", depends_on.join(", ")],
    ["held", held ? `${held.reason}${held.blockers ? `: ${held.blockers.join(", ")}` : ""}` : null],
    ["changed", moment(task.updated_at)],
  ];
  return rows.flatMap(([name, value]) => (value ? [`- ${name}: ${oneLine(value, 400)}`] : [])).join("\n");
}

function noteText({ author, at, body, retracted }: Note) {
  return {
    at,
    text: `**${oneLine(author, 60)}**, ${moment(at)}: ${words(body, retracted && `taken back by ${retracted.by}: ${retracted.reason}`)}`,
  };
}

function reviewText({ reviewer, at, body, decision, attempt, dismissed }: Review) {
  const aside = dismissed ? ` (set aside by ${oneLine(dismissed.by, 60)})` : "";
  return {
    at,
    text: `**${oneLine(reviewer, 60)}**, ${moment(at)}, ${decision.replace("_", " ")} of attempt ${attempt}${aside}: ${words(body, null)}`,
  };
}

function words(body: string | null, withheld: string | null): string {
  if (withheld !== null) return `(${oneLine(withheld, 300)})`;
  return body === null ? "(no words)" : clipped(body, MOST.said, "tasks_note without body has it all");
}
