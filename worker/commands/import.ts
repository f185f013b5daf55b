import { type Imported, type ImportRequest, type ImportTask, isAnnouncement, type Refusal, refuse } from "../../protocol/index.ts";
import type { Transaction } from "../core/sql.ts";
import type { TaskRow } from "../core/tasks.ts";
import { answer, type Outcome, refused, type Turn } from "../core/turn.ts";
import { writeNote } from "./notes.ts";
import { dependenciesOf, encodeJson, insertTask, overBytes } from "./post.ts";
import { cancel } from "./states.ts";

/**
 * Brings tasks from elsewhere onto the board, all of them or none. It is the importer who does it, and now, and the log says so: no claim,
 * no attempt and nobody else's note is made up. A task whose id is there already is left as it is, so that an import can be made again.
 */
export function importTasks(turn: Turn, request: ImportRequest, transaction: Transaction): Outcome<Imported> {
  const logged = turn.log.length;
  const created: { id: string; number: number }[] = [];
  const existing: { id: string; number: number }[] = [];
  let wrong: Refusal | undefined;
  try {
    transaction(() => {
      const there = numbersOf(turn, request.tasks);
      for (const [at, task] of request.tasks.entries()) {
        const number = there.get(task.id);
        if (number !== undefined) {
          existing.push({ id: task.id, number });
          continue;
        }
        if (created.length === 0 && request.agent_id !== undefined) turn.presence.touch(turn, request.agent_id);
        const outcome = create(turn, task, request.agent_id);
        if (!outcome.ok) {
          wrong = located(outcome.refusal, at, task);
          throw new Undo();
        }
        there.set(task.id, outcome.value.number);
        created.push({ id: task.id, number: outcome.value.number });
      }
      if (request.dry_run) throw new Undo();
    });
  } catch (error) {
    if (!(error instanceof Undo)) throw error;
    turn.undo(logged);
    turn.presence.forget();
  }
  return wrong ? refused(wrong) : answer({ created, existing, dry_run: request.dry_run });
}

/** Undoes the transaction of an import; caught where it was begun. */
class Undo extends Error {}

function numbersOf(turn: Turn, tasks: readonly ImportTask[]): Map<string, number> {
  const rows = turn.sql.all<{ id: string; number: number }>(
    "SELECT id, number FROM tasks WHERE id IN (SELECT value FROM json_each(?))",
    JSON.stringify(tasks.map((task) => task.id)),
  );
  return new Map(rows.map((row) => [row.id, row.number]));
}

function create(turn: Turn, task: ImportTask, agent_id: string | undefined): Outcome<TaskRow> {
  const announcement = isAnnouncement(task.kind);
  if (announcement && (task.state !== "completed" || task.depends_on.length > 0)) {
    const path = task.state === "completed" ? "depends_on" : "state";
    return refused(
      refuse("invalid_params", `a ${task.kind} is an announcement: it is completed at once`, {
        issues: [{ path, message: "only for jobs" }],
      }),
    );
  }
  const dependencies = dependenciesOf(turn, task.depends_on);
  if (!dependencies.ok) return dependencies;
  const open = task.state === "completed" && dependencies.value.find((row) => row.state !== "completed");
  if (open) {
    return refused(
      refuse("invalid_params", `it is completed, but depends on ${open.id}, which is ${open.state}`, {
        issues: [{ path: "depends_on", message: "a completed job waits for nothing" }],
      }),
    );
  }
  const payload = encodeJson(task.payload, "payload_bytes");
  if (!payload.ok) return payload;
  const result = encodeJson(task.result, "result_bytes");
  if (!result.ok) return result;
  for (const [text, limit] of [
    [task.description, "description_bytes"],
    ...task.notes.map((note) => [note, "note_bytes"] as const),
  ] as const) {
    const tooLong = overBytes(text, limit);
    if (tooLong) return refused(tooLong);
  }
  const state = task.state === "cancelled" ? "backlog" : task.state;
  const row = insertTask(turn, { ...task, state, payload: payload.value, agent_id }, dependencies.value);
  if (result.value !== null) turn.sql.run("UPDATE tasks SET result = ? WHERE number = ?", result.value, row.number);
  if (task.state === "cancelled") {
    const cancelled = cancel(turn, { id: row.id, agent_id, reason: task.reason });
    if (!cancelled.ok) return cancelled;
  }
  const now = task.state === "cancelled" ? turn.sql.first<TaskRow>("SELECT * FROM tasks WHERE number = ?", row.number)! : row;
  for (const note of task.notes) writeNote(turn, now, agent_id ?? turn.principal.id, note, []);
  return answer(now);
}

/** Which of the tasks it was: `data.at` is its place, from 0. */
function located(refusal: Refusal, at: number, task: ImportTask): Refusal {
  const { data, message } = refusal as Refusal & { data?: object };
  return { ...refusal, message: `task ${at + 1} (${task.id}): ${message}; nothing was imported`, data: { ...data, at } } as Refusal;
}
