import type { Event, MethodName, ParamsIn, Result } from "../../protocol/index.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { overLimit, toRpcError } from "../../protocol/refusals.ts";
import { mayAutostart } from "../config.ts";
import { CliError } from "../errors.ts";
import { backoffMs } from "./backoff.ts";
import { ConnectionLost, isRpcError, refused, TransportFailure, unreachable } from "./failures.ts";
import { type EventBatch, eventBatch, Following } from "./following.ts";
import { repeatable } from "./mutations.ts";
import { openSocket, SOCKET_TIMES, type Socket, type SocketTimes } from "./socket.ts";
import type { CallOptions, Session, SessionState, SubscribeOptions, Subscription, Target } from "./types.ts";

export interface SessionOptions {
  /** Start the default server where nothing listens (default true). Only ever before the first connection: a server stopped on purpose stays so. */
  readonly autostart?: boolean;
  /** Never give up on the first connection either. */
  readonly patient?: boolean;
  /** A call that finds no connection for this long fails with `ConnectionLost`; the session itself keeps trying. Default 30,000. */
  readonly giveUpMs?: number;
  readonly times?: SocketTimes;
  /** Pause before try number `failures + 1`, in milliseconds. */
  readonly backoff?: (failures: number) => number;
  /** Pause after a `bye`: by then the server must have stopped accepting, or the new session would keep it from stopping. */
  readonly byePauseMs?: () => number;
}

interface Pending {
  readonly id: number;
  readonly method: MethodName;
  readonly params: object;
  readonly text: string;
  readonly onBreak: "resend" | "reject";
  sends: number;
  /** Runs while no connection is there to send it on. */
  stranded: NodeJS.Timeout | undefined;
  /** Runs before any later frame is looked at, unlike the promise's continuation. */
  readonly onResult: ((result: unknown) => void) | undefined;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

const GIVE_UP_MS = 30_000;
/** Tries of a first connection that is broken or silent, before the server counts as unreachable. */
const FIRST_TRIES = 3;
/** A call whose every sending ends in a broken connection is likely what breaks it. */
const MOST_SENDS = 8;
/** `events` of a subscription whose answer is still on its way. */
const MOST_PARKED = 1_000;
const byePauseMs = () => 500 + Math.random() * 500;

/**
 * A session that comes up in its own time: calls wait for the first connection as they do for any later one.
 * For long-lived programs, which must start whether or not the server does.
 */
export function startSession(target: Target, options: SessionOptions = {}): Session {
  return new WorkspaceSession(target, { patient: true, ...options });
}

/**
 * A session that is open. Starts the default server where nothing listens.
 * @throws CliError: exit 7 where no server answers, exit 5 where it wants another token.
 */
export async function openSession(target: Target, options: SessionOptions = {}): Promise<Session> {
  const session = new WorkspaceSession(target, options);
  await session.opened;
  return session;
}

/**
 * The client's end of a session. One connection at a time; when it ends, the next is opened with backoff and everything that was
 * asked and not answered is asked again, mutations under their idempotency key. Nothing is lost with a connection because nothing lives in it:
 * subscriptions are a cursor, agents are re-announced, calls are repeatable.
 */
class WorkspaceSession implements Session {
  readonly opened: Promise<void>;
  readonly #target: Target;
  readonly #options: SessionOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #followings = new Set<Following>();
  /** Agents announced on this session, by id, with the parameters of their last heartbeat. */
  readonly #agents = new Map<string, ParamsIn<"agents/heartbeat">>();
  /** Calls for a job that were given up: a job that is handed over all the same goes back at once. */
  readonly #abandoned = new Map<number, object>();
  readonly #parked = new Map<number, EventBatch[]>();
  readonly #listeners: ((state: SessionState) => void)[] = [];
  #state: SessionState = "connecting";
  #socket: Socket | undefined;
  #retry: NodeJS.Timeout | undefined;
  #nextId = 1;
  #failures = 0;
  #wasOpen = false;
  #mayStart: boolean;
  #sentBye = false;
  #settleOpened: { resolve: () => void; reject: (error: CliError) => void };

  constructor(target: Target, options: SessionOptions) {
    this.#target = target;
    this.#options = options;
    this.#mayStart = options.autostart !== false && mayAutostart(target);
    const { promise, resolve, reject } = withResolvers<void>();
    this.opened = promise;
    this.opened.catch(() => {}); // a caller that does not wait for the opening learns of a failure by its calls
    this.#settleOpened = { resolve, reject };
    this.#connect();
  }

  get state(): SessionState {
    return this.#state;
  }

  onState(listener: (state: SessionState) => void): void {
    this.#listeners.push(listener);
  }

  call<M extends MethodName>(method: M, params: ParamsIn<M>, options: CallOptions = {}): Promise<Result<M>> {
    return this.#call(method, params as object, options) as Promise<Result<M>>;
  }

  async subscribe(options: SubscribeOptions, onEvents: (events: Event[], cursor: number) => void): Promise<Subscription> {
    if (this.#state === "closed") throw this.#closedError();
    const following = new Following(options, onEvents);
    await this.#begin(following, "resend");
    return {
      get cursor() {
        return following.cursor ?? 0;
      },
      stop: async () => {
        following.stopped = true;
        this.#followings.delete(following);
        const { subscription } = following;
        if (subscription === undefined || this.#state !== "open") return;
        await this.#call("events/unsubscribe", { subscription }, { onBreak: "reject" }).catch(() => {}); // gone with its connection: stopped all the same
      },
    };
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    for (const following of this.#followings) following.stopped = true; // ended by its reader, hence not lost
    this.#finish(this.#closedError());
  }

  #call(method: MethodName, given: object, options: CallOptions, onResult?: (result: unknown) => void): Promise<unknown> {
    if (this.#state === "closed") return Promise.reject(this.#closedError());
    const { signal, onBreak = "resend" } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const id = this.#nextId++;
    const params = repeatable(method, given);
    const text = JSON.stringify({ jsonrpc: "2.0", id, method, params });
    const size = Buffer.byteLength(text);
    if (size > LIMITS.body_bytes.value) return Promise.reject(refused(toRpcError(overLimit("body_bytes", LIMITS.body_bytes.value, "bytes", size))));
    const { promise, resolve, reject } = withResolvers<unknown>();
    const pending: Pending = { id, method, params, text, onBreak, sends: 0, stranded: undefined, onResult, resolve, reject };
    this.#pending.set(id, pending);
    if (signal) {
      const giveUp = () => this.#giveUp(pending, signal.reason);
      signal.addEventListener("abort", giveUp, { once: true });
      const forget = () => signal.removeEventListener("abort", giveUp);
      promise.then(forget, forget);
    }
    if (this.#state === "open") this.#transmit(pending);
    else this.#strand(pending);
    return promise;
  }

  #giveUp(pending: Pending, reason: unknown): void {
    if (!this.#take(pending)) return;
    if (this.#state === "open" && pending.sends > 0) {
      if (pending.method === "tasks/next") this.#abandoned.set(pending.id, pending.params);
      this.#aside("session/cancel", { id: pending.id });
    }
    pending.reject(reason);
  }

  /** A call whose answer nobody waits for. */
  #aside(method: MethodName, params: object): void {
    this.#call(method, params, { onBreak: "reject" }).catch(() => {}); // best effort: what it is about ends by itself when this fails
  }

  #take(pending: Pending): boolean {
    clearTimeout(pending.stranded);
    return this.#pending.delete(pending.id);
  }

  #transmit(pending: Pending): void {
    clearTimeout(pending.stranded);
    if (pending.sends++ < MOST_SENDS) return this.#socket?.send(pending.text);
    this.#take(pending);
    pending.reject(new ConnectionLost(this.#target, `${MOST_SENDS} connections ended before ${pending.method} was answered`));
  }

  #strand(pending: Pending): void {
    clearTimeout(pending.stranded);
    pending.stranded = setTimeout(() => {
      if (this.#take(pending)) pending.reject(new ConnectionLost(this.#target, "no connection could be made"));
    }, this.#options.giveUpMs ?? GIVE_UP_MS);
  }

  #connect(): void {
    this.#sentBye = false;
    this.#socket = openSocket(
      this.#target,
      { onOpen: () => this.#onOpen(), onFrame: (frame) => this.#onFrame(frame), onEnd: (reason) => this.#onEnd(reason) },
      this.#options.times ?? SOCKET_TIMES,
    );
  }

  #onOpen(): void {
    this.#wasOpen = true;
    this.#mayStart = false;
    const asked = [...this.#pending.values()];
    this.#become("open");
    for (const params of this.#agents.values()) this.#aside("agents/heartbeat", params);
    for (const following of this.#followings) this.#resume(following);
    for (const pending of asked) if (this.#pending.has(pending.id)) this.#transmit(pending);
    this.#settleOpened.resolve();
  }

  #onEnd(reason: TransportFailure | CliError): void {
    this.#socket = undefined;
    this.#parked.clear();
    this.#abandoned.clear();
    for (const following of this.#followings) following.subscription = undefined;
    if (this.#state === "closed") return;
    if (reason instanceof CliError) return this.#finish(reason);
    this.#become(this.#wasOpen ? "reconnecting" : "connecting");
    for (const pending of [...this.#pending.values()]) {
      if (pending.sends === 0) continue;
      if (pending.onBreak === "resend") this.#strand(pending);
      else if (this.#take(pending)) pending.reject(new ConnectionLost(this.#target, reason.message));
    }
    if (reason.kind === "refused" && this.#mayStart) return void this.#startServer();
    const failures = this.#failures++;
    const isHopeless = reason.kind === "foreign" || reason.kind === "refused" || failures + 1 >= FIRST_TRIES;
    if (!this.#wasOpen && !this.#options.patient && isHopeless) return this.#finish(unreachable(this.#target, reason));
    const pause = this.#sentBye ? (this.#options.byePauseMs ?? byePauseMs)() : (this.#options.backoff ?? backoffMs)(failures);
    this.#retry = setTimeout(() => this.#connect(), pause);
  }

  async #startServer(): Promise<void> {
    this.#mayStart = false;
    try {
      const { ensureServer } = await import("../server/autostart.ts");
      await ensureServer(this.#target);
    } catch (error) {
      if (!this.#options.patient) return this.#finish(error instanceof CliError ? error : new CliError(String(error), { cause: error }));
    }
    if (this.#state !== "closed") this.#connect();
  }

  /** The end for good. */
  #finish(error: CliError): void {
    this.#become("closed");
    clearTimeout(this.#retry);
    this.#socket?.goodbye();
    this.#settleOpened.reject(error);
    for (const pending of [...this.#pending.values()]) if (this.#take(pending)) pending.reject(error);
    for (const following of this.#followings) following.lost(error);
    this.#followings.clear();
  }

  #onFrame(frame: unknown): void {
    for (const message of Array.isArray(frame) ? frame : [frame]) {
      const { id, method, params, result, error } = (typeof message === "object" && message !== null ? message : {}) as Record<string, unknown>;
      if (typeof method === "string") this.#onNotification(method, params);
      else if (typeof id === "number" && (result !== undefined || isRpcError(error))) this.#onAnswer(id, result, isRpcError(error) ? error : undefined);
      else return this.#socket?.drop(new TransportFailure("broken", "the server sent a frame that is neither an answer nor a notification"));
      this.#failures = 0;
    }
  }

  /** Answers to unknown ids are late ones, to calls that were given up: dropped, but for a job that came with one. */
  #onAnswer(id: number, result: unknown, error: { code: number; message: string; data?: unknown } | undefined): void {
    const pending = this.#pending.get(id);
    if (!pending) return this.#giveBack(id, result);
    this.#take(pending);
    if (error) return pending.reject(refused(error, pending.params));
    if (pending.method === "agents/heartbeat" || pending.method === "agents/checkin") {
      const agent = pending.params as ParamsIn<"agents/heartbeat">;
      this.#agents.set(agent.id, agent);
    }
    pending.onResult?.(result);
    pending.resolve(result);
  }

  #giveBack(id: number, result: unknown): void {
    const params = this.#abandoned.get(id) as { agent_id?: string } | undefined;
    this.#abandoned.delete(id);
    const task = (result ?? undefined) as { id?: string; claim?: { claim_id: string } } | undefined;
    if (!params || !task?.id || !task.claim) return;
    this.#aside("tasks/release", { id: task.id, agent_id: params.agent_id, claim_id: task.claim.claim_id, reason: "it came after its taker had stopped waiting" });
  }

  #onNotification(method: string, params: unknown): void {
    if (method === "bye") {
      this.#sentBye = true;
      this.#become("reconnecting");
      this.#socket?.goodbye();
    } else if (method === "events") {
      const batch = eventBatch(params);
      if (!batch) return this.#socket?.drop(new TransportFailure("broken", "the server sent an events notification without its fields"));
      const following = [...this.#followings].find((candidate) => candidate.subscription === batch.subscription);
      if (following) this.#deliver(following, batch);
      else this.#park(batch.subscription, batch);
    }
    // Notifications of a newer server mean nothing to this client and need not.
  }

  /** Keeps what arrives ahead of the answer that says whose it is. */
  #park(subscription: number, batch: EventBatch): void {
    const isExpected = [...this.#pending.values()].some((pending) => pending.method === "events/subscribe");
    if (!isExpected) return;
    const parked = this.#parked.get(subscription) ?? [];
    parked.push(batch);
    this.#parked.set(subscription, parked);
    if (parked.length > MOST_PARKED) this.#socket?.drop(new TransportFailure("broken", "the server sends events but never answered the subscription"));
  }

  #deliver(following: Following, batch: EventBatch): void {
    if (following.deliver(batch) === "delivered") return;
    const { subscription } = following;
    following.subscription = undefined;
    if (subscription !== undefined) this.#aside("events/unsubscribe", { subscription });
    this.#resume(following);
  }

  #resume(following: Following): void {
    this.#begin(following, "reject").catch((error: CliError) => {
      // Broken again: the next connection resumes it. Refused: its cursor is of no use any more, which its reader must know.
      if (error instanceof ConnectionLost) return;
      this.#followings.delete(following);
      following.lost(error);
    });
  }

  /**
   * Subscribes from the reader's cursor. It counts among the followings from the server's first answer on: until then
   * the call itself is what a new connection repeats.
   */
  async #begin(following: Following, onBreak: "resend" | "reject"): Promise<void> {
    const after = following.cursor;
    const params = { ...(after === undefined ? {} : { after }), ...(following.filter ? { filter: following.filter } : {}) };
    await this.#call("events/subscribe", params, { onBreak }, (result) => {
      const { subscription, cursor } = result as Result<"events/subscribe">;
      if (following.stopped) return this.#aside("events/unsubscribe", { subscription });
      this.#followings.add(following);
      following.begun(subscription, cursor);
      const parked = this.#parked.get(subscription) ?? [];
      this.#parked.delete(subscription);
      for (const batch of parked) if (following.subscription === subscription) this.#deliver(following, batch);
    });
  }

  #become(state: SessionState): void {
    if (this.#state === state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }

  #closedError(): CliError {
    return new ConnectionLost(this.#target, "this session is closed");
  }
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
