import type { Event, MethodName, ParamsIn, Result } from "../../protocol/index.ts";
import { mayAutostart } from "../config.ts";
import { CliError } from "../errors.ts";
import { backoffMs } from "./backoff.ts";
import { type PendingCall, PendingCalls } from "./calls.ts";
import { ConnectionLost, isRpcError, TransportFailure, unreachable } from "./failures.ts";
import { Followings } from "./followings.ts";
import { withResolvers } from "./promises.ts";
import { openSocket, SOCKET_TIMES, type Socket, type SocketTimes } from "./socket.ts";
import type { CallOptions, Session, SessionState, SubscribeOptions, Subscription, Target } from "./types.ts";

export interface SessionOptions {
  /** Start the default server where nothing listens (default true). Only ever before the first connection: a server stopped on purpose stays so. */
  readonly autostart?: boolean;
  /** Never give up on the first connection either. */
  readonly patient?: boolean;
  /** `openSession` gives up after this many milliseconds, whatever it is doing; absent: after a few tries. */
  readonly openMs?: number;
  /** A call that finds no connection for this long fails with `ConnectionLost`; the session itself keeps trying. Default 30,000. */
  readonly giveUpMs?: number;
  readonly times?: SocketTimes;
  /** Pause before try number `failures + 1`, in milliseconds. */
  readonly backoff?: (failures: number) => number;
  /** Pause after a `bye`: by then the server must have stopped accepting, or the new session would keep it from stopping. */
  readonly byePauseMs?: () => number;
}

const GIVE_UP_MS = 30_000;
/** Tries of a first connection that is broken or silent, before the server counts as unreachable. */
const FIRST_TRIES = 3;
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
  const { openMs } = options;
  const late = openMs === undefined ? undefined : setTimeout(() => session.giveUpOpening(openMs), openMs);
  try {
    await session.opened;
  } finally {
    clearTimeout(late);
  }
  return session;
}

/**
 * The client's end of a session. One connection at a time; when it ends, the next is opened with backoff and everything that was
 * asked and not answered is asked again, mutations under their idempotency key. Nothing is lost with a connection because nothing lives in it:
 * subscriptions are a cursor, agents are re-announced, calls are repeatable.
 */
class WorkspaceSession implements Session {
  readonly opened: Promise<void>;
  readonly #settleOpened: { resolve: () => void; reject: (error: CliError) => void };
  readonly #target: Target;
  readonly #options: SessionOptions;
  readonly #calls: PendingCalls;
  readonly #followings: Followings;
  /** Agents announced on this session, by id, with the parameters of their last heartbeat. */
  readonly #agents = new Map<string, ParamsIn<"agents/heartbeat">>();
  /** Calls for a job that were given up: a job that is handed over all the same goes back at once. */
  readonly #abandoned = new Map<number, PendingCall>();
  readonly #listeners: ((state: SessionState) => void)[] = [];
  #state: SessionState = "connecting";
  #socket: Socket | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failures = 0;
  #wasOpen = false;
  #mayStart: boolean;
  #sentBye = false;

  constructor(target: Target, options: SessionOptions) {
    this.#target = target;
    this.#options = options;
    this.#mayStart = options.autostart !== false && mayAutostart(target);
    this.#calls = new PendingCalls(target, options.giveUpMs ?? GIVE_UP_MS);
    this.#followings = new Followings({
      call: (method, params, callOptions, onResult) => this.#call(method, params, callOptions, onResult),
      aside: (method, params) => this.#aside(method, params),
      violated: (what) => this.#violated(what),
    });
    const { promise, resolve, reject } = withResolvers<void>();
    promise.catch(() => {}); // a caller that does not wait for the opening learns of a failure by its calls
    this.opened = promise;
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

  subscribe(options: SubscribeOptions, onEvents: (events: Event[], cursor: number) => void): Promise<Subscription> {
    return this.#followings.subscribe(options, onEvents);
  }

  async close(): Promise<void> {
    this.#followings.end(undefined);
    this.#finish(new ConnectionLost(this.#target, "this session is closed"));
  }

  async #call(
    method: MethodName,
    params: object,
    { signal, onBreak }: CallOptions,
    onResult?: (result: unknown) => void,
  ): Promise<unknown> {
    if (this.#state === "closed") throw new ConnectionLost(this.#target, "this session is closed");
    signal?.throwIfAborted();
    const call = this.#calls.make(method, params, onBreak, onResult);
    const giveUp = () => this.#giveUp(call, signal?.reason);
    signal?.addEventListener("abort", giveUp, { once: true });
    if (this.#state === "open") this.#transmit(call);
    else this.#calls.strand(call);
    try {
      return await call.promise;
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }

  #transmit(call: PendingCall): void {
    this.#calls.transmit(call, (text) => this.#socket?.send(text));
  }

  /** A call whose answer nobody waits for. */
  #aside(method: MethodName, params: object): void {
    this.#call(method, params, { onBreak: "reject" }).catch(() => {}); // best effort: what it is about ends by itself when this fails
  }

  #giveUp(call: PendingCall, reason: unknown): void {
    const isAsked = this.#state === "open" && call.sends > 0;
    if (!this.#calls.fail(call, reason) || !isAsked) return;
    if (call.method === "tasks/next") this.#abandoned.set(call.id, call);
    this.#aside("session/cancel", { id: call.id });
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
    const asked = this.#calls.all;
    this.#become("open");
    for (const params of this.#agents.values()) this.#aside("agents/heartbeat", params);
    this.#followings.resume();
    for (const call of asked) this.#transmit(call);
    this.#settleOpened.resolve();
  }

  #onEnd(reason: TransportFailure | CliError): void {
    this.#socket = undefined;
    if (this.#state === "closed") return;
    if (reason instanceof CliError) {
      this.#finish(reason);
      return;
    }
    this.#abandoned.clear();
    this.#become(this.#wasOpen ? "reconnecting" : "connecting");
    this.#followings.broke();
    this.#calls.broke(reason.message);
    if (reason.kind === "refused" && this.#mayStart) void this.#startServer();
    else this.#tryAgain(reason);
  }

  #tryAgain(reason: TransportFailure): void {
    const failures = this.#failures++;
    const isHopeless = reason.kind === "foreign" || reason.kind === "refused" || failures + 1 >= FIRST_TRIES;
    if (!this.#wasOpen && !this.#options.patient && isHopeless) {
      this.#finish(unreachable(this.#target, reason));
      return;
    }
    const pause = this.#sentBye ? (this.#options.byePauseMs ?? byePauseMs)() : (this.#options.backoff ?? backoffMs)(failures);
    this.#retry = setTimeout(() => this.#connect(), pause);
  }

  async #startServer(): Promise<void> {
    this.#mayStart = false;
    try {
      const { ensureServer } = await import("../server/autostart.ts");
      await ensureServer(this.#target);
    } catch (error) {
      if (!this.#options.patient) {
        this.#finish(error instanceof CliError ? error : new CliError(String(error), { cause: error }));
        return;
      }
    }
    if (!this.#isClosed()) this.#connect();
  }

  giveUpOpening(afterMs: number): void {
    this.#finish(
      unreachable(this.#target, new TransportFailure("silent", `no session came about within ${Math.round(afterMs / 100) / 10} s`)),
    );
  }

  /** The end for good. */
  #finish(error: CliError): void {
    if (this.#state === "closed") return;
    this.#become("closed");
    clearTimeout(this.#retry);
    this.#socket?.goodbye();
    this.#settleOpened.reject(error);
    this.#calls.failAll(error);
    this.#followings.end(error);
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }

  #violated(what: string): void {
    this.#socket?.drop(new TransportFailure("broken", what));
  }

  #onFrame(frame: unknown): void {
    for (const message of Array.isArray(frame) ? frame : [frame]) {
      const { id, method, params, result, error } = (typeof message === "object" && message !== null ? message : {}) as Record<
        string,
        unknown
      >;
      if (method === "bye") this.#onBye();
      else if (method === "events") this.#followings.onEvents(params);
      else if (typeof id === "number" && isRpcError(error)) this.#calls.settle(id, undefined, error);
      else if (typeof id === "number" && result !== undefined) this.#onResult(id, result);
      else if (typeof method !== "string") {
        this.#violated("the server sent a frame that is neither an answer nor a notification");
        return;
      }
      // Any other notification is a newer server's: it means nothing to this client and need not.
      this.#failures = 0;
    }
  }

  /** The server is about to stop, and cannot before its sessions are closed. */
  #onBye(): void {
    this.#sentBye = true;
    this.#become("reconnecting");
    this.#socket?.goodbye();
  }

  #onResult(id: number, result: unknown): void {
    const call = this.#calls.settle(id, result, undefined);
    if (!call) {
      this.#giveBack(id, result);
    } else if (call.method === "agents/heartbeat" || call.method === "agents/checkin") {
      const agent = call.params as ParamsIn<"agents/heartbeat">;
      this.#agents.set(agent.id, agent);
    }
  }

  /** Answers to calls that were given up are nobody's, but for a job that comes with one. */
  #giveBack(id: number, result: unknown): void {
    const call = this.#abandoned.get(id);
    this.#abandoned.delete(id);
    const task = (result ?? undefined) as { id?: string; claim?: { claim_id: string } } | undefined;
    if (!call || !task?.id || !task.claim) return;
    const { agent_id } = call.params as { agent_id?: string };
    this.#aside("tasks/release", {
      id: task.id,
      agent_id,
      claim_id: task.claim.claim_id,
      reason: "it came after its taker had stopped waiting",
    });
  }

  #become(state: SessionState): void {
    if (this.#state === state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener(state);
  }
}
