import { STATES } from "../../protocol/lifecycle.ts";
import type { Task } from "../../protocol/records.ts";
import { jsonText } from "./print.ts";
import { type Cell, type Column, type TableSpace, table } from "./table.ts";
import { paint, type Style } from "./terminal.ts";
import { clean, cleanLines, fit, wrap } from "./text.ts";
import { age, ago } from "./time.ts";

export const STATE_STYLES: Partial<Record<Task["state"], Style>> = {
  claimed: "yellow",
  review: "cyan",
  completed: "green",
  failed: "red",
  cancelled: "dim",
  backlog: "dim",
  idea: "dim",
};
const PRIORITY_STYLES: ReadonlyMap<string, Style> = new Map([
  ["urgent", "red"],
  ["high", "yellow"],
  ["low", "dim"],
]);

/** The state as people read it: `Ready`, or `Held` where a ready job cannot be claimed yet. */
export function stateLabel(task: Pick<Task, "state" | "held">): string {
  return task.state === "pending" && task.held ? "Held" : STATES[task.state].label;
}

const COLUMNS: readonly Column[] = [
  { title: "#", align: "right" },
  { title: "STATE", most: 11 },
  { title: "PRIO", most: 8, goes: 3 },
  { title: "KIND", most: 10, goes: 2 },
  { title: "AGE", align: "right", goes: 1 },
  { title: "AGENT", most: 16, goes: 4 },
  { title: "NAME", isFlexible: true },
];

export function taskTable(tasks: readonly Task[], now: number, space: TableSpace): string[] {
  const rows = tasks.map((task): Cell[] => [
    { text: String(task.number) },
    cell(stateLabel(task), STATE_STYLES[task.state]),
    cell(task.priority, PRIORITY_STYLES.get(task.priority)),
    { text: task.kind },
    { text: age(task.updated_at, now) },
    { text: task.claimed_by ?? (task.assignee ? `→ ${task.assignee}` : "") },
    { text: task.name },
  ]);
  return table(COLUMNS, rows, space);
}

function cell(text: string, style: Style | undefined): Cell {
  return style ? { text, style } : { text };
}

/** `#12 name`, on one line of at most so many columns. */
export function taskTitle(task: Pick<Task, "number" | "name">, columns: number): string {
  return fit(`#${task.number} ${clean(task.name)}`, columns);
}

const LABEL_COLUMNS = 13;

const HELD_BY: Readonly<Record<NonNullable<Task["held"]>["reason"], (by: string) => string>> = {
  dependencies: (by) => `Held: waits for ${by}`,
  dependency_failed: (by) => `Held: ${by} failed`,
  dependency_cancelled: (by) => `Held: ${by} was cancelled`,
};

/** Everything about one task. @param others the tasks that it depends on, as far as they were read: the rest is shown by id. */
export function taskDetails(task: Task, now: number, space: TableSpace, others: readonly Task[] = []): string[] {
  const other = (id: string) => others.find((one) => one.id === id);
  const shortly = (ids: readonly string[] = []) =>
    ids
      .map((id) => {
        const known = other(id);
        return known ? `#${known.number}` : id;
      })
      .join(", ");
  const lines = wrap(`#${task.number} ${clean(task.name)}`, space.columns).map((line) => paint(line, "bold", space.colour));
  const say = (label: string, value: string | null | undefined) => {
    if (!value) return;
    const [first = "", ...more] = wrap(clean(value), space.columns - LABEL_COLUMNS);
    lines.push(paint(label.padEnd(LABEL_COLUMNS), "dim", space.colour) + first, ...more.map((line) => " ".repeat(LABEL_COLUMNS) + line));
  };
  say("state", task.state === "pending" && task.held ? HELD_BY[task.held.reason](shortly(task.held.blockers)) : stateLabel(task));
  say("kind", `${task.kind}, ${task.priority} priority, for ${task.performer === "user" ? "a person" : "an agent"}`);
  say(task.state === "claimed" ? "held by" : "last held by", task.claimed_by);
  if (task.lease_until) say("lease", `ends ${ago(task.lease_until, now)} (${task.lease_until})`);
  say("assignee", task.assignee);
  say("labels", task.labels.join(", "));
  if (task.review === "required") say("review", task.required_approvals > 1 ? `required, by ${task.required_approvals}` : "required");
  if (task.attempt > 0) say("attempt", String(task.attempt));
  for (const [at, id] of task.depends_on.entries()) {
    const known = other(id);
    say(at === 0 ? "depends on" : "", known ? `#${known.number} ${known.name} · ${stateLabel(known)}` : id);
  }
  say("posted", `${ago(task.created_at, now)}${task.created_by ? ` by ${task.created_by}` : ""} (${task.created_at})`);
  say("changed", `${ago(task.updated_at, now)}, rev ${task.rev}`);
  say("id", task.id);
  if (task.claim) say("claim_id", task.claim.claim_id);
  lines.push(...block("description", cleanLines(task.description), task.description !== "", space));
  lines.push(...block("payload", jsonLines(task.payload), task.payload !== null && task.payload !== undefined, space));
  lines.push(...block("result", jsonLines(task.result), task.result !== null && task.result !== undefined, space));
  return lines;
}

function jsonLines(value: unknown): string[] {
  return value === undefined ? [] : cleanLines(jsonText(value, true));
}

function block(title: string, body: readonly string[], isShown: boolean, space: TableSpace): string[] {
  if (!isShown) return [];
  return ["", paint(title, "dim", space.colour), ...body.flatMap((line) => wrap(line, space.columns - 2).map((piece) => `  ${piece}`))];
}
