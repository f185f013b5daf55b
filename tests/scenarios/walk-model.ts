import { expect } from "vitest";
import {
  EVENT_DATA,
  type Event,
  type Held,
  isTerminal,
  type Note,
  type RpcError,
  type State,
  type Task,
  type TaskSnapshot,
  TRANSITIONS,
} from "../../protocol/index.ts";

export interface ModelReview {
  readonly id: string;
  readonly attempt: number;
  readonly reviewer: string;
  readonly decision: string;
  dismissed: boolean;
}

export interface ModelTask {
  readonly id: string;
  readonly number: number;
  readonly performer: "agent" | "user";
  assignee: string | null;
  state: State;
  attempt: number;
  holder: string | null;
  leaseUntil: number | null;
  readonly claimIds: string[];
  readonly dependsOn: Set<string>;
  readonly requiredApprovals: number;
  /** Who held which attempt. */
  readonly workers: Map<number, Set<string>>;
  readonly reviews: ModelReview[];
}

export interface Call {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Events that may leave a task in its state. */
const STAYS: readonly string[] = [
  ...["task.updated", "task.unblocked", "task.late_result", "note.added", "note.retracted", "note.purged"],
  ...["review.decided", "review.dismissed", "dependency.added", "dependency.removed"],
];
/** What a refused call may have written: what time did meanwhile, and a result that came too late. */
const AFTER_REFUSAL: readonly string[] = ["task.lapsed", "agent.seen", "task.late_result"];

/** The last step of a drag is the one asked for; before it the hold that was given up, or the claim that hands work in. */
const DRAGS_THROUGH: readonly string[] = ["claimed pending task.released", "pending claimed task.claimed"];

/**
 * What the board must be, from its table of transitions and the promises about who may do what, kept from the calls and the log
 * alone: dependencies by brute force over the edges, reviews by counting, notes by their text.
 */
export class WalkModel {
  readonly #tasks = new Map<string, ModelTask>();
  readonly #order: ModelTask[] = [];
  readonly #notes = new Map<string, Note[]>();
  readonly #types: Readonly<Record<string, string>>;
  /** The transitions that were walked, as `from to by`. */
  readonly walked: Set<string>;

  constructor(types: Readonly<Record<string, string>>, walked: Set<string>) {
    this.#types = types;
    this.walked = walked;
  }

  get size(): number {
    return this.#order.length;
  }

  all(): readonly ModelTask[] {
    return this.#order;
  }

  at(index: number): ModelTask {
    return this.#order[index % this.#order.length]!;
  }

  anyRequest(index: number): ModelReview | undefined {
    const all = this.#order.flatMap((task) => task.reviews.filter(({ decision }) => decision === "request_changes"));
    return all[index % Math.max(1, all.length)];
  }

  anyNote(index: number): string | undefined {
    const all = [...this.#notes.values()].flat();
    return all[index % Math.max(1, all.length)]?.note_id;
  }

  /** What was answered, and what the log says of it. `now`: the time of the call, where the test owns the clock. */
  hear(call: Call, answer: { result?: unknown; error?: RpcError }, events: readonly Event[], now: number): void {
    const could = this.#foresee(call, events);
    const target = this.#tasks.get(String(call.params.id));
    const lapsed = events.some(({ type, task_id }) => type === "task.lapsed" && task_id === target?.id);
    const from = lapsed ? "pending" : target?.state;
    for (const event of events) this.#follow(event, call, now);
    if (answer.error) {
      expect([-32001, -32602, -32004], answer.error.message).toContain(answer.error.code);
      for (const { type } of events) expect(AFTER_REFUSAL, "a refusal changes nothing").toContain(type);
    }
    if (could !== undefined) expect(answer.error === undefined, `${could ? "is" : "is not"} allowed: ${answer.error?.message}`).toBe(could);
    if (call.method === "tasks/depend") this.#checkEdge(call, answer.error);
    if (answer.error) return;
    if (target && from !== target.state) this.#crossed(from!, target.state, call.method);
    if (call.method.startsWith("notes/")) this.#keepNote(answer.result as Note);
    if (call.method === "tasks/extend")
      this.#task(call.params.id).leaseUntil = time((answer.result as { lease_until: string | null }).lease_until);
    if (call.method === "tasks/review") this.#checkReview(call);
  }

  /** What a call did in all, in however many lines of the log: one row of the table, by that method. */
  #crossed(from: State, to: State, method: string): void {
    expect(TRANSITIONS.map(({ from, to, by }) => `${from} ${to} ${by}`)).toContain(`${from} ${to} ${method}`);
    this.walked.add(`${from} ${to} ${method}`);
  }

  /** Held by brute force over the edges. */
  held(task: ModelTask): Held | null {
    const open = [...task.dependsOn].map((id) => this.#task(id)).filter(({ state }) => state !== "completed");
    if (open.length === 0) return null;
    const blockers = (state: State) => open.filter((one) => one.state === state).map(({ id }) => id);
    if (blockers("failed").length > 0) return { reason: "dependency_failed", blockers: blockers("failed") };
    if (blockers("cancelled").length > 0) return { reason: "dependency_cancelled", blockers: blockers("cancelled") };
    return { reason: "dependencies", blockers: open.map(({ id }) => id) };
  }

  /** The whole board against the model, and the edges searched for a circle. */
  compare(tasks: readonly Task[], notesOf: (id: string) => readonly Note[]): void {
    expect(tasks.length).toBe(this.size);
    for (const task of tasks) {
      const known = this.#task(task.id);
      const held = this.held(known);
      expect(
        { state: task.state, attempt: task.attempt, assignee: task.assignee, on: new Set(task.depends_on) },
        `#${task.number}`,
      ).toEqual({
        ...{ state: known.state, attempt: known.attempt, assignee: known.assignee, on: known.dependsOn },
      });
      expect(task.held && { ...task.held, blockers: new Set(task.held.blockers) }, `#${task.number}`).toEqual(
        held && { ...held, blockers: new Set(held.blockers) },
      );
      if (task.state === "claimed") expect(task.claimed_by).toBe(known.holder);
      expect(notesOf(task.id), `the notes of #${task.number}`).toEqual(this.#notes.get(task.id) ?? []);
      expect(this.#reaches(known, known.id), `#${task.number} depends on itself`).toBe(false);
    }
  }

  /** Whether a call has to be allowed or refused, where the table and the rules alone decide it. */
  #foresee({ method, params }: Call, events: readonly Event[]): boolean | undefined {
    const task = this.#tasks.get(String(params.id));
    if (task === undefined) return undefined;
    // a lapse counts from the moment it falls due, which may be the moment of this call
    const lapses = events.some(({ type, task_id }) => type === "task.lapsed" && task_id === task.id);
    const state = lapses ? "pending" : task.state;
    const actor = String(params.agent_id);
    const isPerson = this.#types[actor] === "user";
    const isOpenTo = (task.assignee === null || task.assignee === actor) && (task.performer === "agent" || isPerson);
    switch (method) {
      case "tasks/claim":
        return state === "pending" && this.held(task) === null && isOpenTo;
      case "tasks/ready":
      case "tasks/unready":
      case "tasks/retry":
        return TRANSITIONS.some(({ from, by }) => from === state && by === method);
      case "tasks/cancel":
        return !isTerminal(state);
      case "tasks/review": {
        const isCurrent = params.attempt === undefined || params.attempt === task.attempt;
        return state === "review" && isCurrent && !task.workers.get(task.attempt)?.has(actor);
      }
      case "tasks/fail":
      case "tasks/release":
      case "tasks/extend": {
        const isClaim = params.claim_id === undefined || params.claim_id === task.claimIds.at(-1);
        return state === "claimed" && isClaim && (params.agent_id === undefined || params.agent_id === task.holder);
      }
      case "notes/add":
        return true;
      default:
        return undefined;
    }
  }

  #follow(event: Event, call: Call, now: number): void {
    EVENT_DATA[event.type].parse(event.data);
    const then = event.data.task as TaskSnapshot | undefined;
    if (!then) return;
    const known = this.#tasks.get(then.id);
    const from = known?.state ?? null;
    if (known === undefined) this.#add(then, call);
    const task = this.#task(then.id);
    if (from !== then.state) this.#move(event, from, then, task, call, now);
    else expect(STAYS, `${event.type} of #${then.number}, which stays ${from}`).toContain(event.type);
    if (from !== null && from !== then.state) expect(isTerminal(from), `#${then.number} was ${from}`).toBe(false);
    task.state = then.state;
    task.attempt = then.attempt;
    task.assignee = then.assignee;
    const data = event.data as { on?: string; review_id?: string; decision?: string; unblocked_by?: string };
    if (event.type === "dependency.added") task.dependsOn.add(data.on!);
    if (event.type === "dependency.removed") task.dependsOn.delete(data.on!);
    if (event.type === "review.dismissed") for (const review of task.reviews) if (review.id === data.review_id) review.dismissed = true;
    if (event.type === "review.decided") {
      const { review_id, decision, attempt } = event.data as { review_id: string; decision: string; attempt: number };
      expect(task.workers.get(attempt) ?? new Set(), `${event.agent_id} reviews its own work`).not.toContain(event.agent_id);
      task.reviews.push({ id: review_id, attempt, reviewer: event.agent_id!, decision, dismissed: false });
    }
    expect(then.ready, `#${then.number} is ready`).toBe(then.state === "pending" && this.held(task) === null);
    if (event.type === "task.unblocked") expect(this.held(task), `#${then.number} is unblocked`).toBeNull();
  }

  #add(then: TaskSnapshot, { method, params }: Call): void {
    const isSent = method === "tasks/send";
    const task: ModelTask = {
      ...{ id: then.id, number: then.number, performer: then.performer, assignee: then.assignee, state: then.state, attempt: 0 },
      ...{ holder: null, leaseUntil: null, claimIds: [], workers: new Map(), reviews: [] },
      dependsOn: new Set(isSent ? ((params.depends_on as string[] | undefined) ?? []) : []),
      requiredApprovals: isSent ? Number(params.required_approvals ?? 1) : 1,
    };
    this.#tasks.set(task.id, task);
    this.#order.push(task);
  }

  /** One line of the log that moves a task: a row of the table, asked for by this call or done by time, by somebody who may. */
  #move(event: Event, from: State | null, then: TaskSnapshot, task: ModelTask, call: Call, now: number): void {
    const { method, params } = call;
    const what = `${event.seq} ${event.type}: ${from} → ${then.state} by ${method}`;
    const rows = TRANSITIONS.filter((row) => row.from === from && row.to === then.state && row.event === event.type);
    const row = rows.find(({ by }) => by === method) ?? rows.find(({ by }) => by === null);
    const isOnTheWay = method === "tasks/update" && DRAGS_THROUGH.includes(`${from} ${then.state} ${event.type}`);
    expect(row !== undefined || isOnTheWay, what).toBe(true);
    if (row) this.walked.add(`${row.from} ${row.to} ${row.by}`);
    const isPerson = this.#types[String(params.agent_id)] === "user";
    if (row?.who === "person" || isOnTheWay) expect([task.performer, isPerson], what).toEqual(["user", true]);
    if (row?.who === "holder" && from === "claimed") {
      if (params.agent_id !== undefined) expect(params.agent_id, what).toBe(task.holder);
      if (params.claim_id !== undefined) expect(params.claim_id, what).toBe(task.claimIds.at(-1));
    }
    if (event.type === "task.lapsed") expect(task.leaseUntil, what).toBeLessThanOrEqual(now);
    if (then.state === "claimed") this.#take(event, then, task, what);
    else if (from === "claimed") Object.assign(task, { leaseUntil: null, ...(then.state === "pending" ? { holder: null } : {}) });
    if (then.state === "completed" && from !== null) this.#checkUnblocked(task);
  }

  #take(event: Event, then: TaskSnapshot, task: ModelTask, what: string): void {
    expect(this.held(task), `${what}, which is held`).toBeNull();
    if (task.assignee !== null) expect(event.agent_id, what).toBe(task.assignee);
    if (task.performer === "user") expect(this.#types[event.agent_id!], what).toBe("user");
    const { claim_id, lease_until } = event.data as { claim_id: string; lease_until: string | null };
    expect(task.claimIds, what).not.toContain(claim_id);
    task.claimIds.push(claim_id);
    task.holder = event.agent_id!;
    task.leaseUntil = time(lease_until);
    task.workers.set(then.attempt, (task.workers.get(then.attempt) ?? new Set()).add(event.agent_id!));
  }

  readonly #due = new Set<string>();

  /** Those that this completion leaves with nothing to wait for have to be told of, in the same call. */
  #checkUnblocked(done: ModelTask): void {
    for (const task of this.#order) {
      if (!task.dependsOn.has(done.id) || isTerminal(task.state)) continue;
      const others = [...task.dependsOn].filter((id) => id !== done.id && this.#task(id).state !== "completed");
      if (others.length === 0) this.#due.add(task.id);
    }
  }

  /** After all events of a call: every job that became free was announced, once. */
  settle(events: readonly Event[]): void {
    const told = events
      .filter(({ type, data }) => type === "task.unblocked" && data.unblocked_by !== undefined)
      .map(({ task_id }) => task_id!);
    for (const id of this.#due)
      expect(
        told.filter((one) => one === id),
        `#${this.#task(id).number} is free`,
      ).toHaveLength(1);
    this.#due.clear();
  }

  /** An edge that was taken closes no circle, and one that was refused for closing one would have. */
  #checkEdge({ params }: Call, error: RpcError | undefined): void {
    const task = this.#task(params.id);
    const isCircle = params.id === params.on || this.#reaches(this.#task(params.on), task.id);
    if (error === undefined) expect(isCircle, "the edge closes a circle").toBe(false);
    else if (error.data.reason === "cycle") expect(isCircle, error.message).toBe(true);
  }

  #reaches(from: ModelTask, to: string, seen = new Set<string>()): boolean {
    for (const id of from.dependsOn) {
      if (id === to) return true;
      if (seen.has(id)) continue;
      seen.add(id);
      if (this.#reaches(this.#task(id), to, seen)) return true;
    }
    return false;
  }

  /** Completed exactly when enough have approved this attempt and no request for changes is open. */
  #checkReview({ params }: Call): void {
    const task = this.#task(params.id);
    if (params.decision === "request_changes") expect(task.state).toBe("pending");
    if (params.decision === "comment") expect(task.state).toBe("review");
    if (params.decision !== "approve") return;
    const approvers = new Set(
      task.reviews.filter(({ attempt, decision }) => attempt === task.attempt && decision === "approve").map(({ reviewer }) => reviewer),
    );
    const open = task.reviews.filter(
      (review, at) =>
        review.decision === "request_changes" &&
        !review.dismissed &&
        !task.reviews.slice(at + 1).some(({ reviewer, decision }) => reviewer === review.reviewer && decision === "approve"),
    );
    const isEnough = approvers.size >= task.requiredApprovals && open.length === 0;
    expect(task.state, `#${task.number}: ${approvers.size} of ${task.requiredApprovals}, ${open.length} requests open`).toBe(
      isEnough ? "completed" : "review",
    );
  }

  /** A note is as it was answered for ever; retracted or purged it keeps everything but its words. */
  #keepNote(note: Note): void {
    const notes = this.#notes.get(note.task_id) ?? [];
    this.#notes.set(note.task_id, notes);
    const at = notes.findIndex(({ note_id }) => note_id === note.note_id);
    if (at === -1) notes.push(note);
    else {
      const { retracted: _how, body, ...before } = notes[at]!;
      expect(note).toMatchObject({ ...before, body: null });
      expect([null, body]).toContain(note.body);
      notes[at] = note;
    }
  }

  #task(id: unknown): ModelTask {
    const task = this.#tasks.get(String(id));
    if (!task) throw new Error(`the model has no task ${String(id)}`);
    return task;
  }
}

function time(value: string | null): number | null {
  return value === null ? null : Date.parse(value);
}
