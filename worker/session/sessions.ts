import { type Event, LIMITS, type Params, type Principal, type Result, refuse } from "../../protocol/index.ts";
import { checkCursor, head, readEvents } from "../commands/reads.ts";
import { timedOut, tooManyWaits, type WaitFor } from "../commands/wait.ts";
import { bodyTooLarge, type ParsedCall, parseBody, tooManyBytes } from "../core/parse.ts";
import type { Presence } from "../core/presence.ts";
import { Answers, rpcResponse } from "../core/reply.ts";
import type { Sql } from "../core/sql.ts";
import { answer, type Outcome, refused, type Turn } from "../core/turn.ts";
import type { Caller, WaitCall } from "../dispatch.ts";
import type { Job, Surroundings } from "../job.ts";
import type { WaitBook } from "../waits/book.ts";
import type { LiveWaiter } from "../waits/index.ts";
import { type Attachment, Session, SessionWaiter, type Socket, waiterName } from "./session.ts";

/** Events in one frame of a replay; the next page waits for a turn of its own, so that commands come in between. */
const REPLAY_PAGE = 200;

/** How a session ends whose client lets too much of what it was sent lie (RFC 6455 §7.4.2: 4000 to 4999 are the application's). */
export const UNREAD_CLOSE = 4008;

/**
 * A session from which nothing has come for so long since it was opened, no call and no ping, is over, with this close code. workerd does
 * not tell of a client that broke off in the middle of the handshake: the object's end of it stays open, takes what is sent, and would be
 * counted until the object is built anew.
 */
export const UNHEARD_CLOSE = 4009;
const UNHEARD_MS = 60_000;

/**
 * The sockets of a workspace. Their state lives in their attachments; this is what the object knows of them while it is awake,
 * rebuilt from those when it wakes.
 */
export class Sessions {
  readonly #bySocket = new Map<Socket, Session>();
  readonly #book: WaitBook<LiveWaiter>;
  readonly #presence: Presence;
  readonly #world: Surroundings;
  readonly #open: Caller["open"];
  readonly #following = new Map<SessionWaiter, Event[]>();
  /** Whose sessions ended and who is not written down as gone yet. */
  #left: string[] = [];
  /** The sessions from which nothing has come yet, and when they were opened; oldest first. */
  readonly #unheard = new Map<Session, number>();

  constructor(book: WaitBook<LiveWaiter>, presence: Presence, world: Surroundings, open: Caller["open"]) {
    this.#book = book;
    this.#presence = presence;
    this.#world = world;
    this.#open = open;
  }

  get size(): number {
    return this.#bySocket.size;
  }

  open(socket: Socket, principal: Principal): void {
    const session = Session.open(socket, principal);
    this.#add(session);
    this.#unheard.set(session, this.#world.clock());
  }

  /** Ends those from which nothing came in time. Asked whenever the object does something: a timer of its own would keep it awake. */
  endUnheard(now: number): void {
    for (const [session, opened] of this.#unheard) {
      if (now - opened < UNHEARD_MS) return;
      this.#unheard.delete(session);
      if (!this.#world.hasPinged(session.socket)) this.#end(session, UNHEARD_CLOSE, "nothing came by this session: connect again, and ask");
    }
  }

  #add(session: Session): void {
    // in a turn of its own: whoever was just sending to it is not done with its waits
    session.onTooMuch = () => void this.#world.after(0, () => this.#cutOff(session));
    this.#bySocket.set(session.socket, session);
  }

  /**
   * What lies unread stays in the runtime's memory until the connection is gone, but nothing is added to it: the session is over here,
   * with its waits and its agents' presence. Its client, if it ever reads on, finds a close frame that says why.
   */
  #cutOff(session: Session): void {
    this.#end(session, UNREAD_CLOSE, "too much unread: connect again, go on from your cursor, and send session/ack");
  }

  #end(session: Session, code: number, reason: string): void {
    this.close(session.socket);
    try {
      session.socket.close(code, reason);
    } catch {
      // gone by itself meanwhile
    }
  }

  /** After a sleep: sockets, presence and the line of waiters are as they were. */
  restore(sockets: readonly Socket[]): void {
    const waiters: SessionWaiter[] = [];
    for (const socket of sockets) {
      const attachment = socket.deserializeAttachment() as Attachment | null;
      if (attachment?.v !== 1) continue;
      const session = new Session(socket, attachment);
      this.#add(session);
      for (const agent of session.agents) this.#presence.attach(agent);
      for (const stored of attachment.waiters) {
        const waiter = new SessionWaiter(session, stored);
        session.waiters.set(waiter.name, waiter);
        waiters.push(waiter);
      }
    }
    for (const waiter of waiters) {
      this.#book.add(undefined, waiter);
      if (waiter.replay !== null) this.#replayLater(waiter);
    }
  }

  /** One frame: a call, a notification or a batch. Bad frames are refused one by one; the session goes on. */
  async message(socket: Socket, frame: string | ArrayBuffer, submit: (job: Job) => Promise<void>): Promise<void> {
    const session = this.#bySocket.get(socket);
    if (!session) return;
    this.#unheard.delete(session);
    if (typeof frame !== "string") {
      session.send(rpcResponse(null, refused(refuse("invalid_request", "frames are JSON text, not binary"))));
      return;
    }
    const over = tooManyBytes(frame);
    if (over !== undefined) {
      session.send(rpcResponse(null, refused(bodyTooLarge(over))));
      return;
    }
    const parsed = parseBody(frame);
    if (!parsed.ok) {
      session.send(rpcResponse(null, parsed));
      return;
    }
    const { calls, batch } = parsed.value;
    const answers = new Answers();
    const caller = this.#caller(session, answers);
    const turns = calls.map((call, place) => {
      const silent = "silent" in call && call.silent;
      const reply = (outcome: Outcome<unknown>) => {
        if (silent) return true;
        if (!batch) return session.send(rpcResponse(call.id, outcome));
        answers.add(place, rpcResponse(call.id, outcome));
        return true;
      };
      const hold: Job["hold"] = (turn, wait) => {
        const single =
          batch || silent ? refused(refuse("invalid_request", "over a session, a wait is a call of its own with an id")) : undefined;
        return single ?? this.#hold(session, turn, call, wait);
      };
      return submit({ call, principal: session.principal, caller, reply, hold });
    });
    await Promise.all(turns);
    const text = answers.text(batch);
    if (text !== null) session.sendText(text);
  }

  close(socket: Socket): void {
    const session = this.#bySocket.get(socket);
    if (!session) return;
    this.#bySocket.delete(socket);
    this.#unheard.delete(session);
    for (const waiter of session.waiters.values()) {
      this.#book.remove(waiter);
      this.#following.delete(waiter);
    }
    this.#leave(session.agents);
  }

  /** Sessions often end together, thousands of them when a network goes: that is written down at once, in one flush to disk. */
  #leave(agents: readonly string[]): void {
    if (agents.length === 0) return;
    if (this.#left.length === 0) {
      this.#world.after(0, () => {
        for (const agent of this.#left.splice(0)) this.#presence.detach(this.#world.sql, agent, this.#world.clock());
      });
    }
    this.#left.push(...agents);
  }

  /** Tells every client to go away and come back. @returns how many there are */
  bye(reason: string): number {
    for (const session of this.#bySocket.values()) session.send({ jsonrpc: "2.0", method: "bye", params: { reason } });
    return this.#bySocket.size;
  }

  /** Sets an event aside for a subscription that follows live. */
  follow(subscription: LiveWaiter, event: Event): void {
    const waiter = subscription as SessionWaiter;
    if (waiter.replay !== null) return;
    const events = this.#following.get(waiter);
    if (events) events.push(event);
    else this.#following.set(waiter, [event]);
  }

  /** Sends what a turn set aside, one frame a subscription. */
  flush(sql: Sql): void {
    if (this.#following.size === 0) return;
    const cursor = head(sql);
    for (const [waiter, events] of this.#following) {
      waiter.session.send({ jsonrpc: "2.0", method: "events", params: { subscription: waiter.id as number, events, cursor } });
    }
    this.#following.clear();
  }

  #caller(session: Session, answers: Answers): Caller {
    return {
      mostWaitMs: null,
      waiting: (key) => this.#book.waiting(key),
      answers,
      open: this.#open,
      bind: (agent_id) => {
        if (!this.#isOpen(session)) return;
        const bound = session.bind(agent_id);
        if (!bound) return;
        this.#presence.attach(bound.added);
        if (bound.removed !== undefined) this.#presence.detach(this.#world.sql, bound.removed, this.#world.clock());
      },
      session: {
        subscribe: (turn, params) => this.#subscribe(session, turn, params),
        unsubscribe: ({ subscription }) => {
          const waiter = session.waiters.get(waiterName("subscription", subscription));
          if (!waiter) return refused(refuse("not_found", `no subscription ${subscription} on this session`, { subscription }));
          this.#book.remove(waiter);
          waiter.dropped();
          return answer({ ok: true as const });
        },
        ack: ({ frames }) => {
          session.unread.read(frames);
          session.save();
          return answer({ ok: true as const });
        },
        cancel: (turn, { id }) => {
          const waiter = session.waiters.get(waiterName("wait", id));
          if (waiter && this.#book.remove(waiter)) waiter.settle(answer(timedOut(turn, waiter.kind as WaitFor["kind"], waiter.page)));
          return answer({ ok: waiter !== undefined });
        },
      },
    };
  }

  /** A call may come to its turn after its session has ended: nothing may then be kept for it, since no second end would take it back. */
  #isOpen(session: Session): boolean {
    return this.#bySocket.has(session.socket);
  }

  #hold(session: Session, turn: Turn, call: ParsedCall, { wait, key }: WaitCall): Outcome<unknown> | undefined {
    if (!this.#isOpen(session)) return answer(timedOut(turn, wait.kind, wait.page));
    const waits = [...session.waiters.values()].filter((waiter) => waiter.kind !== "subscription").length;
    if (waits >= LIMITS.session_waits.value) return refused(tooManyWaits("session_waits", waits + 1));
    if (session.waiters.has(waiterName(wait.kind, call.id))) {
      return refused(
        refuse("invalid_request", `a wait under the id ${JSON.stringify(call.id)} is open on this session; give each its own`),
      );
    }
    const { timeout_ms, ...rest } = wait;
    const deadline = timeout_ms === null ? null : turn.now + timeout_ms;
    const waiter = new SessionWaiter(session, { ...rest, ...(key ? { key } : {}), id: call.id, order: this.#book.place(key), deadline });
    const refusal = this.#keep(waiter);
    if (!refusal) this.#book.add(turn, waiter);
    return refusal;
  }

  #subscribe(session: Session, turn: Turn, params: Params<"events/subscribe">): Outcome<Result<"events/subscribe">> {
    if (!this.#isOpen(session)) return refused(refuse("invalid_request", "the session has ended"));
    const open = [...session.waiters.values()].filter((waiter) => waiter.kind === "subscription").length;
    if (open >= LIMITS.session_subscriptions.value) return refused(tooManyWaits("session_subscriptions", open + 1));
    const newest = head(turn.sql);
    const after = checkCursor(turn.sql, params.after ?? newest);
    if (!after.ok) return after;
    const subscription = session.nextSubscription;
    session.nextSubscription += 1;
    const cursor = after.value < newest ? after.value : null;
    const stored = { kind: "subscription" as const, filter: params.filter ?? {}, order: this.#book.place(), deadline: null };
    const waiter = new SessionWaiter(session, { ...stored, id: subscription, cursor });
    const refusal = this.#keep(waiter);
    if (refusal) return refusal;
    this.#book.add(turn, waiter);
    if (cursor !== null) this.#replayLater(waiter);
    return answer({ subscription, cursor: newest });
  }

  /** Puts a waiter into its session's attachment, or says that there is no room. */
  #keep(waiter: SessionWaiter): Outcome<never> | undefined {
    waiter.session.waiters.set(waiter.name, waiter);
    if (waiter.session.save()) return undefined;
    waiter.session.waiters.delete(waiter.name);
    return refused(tooManyWaits("attachment_bytes", LIMITS.attachment_bytes.value + 1));
  }

  /** One page of the log a turn, until the subscription has caught up; its place is stored after each page. */
  #replayLater(waiter: SessionWaiter): void {
    this.#world.after(0, () => {
      if (waiter.replay === null || !waiter.session.waiters.has(waiter.name)) return;
      const { events, cursor } = readEvents(this.#world.sql, { after: waiter.replay, filter: waiter.filter, limit: REPLAY_PAGE });
      waiter.replay = cursor >= head(this.#world.sql) ? null : cursor;
      if (!waiter.session.send({ jsonrpc: "2.0", method: "events", params: { subscription: waiter.id as number, events, cursor } })) return;
      waiter.session.save();
      if (waiter.replay !== null) this.#replayLater(waiter);
    });
  }
}
