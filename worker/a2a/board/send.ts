import { conflict, isTerminal, type Refusal, refuse } from "../../../protocol/index.ts";
import { addNote } from "../../commands/notes.ts";
import { send } from "../../commands/post.ts";
import { head } from "../../commands/reads.ts";
import { review } from "../../commands/reviews.ts";
import { cancel } from "../../commands/states.ts";
import { fingerprint, recall, remember } from "../../core/idempotency.ts";
import { parseParams } from "../../core/parse.ts";
import { resolveTask } from "../../core/refs.ts";
import { type TaskRow, taskByNumber } from "../../core/tasks.ts";
import { answer, type Outcome, refused, type Turn } from "../../core/turn.ts";
import { addPushConfig, type NewPushConfig, roomForConfig } from "../push/configs.ts";
import { isOver, type Metadata, type WireMessage } from "../wire.ts";
import { jobOf, noteBodyOf } from "./job.ts";
import { keepMessage } from "./messages.ts";
import { optionsOf } from "./options.ts";
import { contextOf } from "./view.ts";

export interface SendParams {
  readonly message: WireMessage;
  readonly metadata?: Metadata;
  readonly push?: NewPushConfig;
}

/** Where the message went, and the log's head after it: what follows is news to its sender. */
export interface Sent {
  readonly taskId: string;
  readonly cursor: number;
}

/**
 * `SendMessage`: a message without a task posts a job; one to a task is a note on it or, in review, the decision that its metadata
 * names. The same message twice within a day (`messageId` and all) is one message, so that a client may try again.
 */
export function sendMessage(turn: Turn, params: SendParams): Outcome<Sent> {
  const { message } = params;
  const call = fingerprint("a2a/send", { message, metadata: params.metadata });
  const key = `a2a:${call}`;
  const first = recall(turn.sql, key, call, turn.now);
  if (first?.ok) return answer(first.value as Sent);
  const outcome = message.taskId ? reply(turn, params, message.taskId) : post(turn, params);
  if (outcome.ok) remember(turn, key, call, outcome);
  return outcome;
}

function post(turn: Turn, { message, metadata, push }: SendParams): Outcome<Sent> {
  const options = optionsOf(metadata, message);
  if (!options.ok) return options;
  const { posting, agent_id, decision } = options.value;
  if (decision) return refused(wrong("decision", "a decision is about a task: give its taskId"));
  const parsed = parseParams("tasks/send", { ...jobOf(message), ...posting, agent_id });
  if (!parsed.ok) return parsed;
  const before = head(turn.sql);
  turn.presence.touch(turn, agent_id);
  const logged = turn.log.length;
  const sent = send(turn, parsed.value);
  if (!sent.ok) return sent;
  const row = taskByNumber(turn.sql, sent.value.number)!;
  const created = turn.log.slice(logged).find((entry) => entry.event.type === "task.created")!;
  turn.sql.run("INSERT INTO a2a_tasks (number, context_id) VALUES (?, ?)", row.number, message.contextId ?? turn.newId());
  keepMessage(turn.sql, row.number, created.event.seq, null, message);
  // from before the posting on: the webhook hears of that too
  if (push) addPushConfig(turn, row, push, before);
  return answer({ taskId: row.id, cursor: head(turn.sql) });
}

function reply(turn: Turn, { message, metadata, push }: SendParams, taskId: string): Outcome<Sent> {
  const found = findTask(turn, taskId);
  if (!found.ok) return found;
  const row = found.value;
  if (isOver(row.state)) return refused(conflict("terminal", `#${row.number} is ${row.state} and takes no more messages`, nowOf(row)));
  const contextId = contextOf(turn.sql, row);
  if (message.contextId && message.contextId !== contextId)
    return refused(wrong("message.contextId", `task ${row.id} belongs to context ${contextId}`));
  const options = optionsOf(metadata, message);
  if (!options.ok) return options;
  const { posting, agent_id, decision, attempt } = options.value;
  const [surplus] = Object.keys(posting);
  if (surplus) return refused(wrong(`metadata.${surplus}`, "it is set when a task is posted; coord's own tasks/update changes it"));
  const full = push ? roomForConfig(turn, row, push) : undefined;
  if (full) return refused(full);
  turn.presence.touch(turn, agent_id);
  const body = noteBodyOf(message);
  const logged = turn.log.length;
  if (decision) {
    const given = { id: row.id, agent_id, decision, ...(/\S/.test(body) ? { body } : {}), ...(attempt ? { attempt } : {}) };
    const parsed = parseParams("tasks/review", given);
    const decided = parsed.ok ? review(turn, parsed.value) : parsed;
    if (!decided.ok) return decided;
    const { event } = turn.log.slice(logged).find((entry) => entry.event.type === "review.decided")!;
    keepMessage(turn.sql, row.number, event.seq, null, message);
  } else {
    const parsed = parseParams("notes/add", { id: row.id, agent_id, body });
    const noted = parsed.ok ? addNote(turn, parsed.value) : parsed;
    if (!noted.ok) return noted;
    const { event } = turn.log.slice(logged).find((entry) => entry.event.type === "note.added")!;
    keepMessage(turn.sql, row.number, event.seq, noted.value.note_id, message);
  }
  const cursor = head(turn.sql);
  if (push) addPushConfig(turn, row, push, cursor);
  return answer({ taskId: row.id, cursor });
}

/** `CancelTask`: for ever, whoever holds it. What is over, failed included, cannot be cancelled here. */
export function cancelTask(turn: Turn, params: { id: string; metadata?: Metadata }): Outcome<Sent> {
  const found = findTask(turn, params.id);
  if (!found.ok) return found;
  const row = found.value;
  if (isOver(row.state)) return refused(conflict("terminal", `#${row.number} is ${row.state} already`, nowOf(row)));
  const options = optionsOf(params.metadata);
  if (!options.ok) return options;
  const { agent_id, reason } = options.value;
  turn.presence.touch(turn, agent_id);
  const cancelled = cancel(turn, { id: row.id, agent_id, reason });
  return cancelled.ok ? answer({ taskId: row.id, cursor: head(turn.sql) }) : cancelled;
}

/** A task by whatever names it; what names none is a task that is not there. */
export function findTask(turn: Turn, id: string): Outcome<TaskRow> {
  const found = resolveTask(turn.sql, id);
  return found.ok ? found : refused(refuse("not_found", `no task ${id.slice(0, 80)} in this workspace`, { id: id.slice(0, 80) }));
}

function nowOf(row: TaskRow) {
  return { id: row.id, number: row.number, state: row.state, terminal: isTerminal(row.state) };
}

function wrong(path: string, message: string): Refusal {
  return refuse("invalid_params", `${path}: ${message}`, { issues: [{ path, message }] });
}
