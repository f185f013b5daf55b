import { Changes, type Told } from "../../mcp/changes.ts";
import type { Clock } from "../../mcp/clock.ts";
import { Unreachable } from "../../mcp/failures.ts";
import type { Subscriptions } from "../../mcp/resources/serve.ts";
import { type Interest, typesFor } from "../../mcp/resources/uris.ts";
import type { Session, Subscription } from "../client/types.ts";

/** How long a subscription may take to begin before the host is told that it has. */
const SETTLED_MS = 1_000;
/** How long the list of resources waits for a server: Claude Code holds its first turn back until it has it. */
const LIST_MS = 500;

/** The session of this process, as far as following the log goes. */
export interface Followed {
  readonly isOpen: boolean;
  /** Whether a server is there. */
  readonly isReady: boolean;
  /** Opens a session where there is none. */
  current(): Session;
}

/**
 * Follows the log for as long as the host wants to hear of changes, and of no more than it wants. A host that listens for changes of
 * the list only, as Claude Code does from its start, opens no session by that: it follows once a call has opened one.
 */
export class Follower implements Subscriptions {
  readonly #link: Followed;
  readonly #clock: Clock;
  readonly #changes: Changes;
  /** Subscriptions of the present era, by the id of the request that opened each. */
  readonly #listens = new Map<string | number, Interest>();
  /** Of the older era, which hears of changes of a list that it has read unasked. */
  readonly #uris = new Set<string>();
  #isLegacy = false;
  #hasListed = false;
  #following: { session: Session; types: string; subscription: Promise<Subscription | undefined> } | undefined;

  constructor(link: Followed, clock: Clock, told: Told) {
    this.#link = link;
    this.#clock = clock;
    this.#changes = new Changes(clock, () => this.#interest(), told);
  }

  /** The host shook hands as the older era does. */
  legacy(): void {
    this.#isLegacy = true;
  }

  /**
   * Looks at what the host says: the SDK answers `subscriptions/listen` by itself and tells nobody (MCP 2026-07-28, Subscriptions).
   * @returns where something has to be awaited before the SDK may see the message: what changes after its answer must not be missed
   */
  heard(message: unknown): Promise<void> | undefined {
    const { method, id, params } = record(message);
    if (method === "subscriptions/listen" && (typeof id === "string" || typeof id === "number")) {
      const { resourceSubscriptions, resourcesListChanged } = record(record(params).notifications);
      const uris = Array.isArray(resourceSubscriptions) ? resourceSubscriptions.filter((uri) => typeof uri === "string") : [];
      this.#listens.set(id, { uris, list: resourcesListChanged === true });
    } else if (method === "notifications/cancelled") {
      const { requestId } = record(params);
      if (!this.#listens.delete(requestId as string | number)) return undefined;
    } else return undefined;
    this.changed();
    return this.#following && this.#settled(this.#following.subscription);
  }

  async add(uri: string): Promise<void> {
    this.#uris.add(uri);
    this.changed();
    if (this.#following) await this.#settled(this.#following.subscription);
  }

  remove(uri: string): void {
    this.#uris.delete(uri);
    this.changed();
  }

  listed(): void {
    this.#hasListed = true;
    this.changed();
  }

  async soon<T>(list: Promise<T>): Promise<T | undefined> {
    if (this.#link.isReady) return list;
    let isLate = false;
    const late = new Promise<undefined>((resolve) => {
      const giveUp = this.#clock.after(LIST_MS, () => {
        isLate = true;
        resolve(undefined);
      });
      void list.finally(giveUp).catch(() => {}); // whoever awaits the list is told
    });
    const there = list.then(
      (answer) => {
        if (isLate) this.#changes.relist();
        return answer;
      },
      (thrown: unknown) => {
        if (thrown instanceof Unreachable || isLate) return undefined;
        throw thrown;
      },
    );
    return Promise.race([there, late]);
  }

  /** What is wanted, or the session, is another than before. */
  changed(): void {
    const interest = this.#interest();
    const isWanted = interest.uris.length > 0 || (interest.list && this.#link.isOpen);
    if (!isWanted) {
      this.#stop();
      return;
    }
    const session = this.#link.current();
    const type = typesFor(interest);
    const types = JSON.stringify(type ?? "all");
    const before = this.#following;
    if (before?.session === session && before.types === types) return;
    const subscription = this.#follow(session, type, before?.session === session ? before.subscription : undefined);
    this.#following = { session, types, subscription };
  }

  stop(): void {
    this.#changes.stop();
    this.#stop();
  }

  #stop(): void {
    void this.#following?.subscription.then((one) => one?.stop()).catch(() => {}); // the session is gone, and it with it
    this.#following = undefined;
  }

  /** Goes on where the subscription before it ends, so that nothing falls between the two. */
  async #follow(
    session: Session,
    type: ReturnType<typeof typesFor>,
    before: Promise<Subscription | undefined> | undefined,
  ): Promise<Subscription | undefined> {
    try {
      const last = await before;
      const next = await session.subscribe(
        { ...(last ? { after: last.cursor } : {}), ...(type ? { filter: { type } } : {}), onLost: () => this.#lost(session) },
        (events) => this.#changes.saw(events),
      );
      await last?.stop();
      return next;
    } catch {
      this.#lost(session); // no server, or none that lets us in: the next call that finds one follows again
      return undefined;
    }
  }

  /** A server that does not answer must not keep the host waiting: what it wants is followed when the server is there. */
  #settled(subscription: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const giveUp = this.#clock.after(SETTLED_MS, resolve);
      void subscription.then(() => {
        giveUp();
        resolve();
      });
    });
  }

  #lost(session: Session): void {
    if (this.#following?.session === session) this.#following = undefined;
  }

  #interest(): Interest {
    const all = [...this.#listens.values()];
    return {
      uris: [...new Set([...this.#uris, ...all.flatMap(({ uris }) => uris)])],
      list: (this.#isLegacy && this.#hasListed) || all.some(({ list }) => list),
    };
  }
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
