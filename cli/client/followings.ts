import type { Event, MethodName, Result } from "../../protocol/index.ts";
import type { CliError } from "../errors.ts";
import { ConnectionLost } from "./failures.ts";
import { type EventBatch, eventBatch, Following } from "./following.ts";
import type { CallOptions, SubscribeOptions, Subscription } from "./types.ts";

/** `events` of subscriptions whose answer is still on its way. */
const MOST_PARKED = 1_000;

export interface FollowingsLink {
  call(method: MethodName, params: object, options: CallOptions, onResult?: (result: unknown) => void): Promise<unknown>;
  /** A call whose answer nobody waits for. */
  aside(method: MethodName, params: object): void;
  /** The server broke the protocol: the connection is of no use. */
  violated(what: string): void;
}

/** The subscriptions of a session. On a new connection each resumes from its own cursor. */
export class Followings {
  readonly #link: FollowingsLink;
  readonly #all = new Set<Following>();
  /** By subscription number: what arrived ahead of the answer that says whose it is. */
  readonly #parked = new Map<number, EventBatch[]>();
  #beginning = 0;

  constructor(link: FollowingsLink) {
    this.#link = link;
  }

  async subscribe(options: SubscribeOptions, onEvents: (events: Event[], cursor: number) => void): Promise<Subscription> {
    const following = new Following(options, onEvents);
    await this.#begin(following, "resend");
    return {
      get cursor() {
        return following.cursor ?? 0;
      },
      stop: async () => {
        following.stopped = true;
        this.#all.delete(following);
        const { subscription } = following;
        if (subscription === undefined) return;
        await this.#link.call("events/unsubscribe", { subscription }, { onBreak: "reject" }).catch(() => {}); // gone with its connection: stopped all the same
      },
    };
  }

  /** A notification came. */
  onEvents(params: unknown): void {
    const batch = eventBatch(params);
    if (!batch) {
      this.#link.violated("the server sent an events notification without its fields");
      return;
    }
    const following = [...this.#all].find((candidate) => candidate.subscription === batch.subscription);
    if (following) this.#deliver(following, batch);
    else if (this.#beginning > 0) this.#park(batch.subscription, batch);
  }

  /** The connection ended, and the numbers with it. */
  broke(): void {
    this.#parked.clear();
    for (const following of this.#all) following.subscription = undefined;
  }

  resume(): void {
    for (const following of this.#all) this.#resume(following);
  }

  /** The session ended; `error` is told to the readers, unless it was they who ended it. */
  end(error: CliError | undefined): void {
    for (const following of this.#all) {
      if (error) following.lost(error);
      following.stopped = true;
    }
    this.#all.clear();
  }

  #park(subscription: number, batch: EventBatch): void {
    const parked = this.#parked.get(subscription) ?? [];
    parked.push(batch);
    this.#parked.set(subscription, parked);
    if (parked.length > MOST_PARKED) this.#link.violated("the server sends events but never answered the subscription");
  }

  #deliver(following: Following, batch: EventBatch): void {
    if (following.deliver(batch) === "delivered") return;
    const { subscription } = following;
    following.subscription = undefined;
    if (subscription !== undefined) this.#link.aside("events/unsubscribe", { subscription });
    this.#resume(following);
  }

  #resume(following: Following): void {
    this.#begin(following, "reject").catch((error: CliError) => {
      // Broken again: the next connection resumes it. Refused: its cursor is of no use any more, which its reader must know.
      if (error instanceof ConnectionLost) return;
      this.#all.delete(following);
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
    this.#beginning++;
    try {
      await this.#link.call("events/subscribe", params, { onBreak }, (result) =>
        this.#begun(following, result as Result<"events/subscribe">),
      );
    } finally {
      this.#beginning--;
    }
  }

  #begun(following: Following, { subscription, cursor }: Result<"events/subscribe">): void {
    const parked = this.#parked.get(subscription) ?? [];
    this.#parked.delete(subscription);
    if (following.stopped) {
      this.#link.aside("events/unsubscribe", { subscription });
      return;
    }
    this.#all.add(following);
    following.begun(subscription, cursor);
    for (const batch of parked) if (following.subscription === subscription) this.#deliver(following, batch);
  }
}
