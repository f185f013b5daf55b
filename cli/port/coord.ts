import type { ImportedState, ImportTaskIn } from "../../protocol/import.ts";
import { isTerminal, type State, stateFromInput } from "../../protocol/lifecycle.ts";
import { type Draft, Reading } from "./draft.ts";
import { EXPORT_VERSION } from "./format.ts";
import { type Fields, isObject, listIn, textIn } from "./lines.ts";

/** What becomes of a state that stands on something that happened there. */
const ELSEWHERE: Partial<Record<State, { to: ImportedState; why: string }>> = {
  claimed: { to: "pending", why: "a hold is not carried over" },
  review: { to: "backlog", why: "its work waits for a decision there; release it to have it done here" },
  failed: { to: "backlog", why: "it failed there; release it to have it tried again" },
};

interface Gathered {
  readonly line: number;
  readonly task: Fields;
  readonly dependsOn: { key: string; line: number }[];
  readonly facts: string[];
  readonly notes: string[];
  reason?: string;
}

/**
 * Reads the records of an export. Tasks keep their ids, so that what is on the board already is known; attempts, reviews and notes become
 * notes, since only their authors can have written them; agents and the log stay where they are.
 */
export async function readCoord(records: AsyncIterable<{ line: number; fields: Fields }>, source: string): Promise<Reading> {
  const reading = new Reading("coord", source);
  const tasks = new Map<string, Gathered>();
  const counts = new Map<string, number>();
  let expected: Fields | undefined;
  let last = 0;
  let first = true;
  for await (const { line, fields } of records) {
    last = line;
    const record = textIn(fields, "record") ?? "";
    if (first) {
      first = false;
      if (!isHead(fields, reading, line)) return reading;
      continue;
    }
    if (record === "end") {
      expected = isObject(fields.counts) ? fields.counts : {};
      continue;
    }
    counts.set(record, (counts.get(record) ?? 0) + 1);
    if (record === "task") {
      const id = textIn(fields, "id");
      if (id === undefined) reading.wrong(line, "a task without an id");
      else if (tasks.has(id)) reading.wrong(line, `task ${id} is there twice: line ${tasks.get(id)!.line} has it, too`);
      else tasks.set(id, { line, task: fields, dependsOn: [], facts: [], notes: [] });
      continue;
    }
    const of = textIn(fields, "task_id");
    const gathered = of === undefined ? undefined : tasks.get(of);
    if (gathered) take(gathered, record, fields, line);
    else if (record === "dependency" || record === "note" || record === "review") {
      reading.wrong(line, `a ${record} of task ${of ?? "?"}, which does not come before it`);
    }
  }
  if (first) reading.wrong(1, "it is empty");
  else if (expected === undefined) reading.wrong(last, "its last line (record end) is missing: it was cut off");
  else {
    for (const [record, count] of Object.entries(expected)) {
      const found = counts.get(record) ?? 0;
      if (found !== count) reading.remark(`it says that it has ${count} of ${record} and has ${found}; was it filtered?`, last);
    }
  }
  for (const gathered of tasks.values()) reading.drafts.push(draftOf(reading, gathered));
  return reading;
}

function isHead(fields: Fields, reading: Reading, line: number): boolean {
  if (fields.record !== "coord_export" || typeof fields.version !== "number") {
    reading.wrong(line, 'it does not begin as coord export begins: {"record":"coord_export","version":1,…}');
    return false;
  }
  if (fields.version > EXPORT_VERSION) {
    reading.wrong(line, `it has version ${fields.version} of the format, this coord reads ${EXPORT_VERSION}: update coord`);
    return false;
  }
  return true;
}

function take(gathered: Gathered, record: string, fields: Fields, line: number): void {
  const word = (name: string) => textIn(fields, name) ?? "?";
  if (record === "dependency") gathered.dependsOn.push({ key: word("depends_on"), line });
  if (record === "attempt" && fields.outcome !== null) {
    const summary = textIn(fields, "summary");
    gathered.facts.push(`attempt ${String(fields.number)} ended ${word("ended_at")}: ${word("outcome")}${summary ? `: ${summary}` : ""}`);
  }
  if (record === "review") {
    const body = textIn(fields, "body");
    const said = `${word("decision")} by ${word("reviewer")} on attempt ${String(fields.attempt)}, ${word("at")}`;
    if (body === undefined) gathered.facts.push(`review: ${said}`);
    else gathered.notes.push(`review: ${said}\n\n${body}`);
  }
  if (record === "note") {
    const body = textIn(fields, "body");
    const said = `note by ${word("author")}, ${word("at")}`;
    if (body === undefined) gathered.facts.push(`${said}: retracted`);
    else gathered.notes.push(`${said}\n\n${body}`);
  }
  if (record === "event" && (fields.type === "task.cancelled" || fields.type === "task.failed") && isObject(fields.data)) {
    const reason = textIn(fields.data, "reason");
    if (reason !== undefined) gathered.reason = reason;
  }
}

function draftOf(reading: Reading, { line, task, dependsOn, facts, notes, reason }: Gathered): Draft {
  const id = textIn(task, "id")!.toLowerCase();
  const given = textIn(task, "state") ?? "";
  const state = stateFromInput(given);
  if (state === undefined) reading.wrong(line, `${id}: there is no state ${JSON.stringify(given)}`);
  const other = state === undefined ? undefined : ELSEWHERE[state];
  const to = other?.to ?? ((state ?? "backlog") as ImportedState);
  reading.mapped(given, to, other?.why ?? "");
  const by = textIn(task, "claimed_by");
  const own = [
    `#${String(task.number)} there, posted ${textIn(task, "created_at") ?? "?"}${textIn(task, "created_by") ? ` by ${textIn(task, "created_by")}` : ""}`,
    `state there: ${given}${by ? (state === "claimed" ? `, held by ${by}` : `, last held by ${by}`) : ""}${other ? `; ${to} here: ${other.why}` : ""}`,
    ...(reason === undefined ? [] : [`reason: ${reason}`]),
    ...(task.result !== null && task.result !== undefined && (state === undefined || !isTerminal(state))
      ? ["it had a result, which is in the last note"]
      : []),
  ];
  const open = task.result !== null && task.result !== undefined && to !== "completed";
  const fields = ["name", "kind", "priority", "payload", "description", "performer", "assignee", "labels", "review", "required_approvals"];
  const known = Object.fromEntries(fields.flatMap((name) => (task[name] === undefined || task[name] === null ? [] : [[name, task[name]]])));
  return {
    line,
    key: id,
    id,
    task: {
      ...(known as Pick<ImportTaskIn, "name">),
      labels: listIn(task, "labels") as string[],
      state: to,
      ...(to === "completed" && task.result !== undefined && task.result !== null ? { result: task.result } : {}),
      ...(to === "cancelled" && reason !== undefined ? { reason } : {}),
    },
    dependsOn: dependsOn.map(({ key, line }) => ({ key: key.toLowerCase(), line })),
    related: [],
    facts: [...own, ...facts],
    notes: open ? [...notes, `the result there:\n\n${JSON.stringify(task.result, null, 2)}`] : notes,
  };
}
