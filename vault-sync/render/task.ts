import { isAnnouncement } from "../../protocol/lifecycle.ts";
import { attemptsOf } from "../attempts.ts";
import { frontMatter, Moment } from "../front-matter.ts";
import { callout, capped, inline, jsonBlock, oneLine, section, sections } from "../markdown.ts";
import type { Model, TaskState } from "../model.ts";
import { tag } from "../names.ts";
import type { TaskRecord } from "../record.ts";
import { phrase } from "./phrases.ts";
import { agentLink, heldBy, stateLabel, taskLink, when } from "./show.ts";

const MOST_LINKS = 200;

/** What is known of a task whose record cannot be had: only the log's part of it is told. */
const NO_RECORD: TaskRecord = {
  payload: null,
  result: null,
  description: "",
  review: "none",
  depends_on: [],
  attempts: [],
  reviews: [],
  notes: [],
};

/** The note of one task, up to the marker. */
export function taskNote(model: Model, task: TaskState, given: TaskRecord | undefined): string {
  const record = given ?? NO_RECORD;
  const { now } = task;
  return (
    taskProperties(model, task, record) +
    sections(
      [`# #${task.number} ${inline(now.name)}`],
      summary(model, task),
      record.description.trim() === "" ? [] : callout("abstract", "Description", record.description),
      section(
        "Depends on",
        capped(
          model.dependencies(task).map((other) => `- ${taskLink(other)} — ${stateLabel(model, other)}`),
          MOST_LINKS,
        ),
      ),
      section(
        "Needed by",
        capped(
          model.dependents(task).map((other) => `- ${taskLink(other)} — ${stateLabel(model, other)}`),
          MOST_LINKS,
        ),
      ),
      section("Names", names(model, task)),
      section("Named by", capped(namedBy(model, task), MOST_LINKS)),
      section("Payload", isGiven(record.payload) ? jsonBlock(record.payload) : []),
      section("Result", isGiven(record.result) ? jsonBlock(record.result) : []),
      section("Late results", lateResults(model, task)),
      section("Attempts", attempts(model, task, record)),
      section("Reviews", reviews(model, task, record)),
      section("Notes", notes(model, task, record)),
      section("History", history(model, task)),
    )
  );
}

function isGiven(value: unknown): boolean {
  return value !== null && value !== undefined;
}

function taskProperties(model: Model, task: TaskState, record: TaskRecord): string {
  const { now } = task;
  const agent = (handle: string | null) => (handle === null ? undefined : agentLink(model, handle));
  const related = [...model.neighbours(task)].filter((other) => other.id !== task.id);
  const tags = [
    `coord/kind/${tag(now.kind) ?? "other"}`,
    `coord/state/${now.state}`,
    ...now.labels.map(tag).filter((label) => label !== undefined),
  ];
  return frontMatter({
    coord: now.kind === "decision" ? "decision" : "task",
    id: task.id,
    number: task.number,
    name: now.name,
    aliases: [...new Set([oneLine(now.name), `#${task.number}`])].filter((alias) => alias !== ""),
    tags: tags.filter((each, index) => tags.findIndex((other) => other.toLowerCase() === each.toLowerCase()) === index),
    kind: now.kind,
    state: now.state,
    priority: now.priority,
    performer: now.performer,
    holder: agent(now.claimed_by),
    created_by: agent(now.created_by),
    assignee: agent(now.assignee),
    labels: now.labels,
    review: record.review,
    attempt: now.attempt,
    held: now.state === "pending" ? heldBy(model, task) !== undefined : false,
    depends_on: model.dependencies(task).map(taskLink),
    ...namedProperties(model, task),
    related: [...new Map(related.map((other) => [other.id, taskLink(other)])).values()].slice(0, MOST_LINKS),
    created: new Moment(task.createdAt),
    changed: new Moment(task.changedAt),
  });
}

function summary(model: Model, task: TaskState): string[] {
  const { now } = task;
  const holder =
    now.claimed_by === null ? "" : `${now.state === "claimed" ? "held by" : "last held by"} ${agentLink(model, now.claimed_by)}`;
  const parts = [
    `**${stateLabel(model, task)}**`,
    inline(now.kind),
    `${inline(now.priority)} priority`,
    now.performer === "user" ? "for a person" : "",
    holder,
    now.assignee === null ? "" : `reserved for ${agentLink(model, now.assignee)}`,
    now.attempt > 1 ? `attempt ${now.attempt}` : "",
    now.created_by === null ? "" : `${isAnnouncement(now.kind) ? "published" : "posted"} by ${agentLink(model, now.created_by)}`,
  ];
  return [parts.filter((part) => part !== "").join(" · ")];
}

function names(model: Model, task: TaskState): string[] {
  return task.extract.links.flatMap(({ label, to }) => {
    const other = model.resolve(to);
    return other === undefined || other.id === task.id ? [] : [`- ${inline(label)}: ${taskLink(other)} — ${stateLabel(model, other)}`];
  });
}

/** How a key of one task's payload reads from the task that it names. */
const REVERSED: Readonly<Record<string, string>> = {
  "fixed bug": "fixed by",
  bug: "bug of",
  ack: "ack of",
  "related bug": "related to",
  "related ack": "related to",
  "blocked by": "blocks",
  "follows up": "followed up by",
};

function namedBy(model: Model, task: TaskState): string[] {
  return model.namedBy(task).map((other) => {
    const labels = [...new Set(other.extract.links.filter(({ to }) => model.resolve(to)?.id === task.id).map(({ label }) => label))];
    const roles = labels.flatMap((label) => REVERSED[label] ?? []);
    const plain = labels.filter((label) => !Object.hasOwn(REVERSED, label)).map(inline);
    const words = [...new Set(roles), inline(other.now.kind), taskLink(other)].join(" ");
    return `- ${words}${plain.length > 0 ? ` (${plain.join(", ")})` : ""} — ${stateLabel(model, other)}`;
  });
}

/** The tasks that a payload names under the keys that coord gives a meaning, as properties: `fixed_bug`, `follows_up`, … */
function namedProperties(model: Model, task: TaskState): Record<string, string[]> {
  const properties: Record<string, string[]> = {};
  for (const { label, to } of task.extract.links) {
    const other = model.resolve(to);
    if (!Object.hasOwn(REVERSED, label) || other === undefined || other.id === task.id) continue;
    const name = label.replace(" ", "_");
    properties[name] = [...(properties[name] ?? []), taskLink(other)];
  }
  return properties;
}

function lateResults(model: Model, task: TaskState): string[] {
  const late = task.story.filter((entry) => entry.type === "task.late_result");
  return late.flatMap((entry, index) => [
    ...(index > 0 ? [""] : []),
    `${when(entry.at)}${entry.agent === undefined ? "" : ` by ${agentLink(model, entry.agent)}`}:`,
    "",
    ...jsonBlock(entry.say?.result ?? null),
  ]);
}

/** The reviews or notes that the log tells of: the record may already hold more, which the log's next lines will bring. */
function told(task: TaskState, type: string, idField: "review_id" | "note_id"): Set<unknown> {
  return new Set(task.story.filter((entry) => entry.type === type).map((entry) => entry.say?.[idField]));
}

/** Each round of work: who did it, how it ended, and what they said of it. A job that was simply done has its result and its history. */
function attempts(model: Model, task: TaskState, record: TaskRecord): string[] {
  const told = attemptsOf(task.story);
  if (told.length < 2 && record.review !== "required") return [];
  return told.flatMap(({ number, after, agents, began, ended, outcome, reason }, index) => {
    const who = agents.map((handle) => agentLink(model, handle)).join(", ");
    const why = after === "first" ? "" : `, after ${after}`;
    const title = `Attempt ${number}${why}: ${outcome} — ${who}, ${when(began)}${ended === null ? "" : ` to ${when(ended)}`}`;
    const summary = outcome === "under way" ? null : (record.attempts.find((one) => one.number === number)?.summary ?? null);
    const said = callout("example", title, summary ?? reason ?? "");
    return [...(index > 0 ? [""] : []), ...(summary || reason ? said : said.slice(0, 1))];
  });
}

function reviews(model: Model, task: TaskState, record: TaskRecord): string[] {
  const known = told(task, "review.decided", "review_id");
  const shown = record.reviews.filter((review) => known.has(review.review_id));
  return shown.flatMap((review, index) => {
    const { dismissed } = review;
    const title = `${when(review.at)} ${agentLink(model, review.reviewer)}: ${review.decision.replaceAll("_", " ")}, attempt ${review.attempt}`;
    const aside = dismissed ? [">", `> Set aside by ${agentLink(model, dismissed.by)}: ${inline(dismissed.reason)}`] : [];
    return [...(index > 0 ? [""] : []), ...callout("quote", title, review.body ?? ""), ...aside];
  });
}

function notes(model: Model, task: TaskState, record: TaskRecord): string[] {
  const known = told(task, "note.added", "note_id");
  const shown = record.notes.filter((note) => known.has(note.note_id));
  return shown.flatMap((note, index) => {
    const body =
      note.retracted || note.body === null
        ? `(taken back${note.retracted ? ` by ${inline(note.retracted.by)}: ${inline(note.retracted.reason)}` : ""})`
        : note.body;
    return [...(index > 0 ? [""] : []), ...callout("quote", `${when(note.at)} ${agentLink(model, note.author)}`, body)];
  });
}

function history(model: Model, task: TaskState): string[] {
  return task.story.map((entry) => `- ${when(entry.at)} ${phrase({ entry, task }, model, { it: "it" })}`);
}
