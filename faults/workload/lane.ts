import type { Task, WaitResult } from "../../protocol/index.ts";
import type { Recorder } from "../history/recorder.ts";
import type { Random } from "../random.ts";
import { type Door, pause, type Told } from "./door.ts";

/** What the lanes of one process know of the board in common. */
export interface Known {
  readonly ids: string[];
  stopping: boolean;
}

const MOST_KNOWN = 12;

/** In seconds: some lapse while their holder works on, or is stopped. */
const LEASES = [1, 1, 1, 2, 2, 30, 30, 30, 30];

/**
 * One line of calls: it posts jobs, takes what it can get, sometimes holds on past its lease, finishes, fails, gives back, waits. Each call
 * is on record before it leaves.
 */
export class Lane {
  readonly #name: string;
  readonly #agent: string;
  readonly #door: Door;
  readonly #recorder: Recorder;
  readonly #random: Random;
  readonly #known: Known;
  #held: Task | undefined;
  #cursor = 0;
  #calls = 0;

  constructor(name: string, agent: string, door: Door, recorder: Recorder, random: Random, known: Known) {
    this.#name = name;
    this.#agent = agent;
    this.#door = door;
    this.#recorder = recorder;
    this.#random = random;
    this.#known = known;
  }

  async work(): Promise<void> {
    while (!this.#known.stopping) {
      await this.#step(...this.#choose());
      if (this.#random.chance(0.3)) await pause(this.#random.between(0, 40));
    }
  }

  /** A lane that only waits, each time from where the last answer ended. */
  async wait(): Promise<void> {
    while (!this.#known.stopping) {
      const filter = this.#random.pick<Record<string, unknown>>([
        { kind: "ack" },
        { kind: "ack" },
        {},
        { state: ["completed", "failed"] },
        { kind: "none of these" },
      ]);
      const cursor = this.#random.chance(0.85) ? { after: this.#cursor } : {};
      await this.#step("tasks/wait", { filter, timeout_ms: this.#random.between(200, 3_000), ...cursor });
    }
  }

  async #step(method: string, params: Record<string, unknown>): Promise<void> {
    const operation = this.#recorder.invoke(this.#name, method, params);
    const told = await this.#door.call(method, params);
    if (told === "lost") {
      this.#recorder.lost(operation);
      await pause(200);
    } else if ("no" in told) this.#recorder.refused(operation, told.no);
    else this.#recorder.answered(operation, told.ok);
    this.#learn(method, told);
  }

  #learn(method: string, told: Told): void {
    if (told === "lost" || "no" in told) return;
    if (method === "tasks/wait") {
      const { cursor, task } = told.ok as WaitResult;
      this.#cursor = cursor;
      if (task) this.#see(task.id);
    }
    if (method === "tasks/send") this.#see((told.ok as Task).id);
    if ((method === "tasks/claim" || method === "tasks/next") && told.ok) {
      this.#held = told.ok as Task;
      this.#see(this.#held.id);
    }
  }

  #see(id: string): void {
    const { ids } = this.#known;
    if (ids.includes(id)) return;
    ids.push(id);
    if (ids.length > MOST_KNOWN) ids.shift();
  }

  #choose(): [string, Record<string, unknown>] {
    this.#calls += 1;
    const random = this.#random;
    const agent_id = this.#agent;
    const lease = { lease_seconds: random.pick(LEASES) };
    const token = `${this.#name} ${this.#calls}`;
    const has = (method: string) => this.#door.methods.includes(method);
    const id = this.#known.ids.length > 0 ? random.pick(this.#known.ids) : undefined;
    const send = (): [string, Record<string, unknown>] => {
      const kind = random.chance(0.2) ? { kind: "ack" } : random.chance(0.2) ? { review: "required" } : {};
      return ["tasks/send", { name: `job ${token}`, agent_id, ...kind }];
    };
    if (id === undefined) return send();
    if (this.#held && random.chance(0.7)) {
      const { id, claim } = this.#held;
      const how = random.weighted({ complete: 6, release: 2, fail: 1, extend: has("tasks/extend") ? 2 : 0 });
      if (how !== "extend") this.#held = undefined;
      const by = random.chance(0.8) || !has("tasks/extend") ? { claim_id: claim!.claim_id } : { agent_id };
      const also = how === "extend" ? lease : how === "complete" ? { result: token } : { reason: token };
      return [`tasks/${how}`, { id, ...by, ...also }];
    }
    const how = random.weighted({ send: 6, claim: 7, next: 4, get: 3, retry: 1, cancel: 0.5, update: 1, review: 2 });
    if (how === "send" || !has(`tasks/${how}`)) return send();
    if (how === "claim") return ["tasks/claim", { id, agent_id, ...lease }];
    if (how === "next") return ["tasks/next", { agent_id, ...lease }];
    if (how === "update") return ["tasks/update", { id, priority: random.pick(["low", "normal", "high"]) }];
    if (how === "review")
      return ["tasks/review", { id, agent_id: "rita", decision: random.chance(0.6) ? "approve" : "request_changes", body: token }];
    return [`tasks/${how}`, { id, ...(how === "get" ? {} : { agent_id }) }];
  }
}
