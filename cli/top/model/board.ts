import type { Event } from "../../../protocol/events.ts";
import { isTerminal, STATE_NAMES, type State } from "../../../protocol/lifecycle.ts";
import type { Agent, Task, TaskSnapshot } from "../../../protocol/records.ts";
import { type AgentRow, agentRow } from "./agents.ts";
import { type Counts, counted, countsOf, moveOf } from "./counts.ts";
import { type LogLine, logLine, RecentLog } from "./log.ts";
import { type Row, rowOfEvent, rowOfTask } from "./row.ts";

/** What the screen draws from; a paused screen keeps one of these. */
export interface BoardView {
  /** Grows with every change: what was computed from the same version need not be computed again. */
  readonly version: number;
  readonly workspace: string;
  readonly serverVersion: string;
  readonly counts: Counts;
  readonly rows: ReadonlyMap<string, Row>;
  readonly agents: ReadonlyMap<string, AgentRow>;
  readonly log: readonly LogLine[];
  /** The seq up to which the log has been applied. */
  readonly cursor: number;
}

export interface BoardLimits {
  readonly rows: number;
  readonly agents: number;
  readonly log: number;
}

/** About a kilobyte a row: what is kept stays within some 15 MB, however long the screen is open. */
export const BOARD_LIMITS: BoardLimits = { rows: 10_000, agents: 500, log: 1_000 };

/** Which rows go first where there are too many: what is over, then what nobody has released yet, then what waits. */
const KEPT_LAST: readonly State[] = ["failed", "review", "claimed", "pending", "backlog", "idea", "cancelled", "completed"];

/**
 * The board as one reads it and follows it: a snapshot, then the log. Deterministic: no clock, no connection, every input an argument.
 *
 * A row that was read may be newer than the events that are still to come, since reading takes longer than one change. `rev` decides:
 * an event about an older revision is a line of the log, and leaves the row as it is. Counts follow the log alone and are exact at `cursor`.
 */
export class Board {
  readonly #limits: BoardLimits;
  readonly #rows = new Map<string, Row>();
  readonly #agents = new Map<string, AgentRow>();
  readonly #log: RecentLog;
  #version = 0;
  #workspace = "";
  #serverVersion = "";
  #counts: Counts = countsOf({});
  #cursor = 0;
  #areCountsSure = true;

  constructor(limits: BoardLimits = BOARD_LIMITS) {
    this.#limits = limits;
    this.#log = new RecentLog(limits.log);
  }

  get version(): number {
    return this.#version;
  }

  get cursor(): number {
    return this.#cursor;
  }

  get rows(): ReadonlyMap<string, Row> {
    return this.#rows;
  }

  /** False once an event has moved a task from a state that nobody here knows: the server is asked to count again. */
  get areCountsSure(): boolean {
    return this.#areCountsSure;
  }

  /** The head of the log and the counts at it. What is read afterwards is at least as new. */
  begin(info: { workspace: string; version: string; counts: Readonly<Record<string, number>>; head: number }): void {
    this.#workspace = info.workspace;
    this.#serverVersion = info.version;
    this.#cursor = info.head;
    this.#counts = countsOf(info.counts);
    this.#areCountsSure = true;
    this.#version++;
  }

  /** Lines of the log from before `begin`: they fill the log and tell what rows alone do not, such as whose lease ran out. */
  remember(events: readonly Event[]): void {
    for (const event of events) {
      if (event.seq > this.#cursor) continue;
      this.#log.add(logLine(event));
      const task = event.data.task as TaskSnapshot | undefined;
      const row = task && this.#rows.get(task.id);
      if (!row || row.rev < task.rev) continue;
      const told = rowOfEvent(event, task, row);
      const isClaim = event.type === "task.claimed";
      const isItsClaim = isClaim && row.state === "claimed" && row.claimedAt === told.claimedAt;
      this.#rows.set(row.id, {
        ...row,
        lapsed: row.state === "pending" && !isClaim ? told.lapsed : null,
        reason: row.state === task.state ? told.reason : null,
        ...(isItsClaim ? { claimId: told.claimId, leaseSpan: told.leaseSpan } : {}),
      });
    }
    this.#version++;
  }

  /** Rows as the server has them now: a page of the snapshot, or a refresh of some. */
  put(tasks: readonly Task[]): void {
    for (const task of tasks) {
      const known = this.#rows.get(task.id);
      if (!known || known.rev <= task.rev) this.#rows.set(task.id, rowOfTask(task, known));
    }
    this.#trim();
    this.#version++;
  }

  /** Everybody, as `agents/list` has them: presence is not in the log. */
  meet(agents: readonly Agent[]): void {
    for (const agent of agents) {
      const row = agentRow(agent);
      const known = this.#agents.get(row.id);
      this.#agents.set(row.id, known && known.lastSeen > row.lastSeen ? { ...row, lastSeen: known.lastSeen } : row);
    }
    this.#version++;
    this.#forgetAgents();
  }

  /** What happened, in the log's order; what was applied already is passed over. */
  apply(events: readonly Event[]): void {
    for (const event of events) {
      if (event.seq <= this.#cursor) continue;
      this.#cursor = event.seq;
      this.#log.add(logLine(event));
      this.#see(event);
      const task = event.data.task as TaskSnapshot | undefined;
      if (!task) continue;
      const known = this.#rows.get(task.id);
      this.#count(event, task, known);
      if (!known || known.rev < task.rev) this.#rows.set(task.id, rowOfEvent(event, task, known));
    }
    this.#trim();
    this.#version++;
  }

  /** A new count, taken when the log ended at `head`. @returns whether it is one of what this board shows. */
  recount(counts: Readonly<Record<string, number>>, head: number): boolean {
    if (head !== this.#cursor) return false;
    this.#counts = countsOf(counts);
    this.#areCountsSure = true;
    this.#version++;
    return true;
  }

  /** The board as it is now. Rows are shared, the maps are live: `frozen` is for keeping. */
  view(): BoardView {
    return {
      version: this.#version,
      workspace: this.#workspace,
      serverVersion: this.#serverVersion,
      counts: this.#counts,
      rows: this.#rows,
      agents: this.#agents,
      log: this.#log.lines(),
      cursor: this.#cursor,
    };
  }

  /** As `view`, but later changes do not show in it. */
  frozen(): BoardView {
    return { ...this.view(), rows: new Map(this.#rows), agents: new Map(this.#agents) };
  }

  /** Whoever takes a job is here. Other events name whom they are about, who need not have been there. */
  #see(event: Event): void {
    const id = event.agent_id;
    if (id === undefined || (event.type !== "task.claimed" && event.type !== "agent.seen")) return;
    const at = Date.parse(event.at);
    const known = this.#agents.get(id);
    if (known) this.#agents.set(id, { ...known, lastSeen: Math.max(known.lastSeen, at) });
    else if (event.type === "agent.seen") {
      const { name, type } = event.data as { name: string; type: "agent" | "user" };
      this.#agents.set(id, { id, name, type, firstSeen: at, lastSeen: at });
      this.#forgetAgents();
    }
  }

  #count(event: Event, task: TaskSnapshot, known: Row | undefined): void {
    const move = moveOf(event, task, known);
    if (!move) return;
    const next = counted(this.#counts, move);
    if (next) this.#counts = next;
    else this.#areCountsSure = false;
  }

  /** Lets a tenth go at once, so that a full board does not sort at every event. */
  #trim(): void {
    const most = this.#limits.rows;
    if (this.#rows.size <= most * 1.1) return;
    const order = new Map(KEPT_LAST.map((state, index) => [state, index]));
    const rank = (row: Row) => order.get(row.state) ?? STATE_NAMES.length;
    const kept = [...this.#rows.values()].sort(
      (a, b) => rank(a) - rank(b) || (isTerminal(a.state) ? b.changedAt - a.changedAt : a.number - b.number),
    );
    for (const row of kept.slice(most)) this.#rows.delete(row.id);
  }

  #forgetAgents(): void {
    const most = this.#limits.agents;
    if (this.#agents.size <= most) return;
    const newest = [...this.#agents.values()].sort((a, b) => b.lastSeen - a.lastSeen);
    for (const agent of newest.slice(most)) this.#agents.delete(agent.id);
  }
}
