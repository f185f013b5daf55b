import type { Principal, RpcId, RpcResponse, ServerNotification } from "../../protocol/index.ts";
import { rpcResponse } from "../core/reply.ts";
import type { Outcome } from "../core/turn.ts";
import type { InboxWait, LiveWaiter, Waiter } from "../waits/index.ts";
import { type StoredUnread, Unread } from "./unread.ts";

/** A waiter on a session, as it is stored: all but what the socket itself says. */
export type StoredWaiter = Omit<Waiter, "principal"> & { readonly cursor?: number | null };

/** What a socket remembers while the object sleeps; at most 16 KiB as the platform stores it. */
export interface Attachment {
  readonly v: 1;
  readonly principal: Principal;
  readonly agents: readonly string[];
  readonly waiters: readonly StoredWaiter[];
  readonly nextSubscription: number;
  readonly unread?: StoredUnread;
}

/** The part of a WebSocket that a session needs. */
export interface Socket {
  send(text: string): void;
  close(code: number, reason: string): void;
  serializeAttachment(value: unknown): void;
  deserializeAttachment(): unknown;
}

/** Agents that a session speaks for: the latest ones, so that a bridge for many does not fill the attachment. */
const MOST_AGENTS = 16;

/** One socket's state. All of it is in the attachment after every change, so that a sleep or an eviction forgets nothing. */
export class Session {
  readonly socket: Socket;
  readonly principal: Principal;
  readonly waiters = new Map<string, SessionWaiter>();
  readonly unread: Unread;
  agents: string[];
  nextSubscription: number;
  /** Called once, when the client lets too much lie. */
  onTooMuch: (session: Session) => void = () => {};
  /** Cut off: nothing is sent any more. */
  cut = false;

  constructor(socket: Socket, from: Attachment) {
    this.socket = socket;
    this.principal = from.principal;
    this.agents = [...from.agents];
    this.nextSubscription = from.nextSubscription;
    this.unread = new Unread(from.unread);
  }

  static open(socket: Socket, principal: Principal): Session {
    const session = new Session(socket, { v: 1, principal, agents: [], waiters: [], nextSubscription: 1 });
    session.save();
    return session;
  }

  /** @returns whether it fits; where it does not, nothing is stored and the caller takes back what it added. */
  save(): boolean {
    const waiters = [...this.waiters.values()].map((waiter) => waiter.stored());
    const attachment: Attachment = {
      v: 1,
      principal: this.principal,
      agents: this.agents,
      waiters,
      nextSubscription: this.nextSubscription,
      unread: this.unread.store(),
    };
    try {
      this.socket.serializeAttachment(attachment);
      return true;
    } catch {
      // over LIMITS.attachment_bytes as the platform encodes it; what was stored before stays
      return false;
    }
  }

  /** @returns false where the socket is gone */
  send(message: RpcResponse | ServerNotification): boolean {
    return this.sendText(JSON.stringify(message));
  }

  /** @returns false where the socket is gone */
  sendText(text: string): boolean {
    if (this.cut) return false;
    try {
      this.socket.send(text);
    } catch {
      // closed meanwhile: its close event cleans up, and the client comes back with its cursor
      return false;
    }
    if (this.unread.sent(text.length)) this.save();
    if (this.unread.isTooMuch) {
      this.cut = true;
      this.onTooMuch(this);
    }
    return true;
  }

  /** @returns the agent that made room, if any; `undefined` where nothing changed */
  bind(agent_id: string): { added: string; removed?: string } | undefined {
    if (this.agents.includes(agent_id)) return undefined;
    this.agents.push(agent_id);
    const removed = this.agents.length > MOST_AGENTS ? this.agents.shift() : undefined;
    this.save();
    return removed === undefined ? { added: agent_id } : { added: agent_id, removed };
  }
}

/** A question that came by a session. It is answered once, over the socket, and then forgotten; a subscription stays. */
export class SessionWaiter implements LiveWaiter {
  readonly id: RpcId;
  readonly kind: Waiter["kind"];
  readonly filter: Waiter["filter"];
  readonly order: number;
  readonly deadline: number | null;
  readonly agent_id?: string;
  readonly lease_seconds?: number;
  readonly page?: boolean;
  readonly inbox?: InboxWait;
  readonly key?: { readonly key: string; readonly call: string };
  readonly principal: Principal;
  readonly session: Session;
  /** Subscriptions: up to where the log has been replayed, or null once it follows live. */
  replay: number | null;

  constructor(session: Session, { cursor, ...stored }: StoredWaiter) {
    Object.assign(this, stored);
    this.id = stored.id;
    this.kind = stored.kind;
    this.filter = stored.filter;
    this.order = stored.order;
    this.deadline = stored.deadline;
    this.principal = session.principal;
    this.session = session;
    this.replay = cursor ?? null;
  }

  get name(): string {
    return waiterName(this.kind, this.id);
  }

  stored(): StoredWaiter {
    const { principal: _principal, session: _session, replay, ...stored } = this;
    return { ...stored, cursor: replay };
  }

  settle(outcome: Outcome<unknown>): boolean {
    this.dropped();
    return this.session.send(rpcResponse(this.id, outcome));
  }

  dropped(): void {
    this.session.waiters.delete(this.name);
    this.session.save();
  }
}

/** Request ids 1 and "1" are two ids (JSON-RPC §4), and a subscription's number is none. */
export function waiterName(kind: Waiter["kind"], id: RpcId): string {
  return `${kind === "subscription" ? "subscription" : "request"} ${JSON.stringify(id)}`;
}
