import type { SubscribeOptions, Subscription } from "../../cli/client/types.ts";
import { CliError } from "../../cli/errors.ts";
import type { Attempt, Event, EventType, MethodName, Note, Review, State, Task, TaskSnapshot } from "../../protocol/index.ts";
import { isAnnouncement } from "../../protocol/lifecycle.ts";
import type { Board } from "../records.ts";

export interface NewTask {
  name: string;
  kind?: string;
  priority?: string;
  payload?: unknown;
  description?: string;
  labels?: string[];
  depends_on?: string[];
  state?: State;
  review?: "none" | "required";
  performer?: "agent" | "user";
  assignee?: string | null;
}

/**
 * A board in memory whose time and ids a test decides. It writes the log as the worker does (snapshot in every event, one event
 * for each change); it does not check who may do what.
 */
export class ScriptedBoard implements Board {
  readonly tasks = new Map<string, Task>();
  readonly events: Event[] = [];
  /** Milliseconds since the epoch; every event moves it on by `step`. */
  now: number;
  step = 1_000;
  /** Told of every call, so that a test can make one fail. */
  onCall: (method: MethodName) => void = () => {};
  readonly #agents = new Set<string>();
  /** Tasks whose attempt goes on with the next claim: a released or lapsed one. */
  readonly #openAttempts = new Set<string>();
  readonly #notes = new Map<string, Note[]>();
  readonly #reviews = new Map<string, Review[]>();
  readonly #attempts = new Map<string, Attempt[]>();
  readonly #followers = new Set<(events: Event[], cursor: number) => void>();
  #ids = 0;

  constructor(begin = Date.parse("2026-03-02T09:00:00.000Z")) {
    this.now = begin;
  }

  /** An id that looks like one and is the same in every run. */
  #id(): string {
    const n = (++this.#ids).toString(16).padStart(12, "0");
    return `c0ffee00-0000-4000-8000-${n}`;
  }

  #log(type: EventType, agent: string | undefined, data: Record<string, unknown>, task?: Task): Event {
    this.now += this.step;
    const snapshot = task && this.#snapshot(task);
    const event: Event = {
      seq: this.events.length + 1,
      at: new Date(this.now).toISOString(),
      type,
      ...(task ? { task_id: task.id } : {}),
      ...(agent === undefined ? {} : { agent_id: agent }),
      principal: "owner",
      data: { ...(snapshot ? { task: snapshot } : {}), ...data },
    };
    this.events.push(event);
    for (const follower of this.#followers) follower([event], event.seq);
    return event;
  }

  #snapshot(task: Task): TaskSnapshot {
    const { id, number, name, kind, priority, state, performer, assignee, labels, claimed_by, created_by, attempt, rev } = task;
    const fields = {
      id,
      number,
      name,
      kind,
      priority,
      state,
      performer,
      assignee,
      labels: [...labels],
      claimed_by,
      created_by,
      attempt,
      rev,
    };
    return { ...fields, ready: state === "pending" && task.held === null };
  }

  #hold(task: Task): void {
    const open = task.depends_on.filter((id) => this.tasks.get(id)?.state !== "completed");
    task.held = open.length === 0 ? null : { reason: "dependencies", blockers: open };
  }

  seen(agent: string, type: "agent" | "user" = "agent", name = agent): void {
    if (this.#agents.has(agent)) return;
    this.#agents.add(agent);
    this.#log("agent.seen", agent, { id: agent, name, type });
  }

  send(agent: string, given: NewTask): Task {
    this.seen(agent);
    const state = given.state ?? (isAnnouncement(given.kind ?? "task") ? "completed" : "pending");
    const at = new Date(this.now + this.step).toISOString();
    const task: Task = {
      id: this.#id(),
      name: given.name,
      kind: given.kind ?? "task",
      priority: given.priority ?? "normal",
      state,
      claimed_by: null,
      payload: given.payload ?? null,
      result: null,
      created_at: at,
      updated_at: at,
      number: this.tasks.size + 1,
      description: given.description ?? "",
      performer: given.performer ?? "agent",
      assignee: given.assignee ?? null,
      labels: given.labels ?? [],
      review: given.review ?? "none",
      required_approvals: 1,
      attempt: 0,
      depends_on: given.depends_on ?? [],
      held: null,
      created_by: agent,
      rev: 1,
    };
    this.#hold(task);
    this.tasks.set(task.id, task);
    this.#log("task.created", agent, {}, task);
    return task;
  }

  #change(task: Task, changes: Partial<Task>): void {
    Object.assign(task, changes, { rev: task.rev + 1 });
  }

  claim(agent: string, task: Task): void {
    this.seen(agent);
    this.#change(task, { state: "claimed", claimed_by: agent, attempt: task.attempt + (this.#openAttempts.has(task.id) ? 0 : 1) });
    this.#openAttempts.add(task.id);
    this.#log("task.claimed", agent, { claim_id: this.#id(), lease_until: new Date(this.now + 300_000).toISOString() }, task);
  }

  complete(
    agent: string,
    task: Task,
    { result = null, ack, summary = null }: { result?: unknown; ack?: string; summary?: string | null } = {},
  ): Task | undefined {
    const submitted = task.review === "required";
    const at = new Date(this.now + this.step).toISOString();
    const attempt: Attempt = {
      ...{ task_id: task.id, number: task.attempt, trigger: "first", started_at: at, ended_at: at },
      ...{ outcome: submitted ? "submitted" : "completed", summary, result: result as Attempt["result"] },
    };
    this.#attempts.set(task.id, [...(this.#attempts.get(task.id) ?? []), attempt]);
    this.#openAttempts.delete(task.id);
    this.#change(task, { state: submitted ? "review" : "completed", result });
    const ackId = ack === undefined ? undefined : `c0ffee00-0000-4000-8000-${(this.#ids + 1).toString(16).padStart(12, "0")}`;
    this.#log(
      submitted ? "task.submitted" : "task.completed",
      agent,
      { claim_id: null, ...(submitted ? {} : { ack_id: ackId ?? null }) },
      task,
    );
    const posted =
      ack === undefined ? undefined : this.send(agent, { name: ack, kind: "ack", priority: "high", payload: { fixed_bug_id: task.id } });
    if (!submitted) this.#unblock(task);
    return posted;
  }

  #unblock(done: Task): void {
    for (const task of this.tasks.values()) {
      if (!task.depends_on.includes(done.id) || task.held === null) continue;
      this.#hold(task);
      this.#change(task, {});
      if (task.held === null && task.state === "pending") this.#log("task.unblocked", undefined, { unblocked_by: done.id }, task);
    }
  }

  end(
    type: "task.released" | "task.failed" | "task.cancelled" | "task.lapsed",
    agent: string,
    task: Task,
    reason: string | null = null,
  ): void {
    const state = type === "task.failed" ? "failed" : type === "task.cancelled" ? "cancelled" : "pending";
    if (state !== "pending") this.#openAttempts.delete(task.id);
    this.#change(task, { state, ...(state === "pending" ? { claimed_by: null } : {}) });
    this.#log(type, agent, type === "task.lapsed" ? { claim_id: null, agent_id: agent } : { claim_id: null, reason }, task);
  }

  retry(agent: string, task: Task): void {
    this.#change(task, { state: "pending", claimed_by: null });
    this.#log("task.ready", agent, { from: "failed" }, task);
  }

  ready(agent: string, task: Task): void {
    this.#change(task, { state: "pending" });
    this.#log("task.ready", agent, { from: "backlog" }, task);
  }

  update(
    agent: string,
    task: Task,
    changes: Partial<Pick<Task, "name" | "kind" | "priority" | "payload" | "description" | "labels">>,
  ): void {
    this.#change(task, changes);
    this.#log("task.updated", agent, { changed: Object.keys(changes) }, task);
  }

  lateResult(agent: string, task: Task, result: unknown): void {
    this.#log("task.late_result", agent, { claim_id: null, result }, task);
  }

  depend(agent: string, task: Task, on: Task): void {
    this.#change(task, { depends_on: [...task.depends_on, on.id] });
    this.#hold(task);
    this.#log("dependency.added", agent, { on: on.id }, task);
  }

  undepend(agent: string, task: Task, on: Task): void {
    this.#change(task, { depends_on: task.depends_on.filter((id) => id !== on.id) });
    this.#hold(task);
    this.#log("dependency.removed", agent, { on: on.id }, task);
  }

  note(agent: string, task: Task, body: string): void {
    this.seen(agent);
    const note: Note = {
      note_id: this.#id(),
      task_id: task.id,
      attempt: null,
      author: agent,
      body,
      mentions: [],
      at: new Date(this.now + this.step).toISOString(),
      retracted: null,
    };
    this.#notes.set(task.id, [...(this.#notes.get(task.id) ?? []), note]);
    this.#log("note.added", agent, { note_id: note.note_id, mentions: [] }, task);
  }

  retract(agent: string, task: Task, index: number, reason: string, purged = true): void {
    const note = this.#notes.get(task.id)?.[index];
    if (!note) throw new Error("no such note");
    Object.assign(note, { body: null, retracted: { by: agent, reason, at: new Date(this.now + this.step).toISOString(), purged } });
    this.#log(purged ? "note.purged" : "note.retracted", agent, { note_id: note.note_id, reason }, task);
  }

  review(agent: string, task: Task, decision: "approve" | "request_changes", body: string): void {
    this.seen(agent, "user");
    const at = new Date(this.now + this.step).toISOString();
    const review: Review = {
      review_id: this.#id(),
      task_id: task.id,
      attempt: task.attempt,
      reviewer: agent,
      decision,
      body,
      mentions: [],
      at,
      dismissed: null,
    };
    this.#reviews.set(task.id, [...(this.#reviews.get(task.id) ?? []), review]);
    if (decision === "request_changes") this.#change(task, { state: "pending", claimed_by: null });
    this.#log("review.decided", agent, { review_id: review.review_id, decision, attempt: review.attempt, mentions: [] }, task);
    if (decision !== "approve") return;
    this.#change(task, { state: "completed" });
    this.#log("task.completed", undefined, { claim_id: null, ack_id: null, review_id: review.review_id }, task);
    this.#unblock(task);
  }

  call = (async (method: MethodName, params: { ids?: string[]; id?: string; after?: number; limit?: number }) => {
    this.onCall(method);
    await undefined;
    switch (method) {
      case "tasks/list":
        return structuredClone([...this.tasks.values()].filter((task) => params.ids?.includes(task.id))).reverse();
      case "tasks/history":
        return structuredClone({
          attempts: this.#attempts.get(params.id ?? "") ?? [],
          claims: [],
          reviews: this.#reviews.get(params.id ?? "") ?? [],
          notes: this.#notes.get(params.id ?? "") ?? [],
          events: [],
        });
      case "events/list":
        return { events: this.events.slice(params.after ?? 0, (params.after ?? 0) + (params.limit ?? 50)), cursor: this.events.length };
      case "workspace/info":
        return { head: this.events.length };
      default:
        throw new Error(`the scripted board does not know ${method}`);
    }
  }) as unknown as Board["call"];

  async subscribe({ after = 0 }: SubscribeOptions, onEvents: (events: Event[], cursor: number) => void): Promise<Subscription> {
    if (after > this.events.length)
      throw new CliError(`the log ends at ${this.events.length}, the cursor says ${after}`, { exit: 6, data: { code: "cursor_ahead" } });
    await undefined;
    const replay = this.events.slice(after);
    if (replay.length > 0) onEvents(replay, this.events.length);
    this.#followers.add(onEvents);
    return { cursor: this.events.length, stop: async () => void this.#followers.delete(onEvents) };
  }
}
