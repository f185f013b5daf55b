import { runInDurableObject } from "cloudflare:test";
import { METHODS, type MethodName, type ParamsIn, type Principal, type Result, type RpcError } from "../../protocol/index.ts";
import { OWNER } from "../core/authorize.ts";
import { migrate } from "../core/migrations.ts";
import { type Sql, sqlOver } from "../core/sql.ts";
import { Engine } from "../engine.ts";
import type { CommandNote, Surroundings } from "../job.ts";
import { Metrics } from "../metrics.ts";
import type { Socket } from "../session/session.ts";
import { bindings, freshName } from "./pool.ts";

/** An engine whose clock, timers and alarm belong to the test; its database is that of an object that nothing else uses. */
export class Bench {
  readonly sql: Sql;
  readonly storage: DurableObjectStorage;
  /** Bugs that the engine reported. */
  readonly bugs: { error: string; method: string }[] = [];
  /** What the log would say of each command. */
  readonly notes: CommandNote[] = [];
  readonly metrics = new Metrics();
  /** Throws what it returns, before the statement runs. */
  fault: (query: string) => Error | undefined = () => undefined;
  /** Milliseconds since the epoch. */
  now = Date.UTC(2026, 0, 2, 3, 4, 5);
  /** What a webhook says to a call; nothing wrong, unless a test says so. */
  deliver: Surroundings["deliver"] = async () => undefined;
  /** Sockets on which a ping was answered. */
  readonly pinged = new Set<Socket>();
  engine: Engine;
  alarmAt: number | null = null;
  #timers: { at: number; callback: () => void }[] = [];

  constructor(storage: DurableObjectStorage) {
    this.storage = storage;
    const plain = sqlOver(storage.sql);
    const guarded = (query: string) => {
      const error = this.fault(query);
      if (error) throw error;
    };
    this.sql = {
      all: (query, ...bound) => {
        guarded(query);
        return plain.all(query, ...bound);
      },
      first: (query, ...bound) => {
        guarded(query);
        return plain.first(query, ...bound);
      },
      run: (query, ...bound) => {
        guarded(query);
        plain.run(query, ...bound);
      },
    };
    migrate(plain, (body) => storage.transactionSync(body), this.now);
    this.engine = this.#build();
  }

  #build(): Engine {
    const world: Surroundings = {
      sql: this.sql,
      transaction: (body) => this.storage.transactionSync(body),
      clock: () => this.now,
      gather: (_waiting, callback) => void this.#timers.push({ at: this.now, callback }),
      after: (ms, callback) => {
        const timer = { at: this.now + ms, callback };
        this.#timers.push(timer);
        return () => {
          this.#timers = this.#timers.filter((one) => one !== timer);
        };
      },
      setAlarm: (at) => {
        this.alarmAt = at;
      },
      hasPinged: (socket) => this.pinged.has(socket),
      deliver: (delivery) => this.deliver(delivery),
      report: (error, method) => this.bugs.push({ error: String(error), method }),
      note: (command) => this.notes.push(command),
      metrics: this.metrics,
      workspace: "bench",
      schema: 1,
      defaultLeaseSeconds: 300,
    };
    return new Engine(world, this.alarmAt);
  }

  /** The object is evicted and built anew: what was in memory only is gone. */
  restart(): void {
    this.#timers = [];
    this.engine = this.#build();
  }

  /** Runs what is due now: timers and, where `alarms` does not say no, the alarm. */
  run(alarms = true): void {
    for (let rounds = 0; rounds < 100; rounds += 1) {
      const due = this.#timers.filter((timer) => timer.at <= this.now);
      this.#timers = this.#timers.filter((timer) => timer.at > this.now);
      for (const { callback } of due) callback();
      const rings = alarms && this.alarmAt !== null && this.alarmAt <= this.now;
      if (rings) {
        this.alarmAt = null;
        this.engine.alarm();
      }
      if (due.length === 0 && !rings) return;
    }
    throw new Error("the engine asks to be called again and again without an end");
  }

  /** Time passes; whatever falls due meanwhile happens. */
  advance(ms: number): void {
    this.now += ms;
    this.run();
  }

  /** A body and its answer, when the turn that it takes is run. */
  async body(text: string, principal: Principal = OWNER): Promise<string | null> {
    const answer = this.engine.request(text, principal, crypto.randomUUID());
    this.run(false);
    return answer;
  }

  async raw(method: string, params: unknown, principal?: Principal): Promise<{ result?: unknown; error?: RpcError }> {
    return JSON.parse((await this.body(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }), principal))!);
  }

  async call<M extends MethodName>(method: M, params: ParamsIn<M>): Promise<Result<M>> {
    const { result, error } = await this.raw(method, params);
    if (error) throw new Error(`${method}: ${error.message}`);
    return METHODS[method].result.parse(result) as Result<M>;
  }

  async refusal(method: string, params: unknown, principal?: Principal): Promise<RpcError> {
    const { result, error } = await this.raw(method, params, principal);
    if (!error) throw new Error(`${method} was not refused: ${JSON.stringify(result)}`);
    return error;
  }
}

/** Runs a test on a fresh bench. */
export function onBench(body: (bench: Bench) => Promise<void>): () => Promise<void> {
  return async () => {
    const stub = bindings.WORKSPACE.getByName(freshName());
    await runInDurableObject(stub, (_object, state) => body(new Bench(state.storage)));
  };
}
