import type { Event, Task, TaskSnapshot } from "../../protocol/index.ts";
import { isTerminal } from "../../protocol/lifecycle.ts";
import type { Refused } from "../history/operation.ts";

/** A row with what the wire does not show. */
interface Row extends Task {
  open: boolean;
  claim_id: string | null;
  past: Set<string>;
}

export type Told = { readonly ok: unknown } | { readonly no: Refused };

/** A board in memory, as plain as can be: what good histories are made with, to test the checker apart from coord. */
export class ToyBoard {
  readonly rows = new Map<string, Row>();
  readonly log: Event[] = [];
  readonly claims: { claim_id: string; agent_id: string; end: string }[] = [];
  /** Milliseconds since the epoch. */
  now: number;
  #ids = 0;

  constructor(now: number) {
    this.now = now;
  }

  get tasks(): Task[] {
    return [...this.rows.values()].map(shownTask);
  }

  /** The newest that fits. */
  find(fits: (task: Task) => boolean): Task | undefined {
    const row = [...this.rows.values()].findLast(fits);
    return row && shownTask(row);
  }

  call(method: string, params: Record<string, unknown>): Told {
    this.lapse();
    const given = params as Record<"id" | "agent_id" | "claim_id" | "reason" | "name" | "kind" | "review" | "decision", string | undefined>;
    if (method === "tasks/send") return this.#send(given);
    if (method === "tasks/next") {
      const row = [...this.rows.values()].find((one) => one.state === "pending");
      return row ? this.#claim(row, params) : { ok: null };
    }
    const row = this.rows.get(given.id!);
    if (method === "tasks/get") return { ok: row ? shownTask(row) : null };
    if (!row) return { no: { code: -32004, message: "no such task", data: {} } };
    switch (method) {
      case "tasks/claim":
        return this.#claim(row, params);
      case "tasks/extend":
        return this.#held(row, given, () => {
          row.lease_until = iso(this.now + Number(params.lease_seconds) * 1000);
          row.rev += 1;
          return { ok: true, lease_until: row.lease_until };
        });
      case "tasks/release":
        return this.#held(row, given, () => this.#end(row, "released", "pending", "task.released", { reason: given.reason ?? null }));
      case "tasks/fail":
        return this.#held(row, given, () => this.#end(row, "failed", "failed", "task.failed", { reason: given.reason }));
      case "tasks/complete":
        return this.#held(row, given, () => {
          row.result = params.result ?? null;
          const submitted = row.review === "required";
          const task = this.#end(
            row,
            submitted ? "submitted" : "completed",
            submitted ? "review" : "completed",
            `task.${submitted ? "submitted" : "completed"}`,
            submitted ? {} : { ack_id: null },
          );
          return { ok: true, ack: null, task };
        });
      case "tasks/review": {
        if (row.state !== "review") return wrongState(row);
        const review = { review_id: this.#id(), decision: given.decision, attempt: row.attempt, mentions: [] };
        if (given.decision === "approve") {
          this.#append(row, "review.decided", given.agent_id, review);
          this.#move(row, "completed");
          this.#append(row, "task.completed", undefined, { claim_id: null, ack_id: null, review_id: review.review_id });
        } else {
          row.claimed_by = null;
          this.#move(row, "pending");
          this.#append(row, "review.decided", given.agent_id, review);
        }
        return { ok: shownTask(row) };
      }
      case "tasks/retry":
        if (row.state !== "failed") return wrongState(row);
        row.claimed_by = null;
        this.#move(row, "pending");
        this.#append(row, "task.ready", given.agent_id, { from: "failed" });
        return { ok: shownTask(row) };
      case "tasks/cancel": {
        if (isTerminal(row.state)) return conflict("terminal", row);
        if (row.state === "claimed")
          this.#end(row, "cancelled", "cancelled", "task.cancelled", { reason: given.reason ?? null }, given.agent_id);
        else {
          this.#move(row, "cancelled");
          this.#append(row, "task.cancelled", given.agent_id, { claim_id: null, reason: given.reason ?? null });
        }
        return { ok: { ok: true } };
      }
      default:
        throw new Error(`the toy board has no ${method}`);
    }
  }

  /** Every lease that is over ends. @returns whether one did */
  lapse(): boolean {
    let any = false;
    for (const row of this.rows.values()) {
      if (row.state !== "claimed" || Date.parse(row.lease_until!) > this.now) continue;
      const agent_id = row.claimed_by;
      this.#end(row, "lapsed", "pending", "task.lapsed", { agent_id });
      any = true;
    }
    return any;
  }

  #send(given: Record<string, string | undefined>): Told {
    const kind = given.kind ?? "task";
    const at = iso(this.now);
    const row: Row = {
      id: this.#id(),
      name: given.name!,
      kind,
      priority: "normal",
      state: kind === "ack" ? "completed" : "pending",
      claimed_by: null,
      payload: null,
      result: null,
      created_at: at,
      updated_at: at,
      number: this.rows.size + 1,
      description: "",
      performer: "agent",
      assignee: null,
      labels: [],
      review: given.review === "required" ? "required" : "none",
      required_approvals: 1,
      attempt: 0,
      depends_on: [],
      held: null,
      created_by: given.agent_id ?? null,
      rev: 1,
      open: false,
      claim_id: null,
      past: new Set(),
    };
    this.rows.set(row.id, row);
    this.#append(row, "task.created", given.agent_id, {});
    return { ok: shownTask(row) };
  }

  #claim(row: Row, params: Record<string, unknown>): Told {
    if (row.state === "claimed") return conflict("already_claimed", row);
    if (row.state !== "pending") return conflict(isTerminal(row.state) ? "terminal" : "not_claimable", row);
    row.claim_id = this.#id();
    row.claimed_by = params.agent_id as string;
    row.lease_until = iso(this.now + Number(params.lease_seconds) * 1000);
    row.claimed_at = iso(this.now);
    if (!row.open) row.attempt += 1;
    row.open = true;
    this.#move(row, "claimed");
    this.#append(row, "task.claimed", row.claimed_by, { claim_id: row.claim_id, lease_until: row.lease_until });
    return { ok: { ...shownTask(row), claim: { claim_id: row.claim_id, attempt: row.attempt, lease_until: row.lease_until } } };
  }

  #held(row: Row, { agent_id, claim_id }: Record<string, string | undefined>, body: () => unknown): Told {
    const holds =
      row.state === "claimed" &&
      (claim_id === undefined || claim_id === row.claim_id) &&
      (agent_id === undefined || agent_id === row.claimed_by);
    if (holds) return { ok: body() };
    if (claim_id !== undefined || row.past.has(agent_id!)) return conflict("stale_claim", row);
    return conflict(isTerminal(row.state) ? "terminal" : "not_held", row);
  }

  #end(row: Row, end: string, to: Task["state"], type: string, data: object, by: string | null | undefined = row.claimed_by): Task {
    const { claim_id } = row;
    this.claims.push({ claim_id: claim_id!, agent_id: row.claimed_by!, end });
    row.past.add(row.claimed_by!);
    row.claim_id = null;
    delete row.lease_until;
    row.open = to === "pending";
    if (to === "pending") {
      row.claimed_by = null;
      delete row.claimed_at;
    }
    this.#move(row, to);
    this.#append(row, type, by, { claim_id, ...data });
    return shownTask(row);
  }

  #move(row: Row, to: Task["state"]): void {
    row.state = to;
    row.rev += 1;
    row.updated_at = iso(this.now);
    if (isTerminal(row.state)) row.open = false;
  }

  #append(row: Row, type: string, agent_id: string | null | undefined, data: object): void {
    const { id, number, name, kind, priority, state, performer, assignee, labels, claimed_by, created_by, attempt, rev } = row;
    const task: TaskSnapshot = {
      id,
      number,
      name,
      kind,
      priority,
      state,
      performer,
      assignee,
      labels,
      claimed_by,
      created_by,
      attempt,
      rev,
      ready: state === "pending",
    };
    this.log.push({
      seq: this.log.length + 1,
      at: iso(this.now),
      type: type as Event["type"],
      task_id: id,
      ...(agent_id ? { agent_id } : {}),
      principal: "owner",
      data: { task, ...data },
    });
  }

  #id(): string {
    this.#ids += 1;
    return `00000000-0000-4000-8000-${this.#ids.toString(16).padStart(12, "0")}`;
  }
}

function shownTask({ open: _open, claim_id: _claim, past: _past, ...task }: Row): Task {
  return structuredClone(task);
}

function conflict(reason: string, row: Row): Told {
  return { no: { code: -32001, message: reason, data: { reason, holder: row.claimed_by, state: row.state } } };
}

function wrongState(row: Row): Told {
  return conflict(isTerminal(row.state) ? "terminal" : "wrong_state", row);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
