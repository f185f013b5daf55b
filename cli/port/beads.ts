import type { ImportedState } from "../../protocol/import.ts";
import { isAnnouncement } from "../../protocol/lifecycle.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { type Draft, Fitting, idOf, Reading, wellFormed } from "./draft.ts";
import { type Fields, isObject, listIn, textIn } from "./lines.ts";

/** What Beads' own numbers mean, 0 being the most urgent. The last goes after coord's `low`, as any other word does. */
const PRIORITIES = ["urgent", "high", "normal", "low", "lowest"] as const;

/** What a status becomes, and why where it is not the same thing. */
const STATES: Readonly<Record<string, { to: ImportedState; why: string }>> = {
  open: { to: "pending", why: "" },
  in_progress: { to: "pending", why: "a hold is not carried over" },
  hooked: { to: "pending", why: "a hold is not carried over" },
  closed: { to: "completed", why: "" },
  deferred: { to: "backlog", why: "put off there; coord ready releases it" },
  pinned: { to: "backlog", why: "it stays open for ever there; nobody is to be handed it" },
};
const BLOCKED = {
  held: { to: "pending", why: "what it depends on holds it here, too" },
  bare: { to: "backlog", why: "blocked there by nothing that it depends on; coord ready releases it" },
} as const;
const CONTAINER = { to: "backlog", why: "it holds other work together; nobody is to be handed it" } as const;
const STRANGE = { to: "backlog", why: "coord does not know this status; coord ready releases it" } as const;

/** Kinds that hold work together, and those that are the tool's own machinery. */
const CONTAINERS: readonly string[] = ["epic", "milestone", "molecule"];
const MACHINERY: readonly string[] = ["gate", "event", "message", "agent", "role", "rig"];

/** Of a dependency's types, the one that holds a job here. The others say how two things have to do with each other. */
const BLOCKS = "blocks";

/** What of an issue has a place of its own in coord, or is told in its first note; the rest is kept in the payload as it is. */
const TOLD = new Set(
  "_type id title description design acceptance_criteria notes status priority issue_type assignee owner created_at created_by updated_at started_at closed_at close_reason labels dependencies comments dependency_count dependent_count comment_count".split(
    " ",
  ),
);

/** Reads Beads' lines: an issue each, as `bd export` and `.beads/issues.jsonl` have them; memories (`bd remember`) become knowledge. */
export async function readBeads(
  records: AsyncIterable<{ line: number; fields: Fields }>,
  source: string,
  { keepAssignees }: { keepAssignees: boolean },
  reading = new Reading("beads", source),
): Promise<Reading> {
  for await (const { line, fields } of records) {
    if ("_schema" in fields) continue; // says how the file is sorted
    if (fields._type === "memory") {
      memory(reading, line, fields);
      continue;
    }
    const id = textIn(fields, "id");
    const title = textIn(fields, "title");
    if (id === undefined) reading.wrong(line, "an issue without an id");
    else if (textIn(fields, "status") === "tombstone") reading.remark("a deleted issue is left out", line);
    else if (fields.ephemeral === true || fields.wisp === true) reading.remark("an ephemeral issue is left out", line);
    else if (fields.is_template === true) reading.remark("a template is left out", line);
    else if (title === undefined || title.trim() === "") reading.wrong(line, `${id}: it has no title`);
    else issue(reading, line, id, title, fields, keepAssignees);
  }
  if (reading.drafts.length === 0 && reading.mistakes.length === 0 && reading.remarks.length === 0)
    reading.wrong(1, "there is no issue in it");
  return reading;
}

function issue(reading: Reading, line: number, key: string, title: string, fields: Fields, keepAssignees: boolean): void {
  const fit = new Fitting(reading, line);
  const status = textIn(fields, "status") ?? "open";
  const type = textIn(fields, "issue_type") ?? "task";
  const links = listIn(fields, "dependencies").flatMap((one) => {
    if (isObject(one) && typeof one.depends_on_id === "string") return [{ on: one.depends_on_id, how: textIn(one, "type") ?? BLOCKS }];
    reading.wrong(line, `${key}: a dependency without depends_on_id`);
    return [];
  });
  const blocking = links.filter(({ how }) => how === BLOCKS);
  const { to, why } = stateOf(status, type, blocking.length > 0);
  reading.mapped(MACHINERY.includes(type) || CONTAINERS.includes(type) ? `${status} ${type}` : status, to, why);
  const kind = isAnnouncement(type) && to !== "completed" ? "task" : fit.word(type, LIMITS.kind_chars.value, "task");
  const labels = listIn(fields, "labels").filter((label) => typeof label === "string");
  const priority = PRIORITIES[fields.priority as number];
  if (fields.priority !== undefined && priority === undefined) {
    reading.wrong(line, `${key}: priority is 0 to 4, not ${JSON.stringify(fields.priority)}`);
  }
  const assignee = textIn(fields, "assignee");
  const rest = Object.entries(fields).filter(([name, value]) => !TOLD.has(name) && value !== null && value !== "");
  const created = textIn(fields, "created_at");
  const draft: Draft = {
    line,
    key,
    id: idOf("beads", key, created ?? ""),
    task: {
      name: fit.name(title),
      kind,
      priority: priority ?? "normal",
      description: fit.description(description(fields)),
      labels: fit.labels(kind === type ? labels : [...labels, type]),
      state: to,
      ...(keepAssignees && assignee !== undefined && to !== "completed" ? { assignee: assignee.trim() } : {}),
      payload: { imported: { from: "beads", id: key, ...Object.fromEntries(rest) } },
      ...(to === "completed" && textIn(fields, "close_reason") ? { result: { close_reason: fields.close_reason } } : {}),
    },
    dependsOn: blocking.map(({ on }) => ({ key: on, line })),
    related: links.filter(({ how }) => how !== BLOCKS).map(({ on, how }) => ({ how, key: on })),
    facts: [
      `created ${created ?? "?"}${by(fields, "created_by")}${by(fields, "owner", "; owner ")}`,
      `status there: ${status}${assignee ? `, assigned to ${assignee}` : ""}${why ? `; ${to} here: ${why}` : ""}`,
      ...(textIn(fields, "closed_at") ? [`closed ${textIn(fields, "closed_at")}${by(fields, "close_reason", ": ")}`] : []),
      ...fit.facts,
    ],
    notes: [...fit.notes, ...comments(reading, line, key, fields)],
  };
  reading.drafts.push(draft);
}

function stateOf(status: string, type: string, held: boolean): { to: ImportedState; why: string } {
  if (status === "closed") return STATES.closed!;
  if (CONTAINERS.includes(type)) return CONTAINER;
  if (MACHINERY.includes(type)) return { to: "backlog", why: `a ${type} is the other tool's own; nobody is to be handed it` };
  if (status === "blocked") return held ? BLOCKED.held : BLOCKED.bare;
  return Object.hasOwn(STATES, status) ? STATES[status]! : STRANGE;
}

/** All texts that tell whoever works on it what to do, each under its name. */
function description(fields: Fields): string {
  const parts = [textIn(fields, "description") ?? ""];
  for (const [name, title] of [
    ["design", "Design"],
    ["acceptance_criteria", "Acceptance criteria"],
    ["notes", "Notes"],
  ] as const) {
    const text = textIn(fields, name);
    if (text !== undefined) parts.push(`## ${title}\n\n${text}`);
  }
  return parts.filter((part) => part !== "").join("\n\n");
}

function comments(reading: Reading, line: number, key: string, fields: Fields): string[] {
  return listIn(fields, "comments").flatMap((one) => {
    if (!isObject(one)) {
      reading.wrong(line, `${key}: a comment that is no object`);
      return [];
    }
    const text = wellFormed(textIn(one, "text") ?? "");
    return text.trim() === "" ? [] : [`comment by ${textIn(one, "author") ?? "?"}, ${textIn(one, "created_at") ?? "?"}\n\n${text}`];
  });
}

function memory(reading: Reading, line: number, fields: Fields): void {
  const [key, value] = [textIn(fields, "key"), textIn(fields, "value")];
  if (key === undefined || value === undefined) {
    reading.wrong(line, "a memory has a key and a value");
    return;
  }
  const fit = new Fitting(reading, line);
  reading.mapped("memory", "completed", "knowledge is an announcement here");
  reading.drafts.push({
    line,
    key: `memory ${key}`,
    id: idOf("beads", "memory", key, value),
    task: {
      name: fit.name(key),
      kind: "knowledge",
      description: fit.description(value),
      state: "completed",
      payload: { imported: { from: "beads", memory: key } },
    },
    dependsOn: [],
    related: [],
    facts: fit.facts,
    notes: fit.notes,
  });
}

function by(fields: Fields, name: string, before = " by "): string {
  const value = textIn(fields, name);
  return value === undefined ? "" : `${before}${value}`;
}
