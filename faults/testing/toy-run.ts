import { matches } from "../../protocol/filter.ts";
import type { Event, Task, TaskSnapshot } from "../../protocol/index.ts";
import type { History } from "../checker/check.ts";
import type { Operation } from "../history/operation.ts";
import { Random } from "../random.ts";
import { type Told, ToyBoard } from "./board.ts";

const START = Date.UTC(2026, 10, 21, 9);
const LEASES = [0.05, 0.2, 5];

interface Pending {
  readonly lane: number;
  readonly index: number;
  readonly filter: { kind?: string[]; ids?: string[]; state?: string[] };
  readonly after: number | undefined;
  readonly until: number;
}

/**
 * A good history: clients call a toy board at once, each request takes its time both ways, some are lost on the way there or back,
 * leases lapse, waits wait. What the seed gives is the same every time.
 * @param clock the board's clock is set forward and back now and then
 * @param keeper an agent whose leases are extended behind the recorder's back, as the MCP bridge does
 */
export function toyRun(seed: number, { clients = 6, calls = 40, clock = false, keeper = "" } = {}): History {
  const random = new Random(seed);
  const board = new ToyBoard(START);
  const operations: Operation[] = [];
  const agenda: { at: number; act: () => void }[] = [];
  // in order of time; of two at one moment, the one that was put there first
  const later = (at: number, act: () => void) => {
    let [low, high] = [0, agenda.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (agenda[middle]!.at <= at) low = middle + 1;
      else high = middle;
    }
    agenda.splice(low, 0, { at, act });
  };
  const lanes = Array.from({ length: clients }, () => ({ left: calls, held: undefined as Task | undefined, cursor: 0 }));
  let waiting: Pending[] = [];
  let time = 0;
  let ahead = 0;

  const wall = (at: number) => START + at / 1000;
  const put = (index: number, change: Partial<Operation>) => {
    operations[index] = { ...operations[index]!, ...change };
  };
  const known = () => [...board.rows.keys()];

  const begin = (lane: number) => {
    const me = lanes[lane]!;
    if (me.left === 0) return;
    me.left -= 1;
    const [method, params] = choose(lane);
    const index = operations.length;
    operations.push({
      key: index,
      client: `c${lane}`,
      method,
      params,
      invoked: time,
      invokedAt: Math.floor(wall(time)),
      completed: Number.POSITIVE_INFINITY,
      completedAt: Number.POSITIVE_INFINITY,
      outcome: "unknown",
      fate: "lost",
    });
    const there = time + random.between(100, 8_000);
    const lost = random.chance(0.06) ? random.pick(["there", "back"]) : undefined;
    if (lost === "there") return later(there + 20_000, () => begin(lane));
    later(there, () => {
      sweep();
      if (method === "tasks/wait") return wait(lane, index, params as never);
      const told = act(method, params);
      if (lost === "back") {
        giveBack(method, told);
        later(time + 20_000, () => begin(lane));
      } else later(time + random.between(100, 8_000), () => finish(lane, index, told));
    });
  };
  const act = (method: string, params: Record<string, unknown>): Told => {
    const from = board.log.length;
    const told = board.call(method, params);
    wake(from);
    return told;
  };
  // as a bridge does whose host has gone
  const giveBack = (method: string, told: Told) => {
    if (!("ok" in told) || !told.ok || (method !== "tasks/claim" && method !== "tasks/next") || time % 3 === 0) return;
    const { id, claim } = told.ok as Task;
    const reason = "the call that claimed it was given up before the answer";
    later(time + 2_000, () => act("tasks/release", { id, claim_id: claim!.claim_id, reason }));
  };
  const finish = (lane: number, index: number, told: Told) => {
    const times = { completed: time, completedAt: Math.ceil(wall(time)) };
    const { fate: _fate, ...before } = operations[index]!;
    operations[index] = before;
    put(index, "ok" in told ? { ...times, outcome: "answered", result: told.ok } : { ...times, outcome: "refused", refusal: told.no });
    const me = lanes[lane]!;
    const { method } = before;
    if ("ok" in told && (method === "tasks/claim" || method === "tasks/next")) me.held = (told.ok as Task | null) ?? undefined;
    if (method === "tasks/wait" && "ok" in told) me.cursor = (told.ok as { cursor: number }).cursor;
    later(time + random.between(0, 3_000), () => begin(lane));
  };
  const wait = (lane: number, index: number, { filter, after }: { filter: Pending["filter"]; after?: number }) => {
    if (after === undefined) {
      const now = board.find((task) => matches(filter as never, snapshotOf(task), true));
      if (now) {
        const told = { ok: { task: now, cursor: board.log.length, timed_out: false } };
        return later(time + 500, () => finish(lane, index, told));
      }
    } else {
      const event = board.log.slice(after).find((one) => ends(filter, one));
      if (event) return answer({ lane, index, filter, after, until: 0 }, event);
    }
    const mine = { lane, index, filter, after, until: time + random.between(10_000, 80_000) };
    waiting.push(mine);
    later(mine.until, () => {
      if (!waiting.includes(mine)) return;
      waiting = waiting.filter((one) => one !== mine);
      const cursor = board.log.length;
      later(time + 500, () => finish(lane, index, { ok: { task: null, cursor, timed_out: true } }));
    });
  };
  const answer = ({ lane, index }: Pending, event: Event) => {
    const task = board.find((one) => one.id === event.task_id)!;
    const told = { ok: { task, event, cursor: event.seq, timed_out: false } };
    later(time + random.between(100, 5_000), () => finish(lane, index, told));
  };
  const sweep = () => {
    board.now = Math.floor(wall(time)) + ahead;
    const from = board.log.length;
    if (board.lapse()) wake(from);
  };
  const wake = (from: number) => {
    for (const event of board.log.slice(from)) {
      for (const one of waiting.filter((waiter) => ends(waiter.filter, event))) {
        waiting = waiting.filter((waiter) => waiter !== one);
        answer(one, event);
      }
    }
  };
  const choose = (lane: number): [string, Record<string, unknown>] => {
    const me = lanes[lane]!;
    const agent_id = `agent-${lane}`;
    const lease_seconds = random.pick(LEASES);
    const id = known().length > 0 ? random.pick(known().slice(-8)) : undefined;
    if (id === undefined) return ["tasks/send", { name: `job ${lane} ${me.left}`, agent_id }];
    if (me.held && random.chance(0.6)) {
      const { id, claim } = me.held;
      const how = random.weighted({ complete: 5, release: 2, fail: 2, extend: 2 });
      if (how !== "extend") me.held = undefined;
      const by = random.chance(0.7) ? { claim_id: claim!.claim_id } : { agent_id };
      const also =
        how === "extend" ? { lease_seconds } : how === "complete" ? { result: `${lane} ${me.left}` } : { reason: `${lane} ${me.left}` };
      return [`tasks/${how}`, { id, ...by, ...also }];
    }
    const how = random.weighted({ send: 5, claim: 6, next: 4, get: 3, retry: 1, cancel: 1, wait: 4, review: 2 });
    if (how === "send") {
      const kind = random.chance(0.2) ? { kind: "ack" } : random.chance(0.3) ? { review: "required" } : {};
      return ["tasks/send", { name: `job ${lane} ${me.left}`, agent_id, ...kind }];
    }
    if (how === "claim") return ["tasks/claim", { id, agent_id, lease_seconds }];
    if (how === "next") return ["tasks/next", { agent_id, lease_seconds }];
    if (how === "wait") {
      const filter = random.pick([{ kind: ["ack"] }, { ids: [id], state: ["completed", "pending"] }, {}]);
      return ["tasks/wait", { filter, ...(random.chance(0.7) ? { after: me.cursor } : {}) }];
    }
    if (how === "review")
      return ["tasks/review", { id, agent_id: "rita", decision: random.chance(0.6) ? "approve" : "request_changes", body: "see" }];
    return [`tasks/${how}`, { id, ...(how === "get" ? {} : { agent_id }) }];
  };

  for (let lane = 0; lane < clients; lane += 1) later(random.between(0, 2_000), () => begin(lane));
  for (let beat = 1; beat < 400; beat += 1) later(beat * 10_000, sweep);
  const beats = new Random(seed).fork();
  for (let beat = 1; beat < 40 && (clock || keeper !== ""); beat += 1)
    later(beats.between(0, 400_000), () => {
      if (clock) ahead = beats.pick([0, 50, -50, 1_000, -1_000, 3_600_000]);
      sweep();
      for (const task of board.tasks)
        if (task.state === "claimed" && task.claimed_by === keeper)
          act("tasks/extend", { id: task.id, agent_id: keeper, lease_seconds: Math.max(...LEASES) });
    });
  while (agenda.length > 0) {
    const { at, act } = agenda.shift()!;
    time = Math.max(time, at);
    act();
  }
  sweep();
  const { tasks } = board;
  return {
    operations,
    followed: [{ client: "follower", after: 0, seqs: board.log.map((event) => event.seq), cursor: board.log.length }],
    log: board.log,
    tasks,
    database: {
      tasks: [...board.rows.values()].map((row) => ({ ...row, blocked: 0, open_dependencies: 0, result: JSON.stringify(row.result) })),
      events: board.log.map(({ seq, type, data }) => ({ seq, type, data: JSON.stringify(data) })),
      claims: board.claims,
      damage: [],
    },
  };
}

function ends(filter: Pending["filter"], event: Event): boolean {
  return matches(filter as never, event.data.task as TaskSnapshot, true);
}

function snapshotOf(task: Task): TaskSnapshot {
  return { ...task, ready: task.state === "pending" };
}
