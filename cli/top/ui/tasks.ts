import { isAnnouncement } from "../../../protocol/lifecycle.ts";
import { type Concern, concernOf } from "../model/attention.ts";
import { type Hold, holdOf } from "../model/held.ts";
import type { Row } from "../model/row.ts";
import { left, spanText } from "../model/times.ts";
import type { ViewName } from "../model/view-names.ts";
import { stateWord, type TaskLine } from "../model/views.ts";
import { safe } from "../text.ts";
import { type Column, type Line, line, row, rule, type Span, span, titles } from "./line.ts";
import type { Picture } from "./picture.ts";
import { priorityTone, stateTone } from "./tones.ts";

type Field = "mark" | "number" | "age" | "priority" | "kind" | "state" | "attempt" | "holder" | "left" | "why" | "name";

const COLUMNS: Readonly<Record<Field, Column>> = {
  mark: { title: "", width: 1 },
  number: { title: "#", width: 4, align: "right" },
  age: { title: "AGE", width: 4, align: "right" },
  priority: { title: "PRIO", width: 6 },
  kind: { title: "KIND", width: 8 },
  state: { title: "STATE", width: 11 },
  attempt: { title: "TRY", width: 3, align: "right" },
  holder: { title: "HOLDER", width: 14 },
  left: { title: "LEFT", width: 6, align: "right" },
  why: { title: "WHY", width: 24 },
  name: { title: "NAME", width: 0 },
};

const ROOMY = 100;
/** Narrower than this, age and kind give their columns to the name; narrower still, priority and holder too. */
const NARROW = 72;
const NARROWEST = 52;
/** The reason's share of a wide list, beside the name. */
const WHY_PART = 0.5;

function fieldsOf(view: ViewName, width: number): Field[] {
  if (view === "attention") {
    if (width >= ROOMY) return ["mark", "number", "age", "priority", "state", "attempt", "holder", "why", "name"];
    return width >= NARROW ? ["mark", "number", "age", "priority", "why", "name"] : ["mark", "number", "why", "name"];
  }
  if (width >= ROOMY) return ["mark", "number", "age", "priority", "kind", "state", "attempt", "holder", "left", "name"];
  if (width >= NARROW) return ["mark", "number", "age", "priority", "kind", "state", "attempt", "holder", "name"];
  return width >= NARROWEST
    ? ["mark", "number", "priority", "state", "attempt", "holder", "name"]
    : ["mark", "number", "state", "attempt", "name"];
}

/** The list of tasks: a rule, the columns' titles, and the lines that are on the screen; no others are made. */
export function taskListLines(of: Picture): Line[] {
  const { layout, tasks, ui, top } = of;
  const width = layout.left;
  const isRoomy = width >= ROOMY;
  const fields = fieldsOf(ui.view, width);
  const visible = tasks.slice(top, top + layout.listRows);
  const digits = visible.reduce((most, { row: task }) => Math.max(most, String(task.number).length), COLUMNS.number.width);
  const columns = fields.map((field): Column => {
    const column = COLUMNS[field];
    if (field === "number") return { ...column, width: digits };
    if (field === "why") return { ...column, width: Math.max(column.width, Math.floor((width - taken(fields)) * WHY_PART)) };
    return isRoomy && (field === "holder" || field === "kind") ? { ...column, width: column.width + 6 } : column;
  });
  const lines = visible.map((task, index): Line => {
    const isSelected = top + index === of.index;
    const each = { ...task, concern: concernOf(task.row, of.board, of.now), hold: holdOf(task.row, of.board) };
    const cells = fields.map((field) => cellOf(field, each, of.now, isSelected));
    return { ...line(...row(columns, cells, width)), isSelected };
  });
  return [rule(`tasks · ${ui.view}`, remarkOf(of), width), titles(columns, width), ...(tasks.length === 0 ? [emptyLine(of)] : lines)];
}

/** Columns that the fields of a fixed width take, with the gaps after them. */
function taken(fields: readonly Field[]): number {
  return fields.reduce((sum, field) => sum + (field === "why" ? 0 : COLUMNS[field].width + 1), 0);
}

function remarkOf(of: Picture): string {
  const { tasks, top, layout, ui, summary } = of;
  const end = Math.min(tasks.length, top + layout.listRows);
  const part = tasks.length > layout.listRows ? `${top + 1}-${end} of ${tasks.length}` : String(tasks.length);
  const filter = ui.filter === "" ? "" : `filter: ${safe(ui.filter)} · `;
  const unseen = ui.view === "all" && summary.unseen > 0 ? ` · ${summary.unseen} older not read` : "";
  return `${filter}${part}${unseen}`;
}

function emptyLine({ ui, phase, summary }: Picture): Line {
  const rest = (Object.values(summary.tasks) as number[]).some((count) => count > 0) ? "" : ": coord send 'fix the login', or press s";
  const text =
    phase === "reading"
      ? "reading…"
      : ui.filter !== ""
        ? "nothing matches the filter; Esc drops it"
        : ui.view === "attention"
          ? "nothing needs you"
          : `nothing ${ui.view === "active" ? "to do" : "on the board"}${rest}`;
  return line(span(`  ${text}`, "dim"));
}

function cellOf(
  field: Field,
  { row: task, concern, hold, isContext }: TaskLine & { concern: Concern | null; hold: Hold | null },
  now: number,
  isSelected: boolean,
): Span {
  switch (field) {
    case "mark":
      return span(isSelected ? "›" : concern && concern.code !== "person" ? "!" : "", concern && !isSelected ? "bad" : "strong");
    case "number":
      return span(String(task.number), "strong");
    case "age":
      return span(spanText(now - (task.createdAt ?? task.changedAt)), "dim");
    case "priority":
      return span(safe(task.priority), isContext ? "dim" : priorityTone(task.priority));
    case "kind":
      return span(safe(task.kind), isContext ? "dim" : "plain");
    case "state":
      return span(stateWord(task), isContext ? "dim" : stateTone(task.state, task.ready));
    case "attempt":
      return span(task.attempt === 0 ? "" : String(task.attempt), task.attempt > 1 ? "plain" : "dim");
    case "holder":
      return hold === null ? holderOf(task) : heldBy(hold);
    case "left":
      return leftOf(task, now);
    case "why":
      return span(safe(concern?.text ?? ""), task.state === "failed" || concern?.code === "lease_over" ? "bad" : "warn");
    case "name":
      return span(safe(task.name), isContext ? "dim" : "plain");
  }
}

/** What a held job waits for: `needs #3`, or the one that will not come by itself: `#3 failed`. */
function heldBy({ reason, blockers }: Hold): Span {
  const [first, ...others] = blockers;
  const numbers = first === undefined ? "" : `#${first.number}${others.length === 0 ? "" : ` +${others.length}`}`;
  if (reason === "dependency_failed") return span(`${numbers} failed`, "bad");
  if (reason === "dependency_cancelled") return span(`${numbers} cancelled`, "bad");
  return span(numbers === "" ? "dependencies" : `needs ${numbers}`, "dim");
}

/** Who holds it or held it last; for what nobody holds, whom it is reserved for; for an announcement, whose it is. */
function holderOf(task: Row): Span {
  if (task.claimedBy !== null) return span(safe(task.claimedBy), task.state === "claimed" ? "plain" : "dim");
  if (task.assignee !== null) return span(`→ ${safe(task.assignee)}`, "dim");
  return isAnnouncement(task.kind) && task.createdBy !== null ? span(safe(task.createdBy), "dim") : span("");
}

function leftOf(task: Row, now: number): Span {
  if (task.state !== "claimed") return span("");
  if (task.leaseUntil === null) return span("none", "dim");
  const remaining = task.leaseUntil - now;
  return span(left(remaining), remaining < 30_000 ? "bad" : "plain");
}
