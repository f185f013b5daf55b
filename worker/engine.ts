import { type Action, type Imported, type ImportRequest, LIMITS, type Principal } from "../protocol/index.ts";
import { A2A_COMMANDS, type A2ACommand, type A2AParams, type A2AValue } from "./a2a/board/commands.ts";
import { Courier } from "./a2a/push/courier.ts";
import { importTasks } from "./commands/import.ts";
import { lapse, lapsedJobs, nextLapse } from "./commands/leases.ts";
import { addNote } from "./commands/notes.ts";
import { authorize } from "./core/authorize.ts";
import { failure } from "./core/failure.ts";
import { type ParsedCall, parseBody } from "./core/parse.ts";
import { Presence } from "./core/presence.ts";
import { Answers, rpcResponse } from "./core/reply.ts";
import { taskByNumber } from "./core/tasks.ts";
import { answer, type Outcome, refused, Turn } from "./core/turn.ts";
import { type Caller, type Command, execute, prepare } from "./dispatch.ts";
import type { Job, Surroundings } from "./job.ts";
import { Sessions } from "./session/sessions.ts";
import { type ClaimCommand, claimsTogether, executeTogether } from "./together.ts";
import { type Attempt, WaitBook } from "./waits/book.ts";
import { giveBack } from "./waits/handed.ts";
import type { LiveWaiter } from "./waits/index.ts";
import { HeldRequests } from "./waits/requests.ts";

/** The coordinator itself. */
const SYSTEM: Principal = { id: "system", role: "owner" };

/** A lease that should have lapsed and could not, for a bug, is tried again after this long. */
const LAPSE_RETRY_MS = 5_000;

/** Where nothing may happen by itself, the alarm is put off by this long, for the server that will serve the folder. */
const STILL_MS = 60_000;

/**
 * The coordinator of one workspace, over plain SQL and a clock. Commands wait in one queue; a zero timer applies all that have come
 * meanwhile in one turn, each in a transaction of its own (claims that follow each other in one for all), so that they share one flush to
 * disk and the runtime's output gate lets their answers go after it. One thread, one writer: a claim needs no lock.
 */
export class Engine {
  readonly #world: Surroundings;
  readonly #presence = new Presence((agent_id) => this.#book.wakeOf(agent_id));
  readonly #deadline = { lapse: Number.NEGATIVE_INFINITY };
  readonly #head: Turn["head"] = { seq: undefined };
  readonly #keys: Turn["keys"] = { kept: 0 };
  readonly #book: WaitBook<LiveWaiter>;
  readonly #requests: HeldRequests;
  readonly sessions: Sessions;
  readonly #courier: Courier;
  #queue: { readonly job: Job; readonly arrived: number }[] = [];
  #turn: Promise<void> | undefined;
  #alarmAt: number | null;
  #earliestWait = Number.POSITIVE_INFINITY;

  constructor(world: Surroundings, alarmAt: number | null) {
    this.#world = world;
    this.#alarmAt = alarmAt;
    this.#book = new WaitBook(world.transaction, this.#attempt, world.metrics.waits);
    this.#requests = new HeldRequests(this.#book, this.#presence, world, () => this.#newTurn());
    this.sessions = new Sessions(this.#book, this.#presence, world, () => this.#open());
    this.#courier = new Courier(
      world,
      () => this.#rearm(),
      (number, text) => void this.#command("notes/add", (turn) => addNote(turn, { id: `#${number}`, agent_id: "coord", body: text })),
    );
  }

  /**
   * A JSON-RPC body that came by HTTP. Resolves when every call in it is answered, at the latest after `wait_ms`.
   * @returns the response's text, or null where the body held notifications only
   */
  async request(body: string, principal: Principal, requestId: string): Promise<string | null> {
    const parsed = parseBody(body);
    if (!parsed.ok) return JSON.stringify(rpcResponse(null, parsed));
    const answers = new Answers();
    const caller = this.#httpCaller(answers);
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
            const hold: Job["hold"] = (turn, wait) => this.#requests.hold(turn, wait, call, principal, requestId, reply);
            void this.submit({ call, principal, caller, reply, hold });
          }),
      ),
    );
    return answers.text(batch);
  }

  /** One command of the A2A side, applied like coord's own methods: in the queue, authorized, in one transaction. */
  async a2a<C extends A2ACommand>(name: C, params: A2AParams<C>, principal: Principal): Promise<Outcome<A2AValue<C>>> {
    const { action, run } = A2A_COMMANDS[name] as { action: Action; run(turn: Turn, params: unknown): Outcome<unknown> };
    const forbidden = authorize(principal, action);
    if (forbidden) return refused(forbidden);
    const outcome = await this.#command(
      `a2a/${name}`,
      (turn) => {
        const outcome = run(turn, params);
        if (outcome.ok && (name === "send" || name === "push_create")) this.#courier.watch((outcome.value as { taskId: string }).taskId);
        return outcome;
      },
      principal,
    );
    return outcome as Outcome<A2AValue<C>>;
  }

  /** `POST /import`: in the queue like any other command, whole or not at all. */
  async import(request: ImportRequest, principal: Principal): Promise<Outcome<Imported>> {
    const forbidden = authorize(principal, "admin");
    if (forbidden) return refused(forbidden);
    return (await this.#command("import", (turn) => importTasks(turn, request, this.#world.transaction), principal)) as Outcome<Imported>;
  }

  #command(what: string, run: (turn: Turn) => Outcome<unknown>, principal: Principal = SYSTEM): Promise<Outcome<unknown>> {
    return new Promise((resolve) => {
      const call: ParsedCall = { id: null, silent: false, method: what, params: {} };
      const reply = (outcome: Outcome<unknown>) => {
        resolve(outcome);
        return true;
      };
      void this.submit({ call, principal, caller: this.#httpCaller(new Answers()), run, reply, hold: () => undefined });
    });
  }

  #httpCaller(answers: Answers): Caller {
    return {
      mostWaitMs: LIMITS.wait_ms.value,
      waiting: (key) => {
        this.#requests.askedAgain(key);
        return this.#book.waiting(key);
      },
      answers,
      open: () => this.#open(),
      bind: () => {},
    };
  }

  /** The client of a held request is gone: its questions leave the book. */
  forget(requestId: string): void {
    this.#requests.forget(requestId);
  }

  /** Whether the request waited in line and was handed a job. */
  hasHandedOver(requestId: string): boolean {
    return this.#requests.hasHandedOver(requestId);
  }

  /**
   * The client of a held request was gone before its answer was written: as `forget`, and a job that it was handed is pending again, for
   * the next in line. Never for a client that may have read its answer.
   */
  async takeBack(requestId: string): Promise<void> {
    this.#requests.forget(requestId);
    const handed = this.#requests.takeHanded(requestId);
    if (handed.length === 0) return;
    await this.#command("next/taken-back", (turn) => {
      for (const { number, claim_id, key } of handed) {
        const row = taskByNumber(turn.sql, number);
        if (row?.state === "claimed" && row.claim_id === claim_id) giveBack(turn, row, key);
      }
      return answer(null);
    });
  }

  /** @returns how many sessions were told */
  bye(reason: string): number {
    this.#requests.forgetAll();
    return this.sessions.bye(reason);
  }

  /** Puts a command in the queue; resolves when its turn is over. */
  submit(job: Job): Promise<void> {
    this.#queue.push({ job, arrived: this.#world.clock() });
    this.#turn ??= new Promise((resolve) => {
      this.#world.gather(
        () => ({ all: this.#queue.length, byHttp: this.#queue.filter(({ job }) => !job.caller.session).length }),
        () => {
          this.#turn = undefined;
          this.#run(this.#queue.splice(0));
          resolve();
        },
      );
    });
    return this.#turn;
  }

  /** The database was filled from a backup: what is remembered of it is not so any more. */
  restored(): void {
    this.#head.seq = undefined;
    this.#deadline.lapse = Number.NEGATIVE_INFINITY;
    this.#presence.forget();
    this.#courier.reload();
    if (this.#world.still) this.#world.setAlarm(this.#world.clock() + STILL_MS);
    else this.#run([]);
  }

  /** The alarm rang, or may have: leases lapse and waits time out. */
  alarm(): void {
    this.#alarmAt = null;
    if (this.#world.still) this.#world.setAlarm(this.#world.clock() + STILL_MS);
    else this.#run([]);
  }

  /** What is open at this moment, for `Metrics.read`. */
  gauges(): { waiters: number; sessions: number; queue: number } {
    return { waiters: this.#book.size, sessions: this.sessions.size, queue: this.#queue.length };
  }

  #run(queued: readonly { readonly job: Job; readonly arrived: number }[]): void {
    const turn = this.#newTurn();
    this.sessions.endUnheard(turn.now);
    let woken = 0;
    const wake = () => {
      woken = this.#book.wake(turn, woken, (subscription, event) => this.sessions.follow(subscription, event));
    };
    if (turn.now >= this.#deadline.lapse && !this.#world.still) {
      this.#lapse(turn);
      wake();
    }
    const steps = queued.map(({ job, arrived }) => {
      const own = turn.as(job.principal);
      return { job, arrived, turn: own, command: this.#prepare(own, job) };
    });
    for (let at = 0; at < steps.length; ) {
      const began = this.#world.clock();
      const claims = claimsTogether(steps, at);
      const together = claims.length > 0 ? this.#applyTogether(turn, claims) : [];
      const count = Math.max(1, claims.length);
      for (const [place, { job, arrived, turn, command }] of steps.slice(at, at + count).entries()) {
        const outcome = together[place] ?? this.#apply(turn, job, command);
        if (!outcome) continue;
        this.#note(job, outcome, arrived, began);
        // nothing leaves before the turn's writes are on disk: the runtime's output gate sees to that
        job.reply(outcome);
      }
      wake();
      at += count;
    }
    const earliest = this.#attempt(
      "expire",
      turn,
      () => this.#book.expire(turn),
      () => Number.POSITIVE_INFINITY,
    );
    this.sessions.flush(turn.sql);
    this.#earliestWait = earliest;
    if (this.#world.still) return;
    this.#attempt(
      "push",
      turn,
      () => this.#courier.run(turn),
      () => undefined,
    );
    this.#rearm();
  }

  /** One transaction a job, so that one that cannot lapse keeps no other from it; it is tried again later. */
  #lapse(turn: Turn): void {
    for (const job of lapsedJobs(turn)) {
      this.#attempt(
        "lapse",
        turn,
        () => {
          this.#world.transaction(() => lapse(turn, job));
          this.#world.metrics.lapsed += 1;
        },
        () => undefined,
      );
    }
    const next = nextLapse(turn.sql) ?? Number.POSITIVE_INFINITY;
    this.#deadline.lapse = next <= turn.now ? turn.now + LAPSE_RETRY_MS : next;
  }

  #note({ call, principal }: Job, outcome: Outcome<unknown>, arrived: number, began: number): void {
    const now = this.#world.clock();
    const { method, params } = "refusal" in call ? { method: "unknown", params: {} as Record<string, unknown> } : call;
    const how = this.#world.metrics.answered(method, outcome, now - arrived);
    const text = (value: unknown) => (typeof value === "string" ? value.slice(0, 128) : undefined);
    const [agent, task] = [text(params.agent_id ?? params.agentId), text(params.id)];
    this.#world.note({
      method: method.slice(0, 80),
      outcome: how,
      took_ms: now - began,
      queued_ms: began - arrived,
      principal: principal.id,
      ...(agent === undefined ? {} : { agent }),
      ...(task === undefined ? {} : { task }),
    });
  }

  /** What of a call needs no database; undefined where it has nothing of the kind. */
  #prepare(turn: Turn, { call, caller, run }: Job): Outcome<Command> | undefined {
    if ("refusal" in call || call.plan || run) return undefined;
    return this.#attempt<Outcome<Command>>(
      call.method,
      turn,
      () => prepare(turn, call.method, call.params, caller),
      (error) => refused(failure(error, call.method)),
    );
  }

  /** Runs one command; no outcome where it is kept waiting. */
  #apply(turn: Turn, { call, caller, hold, run: own }: Job, command: Outcome<Command> | undefined): Outcome<unknown> | undefined {
    if ("refusal" in call) return refused(call.refusal);
    const { transaction } = this.#world;
    return this.#attempt<Outcome<unknown> | undefined>(
      call.method,
      turn,
      () => {
        if (own) return transaction(() => own(turn));
        if (call.plan) return call.plan.outcome(call, turn, transaction, (params) => this.#post(turn, params, caller));
        if (!command?.ok) return command;
        const outcome = this.#execute(command.value);
        return outcome.ok === "later" ? hold(turn, outcome) : outcome;
      },
      (error) => refused(failure(error, call.method)),
    );
  }

  /** One `tasks/send` of a plan; it never waits. */
  #post(turn: Turn, params: Record<string, unknown>, caller: Caller): Outcome<unknown> {
    const command = prepare(turn, "tasks/send", params, caller);
    return command.ok ? (this.#execute(command.value) as Outcome<unknown>) : command;
  }

  #execute(command: Command): ReturnType<typeof execute> {
    const outcome = execute(command, this.#world.transaction);
    this.#bind(command);
    return outcome;
  }

  /** Runs claims in one transaction; no outcomes where one of them breaks it: each is then run alone, so that only that one is refused. */
  #applyTogether(turn: Turn, claims: readonly ClaimCommand[]): readonly Outcome<unknown>[] {
    const outcomes = this.#attempt<readonly Outcome<unknown>[]>(
      "tasks/claim",
      turn,
      () => executeTogether(claims, this.#world.transaction),
      () => [],
    );
    if (outcomes.length > 0) for (const claim of claims) this.#bind(claim);
    return outcomes;
  }

  /** The agent acts over its caller's connection. What goes wrong here takes nothing back: the command is in the database. */
  #bind({ turn, actor, caller }: Command): void {
    if (!actor) return;
    this.#attempt(
      "bind",
      turn,
      () => caller.bind(actor.id),
      () => undefined,
    );
  }

  readonly #attempt: Attempt = (what, turn, body, otherwise) => {
    const logged = turn.log.length;
    try {
      return body();
    } catch (error) {
      turn.undo(logged);
      this.#presence.forget();
      this.#world.report(error, what);
      return otherwise(error);
    }
  };

  /** One alarm for the earliest of all deadlines. It is only ever moved forward: when it rings early, it is set again. */
  #rearm(): void {
    const at = Math.min(this.#deadline.lapse, this.#earliestWait, this.#courier.deadline);
    if (!Number.isFinite(at) || (this.#alarmAt !== null && this.#alarmAt <= at)) return;
    this.#alarmAt = at;
    this.#world.setAlarm(at);
  }

  #newTurn(): Turn {
    return new Turn({
      sql: this.#world.sql,
      now: this.#world.clock(),
      principal: SYSTEM,
      presence: this.#presence,
      defaultLeaseSeconds: this.#world.defaultLeaseSeconds,
      log: [],
      deadline: this.#deadline,
      head: this.#head,
      keys: this.#keys,
      lapsed: [],
    });
  }

  #open(): ReturnType<Caller["open"]> {
    return { workspace: this.#world.workspace, schema: this.#world.schema, sessions: this.sessions.size, waiters: this.#book.size };
  }
}
