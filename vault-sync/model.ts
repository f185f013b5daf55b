import type { TaskSnapshot } from "../protocol/index.ts";
import { isAnnouncement } from "../protocol/lifecycle.ts";
import { type Entry, touchesRecord } from "./entry.ts";
import { agentPath, dayOf, taskPath } from "./names.ts";
import type { Extract } from "./record.ts";

/** A line of the log, with the task as it was called then. */
export interface Line {
  readonly entry: Entry;
  readonly task?: TaskState;
  readonly name?: string;
  readonly kind?: string;
}

export interface TaskState {
  readonly id: string;
  readonly number: number;
  /** Its note, without `.md`; the same for ever. */
  readonly path: string;
  readonly createdAt: string;
  changedAt: string;
  now: TaskSnapshot;
  readonly story: Entry[];
  extract: Extract;
}

export interface AgentState {
  readonly handle: string;
  readonly path: string;
  name: string;
  type: string;
  firstAt: string;
  lastAt: string;
  /** Its latest lines; the daily notes have them all. */
  lines: Line[];
  total: number;
  readonly counts: Map<string, number>;
  readonly holds: Set<string>;
  readonly decisions: TaskState[];
}

export interface DayState {
  readonly date: string;
  readonly lines: Line[];
  readonly counts: Map<string, number>;
}

/** Lines of a daily note before the next part begins: a full part is never written again. */
export const DAY_PART_LINES = 1_000;
/** Lines of an agent's activity in its note. */
export const AGENT_LINES = 500;

const NOTHING: Extract = { depends_on: [], links: [] };

/** Names of the files of a vault, as what they are about: `task <id>`, `agent <handle>`, `day <date> <part>`, `home`, `canvas`, `base`. */
export type FileKey = string;
export const taskKey = (id: string): FileKey => `task ${id}`;
export const agentKey = (handle: string): FileKey => `agent ${handle}`;
export const dayKey = (date: string, part: number): FileKey => `day ${date} ${part}`;

/** What a change leaves to be done. */
export interface Dirt {
  /** Files whose content may have become another. */
  readonly files: Set<FileKey>;
  /** Tasks whose record has to be read again. */
  readonly records: Set<string>;
}

export function noDirt(): Dirt {
  return { files: new Set(), records: new Set() };
}

/**
 * The board as its log tells it. A function of the entries and extracts applied, in their order, and of nothing else:
 * that a rebuild gives the same bytes rests on it. What a note shows of another task (name, kind, state) is shown
 * mutually, by links and dependencies, so `neighbours` is both whom a note names and who names it.
 */
export class Model {
  readonly tasks = new Map<string, TaskState>();
  readonly agents = new Map<string, AgentState>();
  readonly days = new Map<string, DayState>();
  cursor = 0;
  readonly #byNumber = new Map<number, TaskState>();
  readonly #agentNames = new Set<string>();
  /** Who depends on a task, and whose payload names it (by id or `#number`). */
  readonly #dependents = new Map<string, Set<string>>();
  readonly #mentions = new Map<string, Set<string>>();

  apply(entry: Entry, dirt: Dirt): void {
    this.cursor = entry.seq;
    const before = entry.task === undefined ? undefined : this.tasks.get(entry.task)?.now;
    const task = entry.task === undefined ? undefined : this.#applyToTask(entry, entry.task, dirt);
    const line: Line = { entry, ...(task ? { task, name: task.now.name, kind: task.now.kind } : {}) };
    this.#applyToAgents(line, before, dirt);
    this.#applyToDay(line, dirt);
    dirt.files.add("home");
    if (task && !isAnnouncement(task.now.kind)) dirt.files.add("canvas");
    if (task && touchesRecord(entry)) dirt.records.add(task.id);
  }

  #applyToTask(entry: Entry, id: string, dirt: Dirt): TaskState | undefined {
    let task = this.tasks.get(id);
    const old = task?.now;
    if (!task) {
      const now = entry.set as TaskSnapshot | undefined;
      if (now?.number === undefined) return undefined; // an event about a task without its first one: not a log of ours
      const path = taskPath({ at: entry.at, name: now.name, kind: now.kind, number: now.number });
      task = { id, number: now.number, path, createdAt: entry.at, changedAt: entry.at, now, story: [], extract: NOTHING };
      this.tasks.set(id, task);
      this.#byNumber.set(task.number, task);
    } else if (entry.set) task.now = { ...task.now, ...entry.set };
    task.changedAt = entry.at;
    task.story.push(entry);
    dirt.files.add(taskKey(id));
    const { now } = task;
    if (!old || old.name !== now.name || old.kind !== now.kind || old.state !== now.state) {
      for (const neighbour of this.neighbours(task)) dirt.files.add(taskKey(neighbour.id));
    }
    return task;
  }

  /** The record says what the task depends on and names; call it with what `extractOf` made of it. @returns whether that is news. */
  setExtract(id: string, extract: Extract, dirt: Dirt): boolean {
    const task = this.tasks.get(id);
    if (!task || JSON.stringify(task.extract) === JSON.stringify(extract)) return false;
    const touched = new Set(this.neighbours(task));
    for (const on of task.extract.depends_on) this.#dependents.get(on)?.delete(id);
    for (const { to } of task.extract.links) this.#mentions.get(to)?.delete(id);
    task.extract = extract;
    this.#index(task, extract);
    for (const neighbour of this.neighbours(task)) touched.add(neighbour);
    for (const each of touched) dirt.files.add(taskKey(each.id));
    dirt.files.add(taskKey(id)).add("home").add("canvas");
    return true;
  }

  #index(task: TaskState, extract: Extract): void {
    for (const on of extract.depends_on) within(this.#dependents, on).add(task.id);
    for (const { to } of extract.links) within(this.#mentions, to).add(task.id);
  }

  #applyToAgents({ entry, task, name, kind }: Line, before: TaskSnapshot | undefined, dirt: Dirt): void {
    const after = task?.now;
    const named = [entry.agent, after?.created_by, after?.claimed_by, after?.assignee];
    for (const handle of named) if (handle) this.#agent(handle, entry.at, dirt);
    if (entry.agent) {
      const agent = this.#agent(entry.agent, entry.at, dirt);
      if (entry.type === "agent.seen") {
        agent.name = typeof entry.say?.name === "string" ? entry.say.name : agent.name;
        agent.type = typeof entry.say?.type === "string" ? entry.say.type : agent.type;
      }
      agent.lastAt = entry.at;
      agent.total++;
      agent.counts.set(entry.type, (agent.counts.get(entry.type) ?? 0) + 1);
      agent.lines.push({ entry, ...(task ? { task, name, kind } : {}) } as Line);
      if (agent.lines.length > 2 * AGENT_LINES) agent.lines = agent.lines.slice(-AGENT_LINES);
      if (entry.type === "task.created" && task && kind === "decision") agent.decisions.push(task);
      dirt.files.add(agentKey(entry.agent));
    }
    if (!task || !after) return;
    const held = before?.state === "claimed" ? before.claimed_by : null;
    const holds = after.state === "claimed" ? after.claimed_by : null;
    if (held !== null && held !== holds) this.#agent(held, entry.at, dirt).holds.delete(task.id);
    if (holds !== null) this.#agent(holds, entry.at, dirt).holds.add(task.id);
    for (const handle of [held, holds]) if (handle !== null) dirt.files.add(agentKey(handle));
  }

  #agent(handle: string, at: string, dirt: Dirt): AgentState {
    let agent = this.agents.get(handle);
    if (!agent) {
      const path = agentPath(handle, this.#agentNames);
      agent = {
        handle,
        path,
        name: handle,
        type: "agent",
        firstAt: at,
        lastAt: at,
        lines: [],
        total: 0,
        counts: new Map(),
        holds: new Set(),
        decisions: [],
      };
      this.agents.set(handle, agent);
      dirt.files.add(agentKey(handle));
    }
    return agent;
  }

  #applyToDay(line: Line, dirt: Dirt): void {
    const date = dayOf(line.entry.at);
    let day = this.days.get(date);
    if (!day) {
      day = { date, lines: [], counts: new Map() };
      this.days.set(date, day);
      const { before, after } = this.daysBeside(date);
      for (const beside of [before, after]) if (beside) dirt.files.add(dayKey(beside, 0));
    }
    const part = Math.floor(day.lines.length / DAY_PART_LINES);
    if (part > 0 && day.lines.length % DAY_PART_LINES === 0) dirt.files.add(dayKey(date, part - 1));
    day.lines.push(line);
    day.counts.set(line.entry.type, (day.counts.get(line.entry.type) ?? 0) + 1);
    dirt.files.add(dayKey(date, 0)).add(dayKey(date, part));
  }

  daysBeside(date: string): { before?: string; after?: string } {
    let before: string | undefined;
    let after: string | undefined;
    for (const other of this.days.keys()) {
      if (other < date && (before === undefined || other > before)) before = other;
      if (other > date && (after === undefined || other < after)) after = other;
    }
    return { ...(before ? { before } : {}), ...(after ? { after } : {}) };
  }

  /** The task that a link means: a full id or `#number`. */
  resolve(to: string): TaskState | undefined {
    return to.startsWith("#") ? this.#byNumber.get(Number(to.slice(1))) : this.tasks.get(to);
  }

  dependencies(task: TaskState): TaskState[] {
    return inOrder(task.extract.depends_on.map((id) => this.tasks.get(id)));
  }

  dependents(task: TaskState): TaskState[] {
    return inOrder([...(this.#dependents.get(task.id) ?? [])].map((id) => this.tasks.get(id)));
  }

  /** Tasks whose payload or result names this one. */
  namedBy(task: TaskState): TaskState[] {
    const ids = new Set([...(this.#mentions.get(task.id) ?? []), ...(this.#mentions.get(`#${task.number}`) ?? [])]);
    return inOrder([...ids].filter((id) => id !== task.id).map((id) => this.tasks.get(id)));
  }

  neighbours(task: TaskState): TaskState[] {
    const named = task.extract.links.map(({ to }) => this.resolve(to)).filter((other) => other !== undefined);
    return [...this.dependencies(task), ...this.dependents(task), ...named, ...this.namedBy(task)];
  }

  /** Every file there is to be. */
  allFiles(): Set<FileKey> {
    const files = new Set<FileKey>(["home", "canvas", "base"]);
    for (const id of this.tasks.keys()) files.add(taskKey(id));
    for (const handle of this.agents.keys()) files.add(agentKey(handle));
    for (const day of this.days.values()) {
      for (let part = 0; part * DAY_PART_LINES < day.lines.length; part++) files.add(dayKey(day.date, part));
    }
    return files;
  }
}

function within<K>(map: Map<K, Set<string>>, key: K): Set<string> {
  let set = map.get(key);
  if (!set) {
    set = new Set();
    map.set(key, set);
  }
  return set;
}

function inOrder(tasks: readonly (TaskState | undefined)[]): TaskState[] {
  return tasks.filter((task) => task !== undefined).sort((a, b) => a.number - b.number);
}
