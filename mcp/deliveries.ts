import type { Clock } from "./clock.ts";
import type { Answer } from "./tools/definition.ts";

/** A claim that an answer carries to a host: whoever never reads the answer does not know that it holds the job. */
export interface Delivery {
  readonly id: string;
  readonly agent_id: string;
  readonly claim_id: string;
}

/** Said with a release that nobody asked for in so many words. */
export const GIVEN_UP = "the call that claimed it was given up before the answer";

/** The claim in a tool's answer; undefined where there is none. */
export function deliveryIn({ task }: Answer): Delivery | undefined {
  const { id, claimed_by, claim } = (task ?? {}) as { id?: string; claimed_by?: string; claim?: { claim_id?: string } };
  return id && claimed_by && claim?.claim_id ? { id, agent_id: claimed_by, claim_id: claim.claim_id } : undefined;
}

/**
 * How long an answer may be on its way, in milliseconds. No longer: the SDK's clients of the older era send a cancellation also when their
 * caller's signal is aborted long after the answer, at a turn's end say, and the agent knows of its job then.
 */
export const ON_ITS_WAY_MS = 1_000;

/** More than any host has asked for at once. */
const MOST = 256;

/**
 * The claims of the last answers. A host that cancels a request whose answer is on its way has not seen the answer, and its client throws
 * it away (MCP 2025-11-25, Cancellation): what it carried goes back.
 */
export class Deliveries {
  readonly #clock: Pick<Clock, "now">;
  readonly #last = new Map<string | number, { delivery: Delivery; at: number }>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  note(requestId: string | number, delivery: Delivery): void {
    const at = this.#clock.now();
    this.#last.delete(requestId);
    this.#last.set(requestId, { delivery, at });
    for (const [oldest, sent] of this.#last) {
      if (this.#last.size <= MOST && at - sent.at < ON_ITS_WAY_MS) break;
      this.#last.delete(oldest);
    }
  }

  /** What a request's answer carries, once, while it is on its way. */
  take(requestId: unknown): Delivery | undefined {
    const sent = this.#last.get(requestId as string | number);
    this.#last.delete(requestId as string | number);
    return sent && this.#clock.now() - sent.at < ON_ITS_WAY_MS ? sent.delivery : undefined;
  }
}
