import {
  foldCase,
  isAnnouncement,
  LIMITS,
  type LimitName,
  overLimit,
  type Params,
  priorityRank,
  type Refusal,
  refuse,
  type State,
  type Task,
} from "../../protocol/index.ts";
import { resolveTask } from "../core/refs.ts";
import { marks } from "../core/sql.ts";
import { type TaskRow, toTask } from "../core/tasks.ts";
import { indexText } from "../core/text-index.ts";
import { answer, type Outcome, refused, type Turn } from "../core/turn.ts";
import { depthBelow } from "./dependencies.ts";

const encoder = new TextEncoder();

/** JSON text to store, or the refusal that names the limit; undefined and null are stored as NULL. */
export function encodeJson(value: unknown, limit: "payload_bytes" | "result_bytes"): Outcome<string | null> {
  if (value === undefined || value === null) return answer(null);
  const json = JSON.stringify(value);
  const over = overBytes(json, limit);
  return over ? refused(over) : answer(json);
}

export function overBytes(text: string, limit: LimitName): Refusal | undefined {
  const { value, unit } = LIMITS[limit];
  if (text.length * 3 <= value) return undefined;
  const bytes = encoder.encode(text).byteLength;
  return bytes > value ? overLimit(limit, value, unit, bytes) : undefined;
}

/** `tasks/send`. An announcement is born completed; a job pending, unless the caller says backlog or idea. */
export function send(turn: Turn, params: Params<"tasks/send">): Outcome<Task> {
  const announcement = isAnnouncement(params.kind);
  if (announcement && (params.state || params.depends_on.length > 0)) {
    const field = params.state ? "state" : "depends_on";
    return refused(
      refuse("invalid_params", `a ${params.kind} is an announcement: it is completed at once`, {
        issues: [{ path: field, message: "only for jobs" }],
      }),
    );
  }
  const dependencies = dependenciesOf(turn, params.depends_on);
  if (!dependencies.ok) return dependencies;
  const payload = encodeJson(params.payload, "payload_bytes");
  if (!payload.ok) return payload;
  const tooLong = overBytes(params.description, "description_bytes");
  if (tooLong) return refused(tooLong);
  const row = insertTask(
    turn,
    { ...params, state: announcement ? "completed" : (params.state ?? "pending"), payload: payload.value },
    dependencies.value,
  );
  return answer(toTask(turn.sql, row));
}

/** The tasks that a new one is to depend on, each once; refused where one is not there, or the chain would be too long. */
export function dependenciesOf(turn: Turn, refs: readonly string[]): Outcome<TaskRow[]> {
  const dependencies = new Map<number, TaskRow>();
  for (const ref of refs) {
    const found = resolveTask(turn.sql, ref);
    if (!found.ok) return found;
    dependencies.set(found.value.number, found.value);
  }
  const depth = 1 + Math.max(0, ...[...dependencies.keys()].map((number) => depthBelow(turn.sql, number)));
  const deepest = LIMITS.dependency_depth;
  if (depth > deepest.value) return refused(overLimit("dependency_depth", deepest.value, deepest.unit, depth));
  return answer([...dependencies.values()]);
}

export interface NewTask {
  id?: string;
  name: string;
  kind: string;
  priority: string;
  payload: string | null;
  description: string;
  performer: "agent" | "user";
  assignee: string | null;
  labels: string[];
  review: "none" | "required";
  required_approvals?: number;
  state: State;
  agent_id?: string | undefined;
}

/** Writes the row, its text indexes, labels and dependencies, and the event. */
export function insertTask(turn: Turn, task: NewTask, dependencies: readonly TaskRow[] = []): TaskRow {
  const blocked = dependencies.filter((row) => row.state !== "completed").length;
  const values = [
    task.id ?? turn.newId(),
    task.name,
    foldCase(task.name),
    task.kind,
    task.priority,
    priorityRank(task.priority),
    task.state,
    task.performer,
    task.assignee,
    task.description,
    task.payload,
    JSON.stringify(task.labels),
    task.review,
    task.required_approvals ?? 1,
    dependencies.length,
    blocked,
    task.agent_id ?? null,
    turn.now,
    turn.now,
  ];
  const row = turn.sql.first<TaskRow>(
    `INSERT INTO tasks (id, name, folded_name, kind, priority, rank, state, performer, assignee, description, payload, labels, review, required_approvals, dependencies, blocked, created_by, created_at, updated_at)
     VALUES (${marks(values)}) RETURNING *`,
    ...values,
  )!;
  indexText(turn.sql, row);
  for (const label of task.labels) turn.sql.run("INSERT INTO task_labels (label, number) VALUES (?, ?)", label, row.number);
  for (const on of dependencies) turn.sql.run("INSERT INTO dependencies (number, depends_on) VALUES (?, ?)", row.number, on.number);
  turn.appendFor(row, "task.created", task.agent_id ?? null);
  return row;
}
