import type { ImportedState } from "../../protocol/import.ts";
import { Fitting, idOf, Reading } from "./draft.ts";

/**
 * What a column becomes. The local database has five words, the cloud export the names of columns, which can be others in each project;
 * spaces, dashes and case do not count.
 */
const STATES: Readonly<Record<string, { to: ImportedState; why: string }>> = {
  backlog: { to: "backlog", why: "" },
  todo: { to: "pending", why: "" },
  inprogress: { to: "pending", why: "a hold is not carried over" },
  inreview: { to: "backlog", why: "its work waits for a decision there; coord ready has it done here" },
  done: { to: "completed", why: "" },
  cancelled: { to: "cancelled", why: "" },
};
const STRANGE = { to: "backlog", why: "a column of that project's own; coord ready releases it" } as const;

const PRIORITIES: Readonly<Record<string, string>> = { urgent: "urgent", high: "high", medium: "normal", low: "low", "": "normal" };

/** One task of either format, its texts as they are there. */
export interface Card {
  readonly line: number;
  /** What people call it: `VK-12`, or the beginning of its id. */
  readonly key: string;
  /** Never the same for two. */
  readonly identity: readonly string[];
  readonly title: string;
  readonly description: string;
  readonly status: string;
  readonly priority: string;
  readonly project: string;
  readonly parent: string | undefined;
  readonly created: string;
  readonly facts: readonly string[];
  /** Kept in the payload. */
  readonly more: Readonly<Record<string, string>>;
}

/** A card's parent does not wait for it there, nor it for its parent: that is told in a note, and is no dependency. */
export function readCards(cards: Iterable<Card>, source: string, reading = new Reading("vibe-kanban", source)): Reading {
  for (const card of cards) {
    const { line, key } = card;
    if (card.title.trim() === "") {
      reading.wrong(line, `${key}: it has no title`);
      continue;
    }
    const fit = new Fitting(reading, line);
    const word = card.status.toLowerCase().replace(/[\s_-]/g, "");
    const { to, why } = Object.hasOwn(STATES, word) ? STATES[word]! : STRANGE;
    reading.mapped(card.status, to, why);
    const priority = PRIORITIES[card.priority.toLowerCase()];
    if (priority === undefined) reading.remark(`the priority ${JSON.stringify(card.priority)} is normal here`, line);
    reading.drafts.push({
      line,
      key,
      id: idOf("vibe-kanban", ...card.identity),
      task: {
        name: fit.name(card.title),
        kind: "task",
        priority: priority ?? "normal",
        description: fit.description(card.description),
        labels: fit.labels(card.project === "" ? [] : [card.project]),
        state: to,
        payload: { imported: { from: "vibe-kanban", id: key, project: card.project, ...card.more } },
      },
      dependsOn: [],
      related: card.parent === undefined ? [] : [{ how: "part of", key: card.parent }],
      facts: [
        `created ${card.created}, in the project ${card.project || "?"}`,
        `status there: ${card.status}${why ? `; ${to} here: ${why}` : ""}`,
        ...card.facts,
        ...fit.facts,
      ],
      notes: fit.notes,
    });
  }
  if (reading.drafts.length === 0 && reading.mistakes.length === 0) reading.wrong(1, "there is no task in it");
  return reading;
}

const COLUMNS = ["Issue ID", "Title", "Description", "Status"] as const;

/** The rows of `issues.csv` in a Vibe Kanban cloud export. A mistake of its form goes into the reading. */
export function* cardsOfCsv(rows: Iterable<{ line: number; cells: readonly string[] }>, reading: Reading): Generator<Card> {
  let header: readonly string[] | undefined;
  for (const { line, cells } of rows) {
    if (header === undefined) {
      header = cells;
      const missing = COLUMNS.filter((name) => !cells.includes(name));
      if (missing.length > 0) {
        reading.wrong(line, `issues.csv has no column ${missing.join(", ")}`);
        return;
      }
      continue;
    }
    if (cells.length !== header.length) {
      reading.wrong(line, `the row has ${cells.length} cells, the header ${header.length}`);
      continue;
    }
    const names: readonly string[] = header;
    const cell = (name: string) => cells[names.indexOf(name)] ?? "";
    const key = cell("Issue ID");
    if (key === "") {
      reading.wrong(line, "the row has no Issue ID");
      continue;
    }
    const told = (name: string, how: string) => (cell(name) === "" ? [] : [`${how} ${cell(name)}`]);
    yield {
      line,
      key,
      identity: [cell("Project"), key, cell("Created")],
      title: cell("Title"),
      description: cell("Description"),
      status: cell("Status"),
      priority: cell("Priority"),
      project: cell("Project"),
      parent: cell("Parent Issue") || undefined,
      created: `${cell("Created") || "?"}${cell("Creator") ? ` by ${cell("Creator")}` : ""}`,
      facts: [
        ...told("Assignee(s)", "assigned to"),
        ...told("Start Date", "start"),
        ...told("Due Date", "due"),
        ...told("Completed", "completed"),
      ],
      more: Object.fromEntries(
        ["Start Date", "Due Date", "Completed", "Assignee(s)"].flatMap((name) => (cell(name) === "" ? [] : [[name, cell(name)]])),
      ),
    };
  }
  if (header === undefined) reading.wrong(1, "issues.csv is empty");
}

/** Rows as the local database is asked for them, see sqlite.ts. */
export interface TaskRow {
  readonly line: number;
  readonly id: string;
  readonly project: string | null;
  readonly title: string | null;
  readonly description: string | null;
  readonly status: string | null;
  readonly created_at: string | null;
  /** The attempt that it came out of. */
  readonly parent: string | null;
}

export interface AttemptRow {
  readonly id: string;
  readonly task_id: string | null;
  readonly branch: string | null;
  readonly created_at: string | null;
}

export function* cardsOfTables(tasks: readonly TaskRow[], attempts: readonly AttemptRow[]): Generator<Card> {
  const key = (id: string) => id.toLowerCase().slice(0, 12);
  const taskOf = new Map(attempts.map(({ id, task_id }) => [id, task_id]));
  const byTask = grouped(attempts);
  for (const row of tasks) {
    const own = byTask.get(row.id) ?? [];
    const parent = row.parent === null ? undefined : taskOf.get(row.parent);
    yield {
      line: row.line,
      key: key(row.id),
      identity: [row.id],
      title: row.title ?? "",
      description: row.description ?? "",
      status: row.status ?? "",
      priority: "",
      project: row.project ?? "",
      parent: parent ? key(parent) : undefined,
      created: row.created_at ?? "?",
      facts: own.map(({ branch, created_at }, at) => `attempt ${at + 1} there: ${created_at ?? "?"}${branch ? `, branch ${branch}` : ""}`),
      more: { task_id: row.id.toLowerCase() },
    };
  }
}

/** In the order given. */
function grouped(attempts: readonly AttemptRow[]): Map<string | null, AttemptRow[]> {
  const groups = new Map<string | null, AttemptRow[]>();
  for (const attempt of attempts) groups.set(attempt.task_id, [...(groups.get(attempt.task_id) ?? []), attempt]);
  return groups;
}
