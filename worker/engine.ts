import { LIMITS, type Principal, refuse } from "../protocol/index.ts";
import { lapse, lapsedJobs, nextLapse } from "./commands/leases.ts";
import { timedOut, type WaitFor } from "./commands/wait.ts";
import { type ParsedCall, parseBody } from "./core/parse.ts";
import { Presence } from "./core/presence.ts";
import { Answers, rpcResponse } from "./core/reply.ts";
import { answer, type Outcome, refused, Turn } from "./core/turn.ts";
import { type Caller, execute, type WaitCall } from "./dispatch.ts";
import type { Job, Surroundings } from "./job.ts";
import { Sessions } from "./session/sessions.ts";
import { type Attempt, WaitBook } from "./waits/book.ts";
import type { LiveWaiter } from "./waits/index.ts";

/** A lease that should have lapsed and could not, for a bug, is tried again after this long. */
const LAPSE_RETRY_MS = 5_000;

/** One question held open by a request. */
interface HttpWaiter extends LiveWaiter {
  readonly requestId: string;
  release(): void;
}

/**
 * The coordinator of one workspace, over plain SQL and a clock. Commands wait in one queue; a zero timer applies all that have come
 * meanwhile in one turn, each in a transaction of its own, so that they share one flush to disk and the runtime's output gate lets
 * their answers go after it. One thread, one writer: a claim needs no lock.
 */
export class Engine {
  readonly #world: Surroundings;
  readonly #presence = new Presence();
  readonly #deadline = { lapse: Number.NEGATIVE_INFINITY };
  readonly #book: WaitBook<LiveWaiter>;
  readonly #held = new Map<string, Set<HttpWaiter>>();
  readonly sessions: Sessions;
  #queue: Job[] = [];
  #turn: Promise<void> | undefined;
  #alarmAt: number | null;

  constructor(world: Surroundings, alarmAt: number | null) {
    this.#world = world;
    this.#alarmAt = alarmAt;
    this.#book = new WaitBook(world.transaction, this.#attempt);
    this.sessions = new Sessions(this.#book, this.#presence, world, () => this.#open());
  }

  /**
   * A JSON-RPC body that came by HTTP. Resolves when every call in it is answered, at the latest after `wait_ms`.
   * @returns the response's text, or null where the body held notifications only
   */
  async request(body: string, principal: Principal, requestId: string): Promise<string | null> {
    const parsed = parseBody(body);
    if (!parsed.ok) return JSON.stringify(rpcResponse(null, parsed));
    const answers = new Answers();
    const caller: Caller = {
      mostWaitMs: LIMITS.wait_ms.value,
      waiting: (key) => this.#book.waiting(key),
      answers,
      open: () => this.#open(),
      bind: () => {},
    };
    const { calls, batch } = parsed.value;
    await Promise.all(
      calls.map(
        (call, place) =>
          new Promise<void>((resolve) => {
            const reply = (outcome: Outcome<unknown>) => {
              if (!("silent" in call && call.silent)) answers.add(place, rpcResponse(call.id, outcome));
              resolve();
              return true;
            };
            const hold: Job["hold"] = (turn, wait) => this.#holdRequest(turn, wait, call, principal, requestId, reply);
            void this.submit({ call, principal, caller, reply, hold });
          }),
      ),
    );
    return answers.text(batch);
  }

  /** The client of a held request is gone, or must be let go: its questions leave the book, answered as timed out. */
  forget(requestId: string): void {
    const turn = this.#newTurn();
    for (const waiter of this.#held.get(requestId) ?? []) {
      if (this.#book.remove(waiter)) waiter.settle(answer(timedOut(turn, waiter.kind as WaitFor["kind"], waiter.page)));
    }
  }

  /** @returns how many sessions were told */
  bye(reason: string): number {
    for (const requestId of [...this.#held.keys()]) this.forget(requestId);
    return this.sessions.bye(reason);
  }

  /** Puts a command in the queue; resolves when its turn is over. */
  submit(job: Job): Promise<void> {
    this.#queue.push(job);
    this.#turn ??= new Promise((resolve) => {
      this.#world.gather(
        () => this.#queue.length,
        () => {
          this.#turn = undefined;
          this.#run(this.#queue.splice(0));
          resolve();
        },
      );
    });
    return this.#turn;
  }

  /** The alarm rang, or may have: leases lapse and waits time out. */
  alarm(): void {
    this.#alarmAt = null;
    this.#run([]);
  }

  #run(jobs: readonly Job[]): void {
    const turn = this.#newTurn();
    let woken = 0;
    const wake = () => {
      woken = this.#book.wake(turn, woken, (subscription, event) => this.sessions.follow(subscription, event));
    };
    if (turn.now >= this.#deadline.lapse) {
      this.#lapse(turn);
      wake();
    }
    for (const job of jobs) {
      const outcome = this.#apply(turn.as(job.principal), job);
      // nothing leaves before the turn's writes are on disk: the runtime's output gate sees to that
      if (outcome) job.reply(outcome);
      wake();
    }
    const earliest = this.#attempt(
      "expire",
      turn,
      () => this.#book.expire(turn),
      () => Number.POSITIVE_INFINITY,
    );
    this.sessions.flush(turn.sql);
    this.#rearm(earliest);
  }

  /** One transaction a job, so that one that cannot lapse keeps no other from it; it is tried again later. */
  #lapse(turn: Turn): void {
    for (const job of lapsedJobs(turn)) {
      this.#attempt(
        "lapse",
        turn,
        () => this.#world.transaction(() => lapse(turn, job)),
        () => undefined,
      );
    }
    const next = nextLapse(turn.sql) ?? Number.POSITIVE_INFINITY;
    this.#deadline.lapse = next <= turn.now ? turn.now + LAPSE_RETRY_MS : next;
  }

  /** Runs one command; no outcome where it is kept waiting. */
  #apply(turn: Turn, { call, caller, hold }: Job): Outcome<unknown> | undefined {
    if ("refusal" in call) return refused(call.refusal);
    const { transaction } = this.#world;
    const run = (params: Record<string, unknown>) => execute(turn, call.method, params, caller, transaction);
    return this.#attempt<Outcome<unknown> | undefined>(
      call.method,
      turn,
      () => {
        // a plan is made of tasks/send calls, which never wait
        const outcome = call.plan
          ? call.plan.outcome(call, turn, transaction, (params) => run(params) as Outcome<unknown>)
          : run(call.params);
        return outcome.ok === "later" ? hold(turn, outcome) : outcome;
      },
      () => refused(refuse("internal", "internal error: this is a bug in coord", { method: call.method.slice(0, 80) })),
    );
  }

  readonly #attempt: Attempt = (what, turn, body, otherwise) => {
    const logged = turn.log.length;
    try {
      return body();
    } catch (error) {
      turn.log.length = logged;
      this.#presence.forget();
      this.#world.report(error, what);
      return otherwise();
    }
  };

  #holdRequest(
    turn: Turn,
    { wait, key }: WaitCall,
    call: ParsedCall,
    principal: Principal,
    requestId: string,
    reply: Job["reply"],
  ): undefined {
    const ms = Math.min(wait.timeout_ms ?? LIMITS.wait_ms.value, LIMITS.wait_ms.value);
    const { timeout_ms: _timeout, ...rest } = wait;
    const held = this.#held.get(requestId) ?? new Set<HttpWaiter>();
    const release = () => {
      cancelTimer();
      held.delete(waiter);
      if (held.size === 0) this.#held.delete(requestId);
      if (wait.agent_id) this.#presence.detach(this.#world.sql, wait.agent_id, this.#world.clock());
    };
    const waiter: HttpWaiter = {
      ...rest,
      ...(key ? { key } : {}),
      id: call.id,
      order: this.#book.place(key),
      // its own timer, since the request keeps the object awake anyway: no alarm is written for it
      deadline: null,
      principal,
      requestId,
      release,
      settle: (outcome) => {
        release();
        return reply(outcome);
      },
    };
    const cancelTimer = this.#world.after(ms, () => {
      const now = this.#newTurn();
      if (this.#book.remove(waiter)) waiter.settle(answer(timedOut(now, wait.kind, wait.page)));
    });
    this.#held.set(requestId, held.add(waiter));
    if (wait.agent_id) this.#presence.attach(wait.agent_id);
    this.#book.add(turn, waiter);
    return undefined;
  }

  /** One alarm for the earliest of all deadlines. It is only ever moved forward: when it rings early, it is set again. */
  #rearm(earliestWait: number): void {
    const at = Math.min(this.#deadline.lapse, earliestWait);
    if (!Number.isFinite(at) || (this.#alarmAt !== null && this.#alarmAt <= at)) return;
    this.#alarmAt = at;
    this.#world.setAlarm(at);
  }

  #newTurn(): Turn {
    return new Turn({
      sql: this.#world.sql,
      now: this.#world.clock(),
      principal: { id: "system", role: "owner" },
      presence: this.#presence,
      defaultLeaseSeconds: this.#world.defaultLeaseSeconds,
      log: [],
      deadline: this.#deadline,
      lapsed: [],
    });
  }

  #open(): ReturnType<Caller["open"]> {
    return { workspace: this.#world.workspace, schema: this.#world.schema, sessions: this.sessions.size, waiters: this.#book.size };
  }
}
