import type { Clock } from "../../mcp/clock.ts";
import { isClaimOver } from "../../mcp/failures.ts";
import type { HeldClaim, Holds } from "../../mcp/holds.ts";
import { title } from "../../mcp/shape.ts";

/** An agent that has called no tool for this long may be gone: its leases are left to lapse. */
export const IDLE_AFTER_MS = 30 * 60_000;
/** After an extension that got no answer the next follows this soon, or sooner where the lease is short. */
const RETRY_MS = 5_000;
/** No lease is extended more often than this. */
const SHORTEST_INTERVAL_MS = 250;

interface Entry extends HeldClaim {
  /** The agent's own call that ends the claim is under way: a refused extension is no news then. */
  ending: boolean;
  /** The agent was idle when the claim was due. */
  paused: boolean;
  cancelTimer: () => void;
}

interface Activity {
  lastCallAt: number;
  callsInFlight: number;
}

/**
 * Remembers the claims of this process's agents and extends each at a third of its lease, for as long as its agent calls tools.
 * It never ends a claim: when the process dies the leases lapse, and that is how the board learns of it.
 */
export class LeaseKeeper implements Holds {
  readonly areKept = true;
  readonly #clock: Clock;
  readonly #extend: (claim: HeldClaim) => Promise<void>;
  readonly #entries = new Map<string, Entry>();
  readonly #activity = new Map<string, Activity>();
  readonly #notices = new Map<string, string[]>();
  #stopped = false;

  /** @param extend asks the server for `lease_seconds` from now; rejects as `Session.call` does. */
  constructor(clock: Clock, extend: (claim: HeldClaim) => Promise<void>) {
    this.#clock = clock;
    this.#extend = extend;
  }

  /** A tool call of this agent begins; answers once the claims that were left alone while it was idle are extended or known to be lost. */
  async callBegins(agent: string): Promise<void> {
    const activity = this.#activity.get(agent) ?? { lastCallAt: 0, callsInFlight: 0 };
    this.#activity.set(agent, { lastCallAt: this.#clock.now(), callsInFlight: activity.callsInFlight + 1 });
    const paused = [...this.#entries.values()].filter((entry) => entry.agent_id === agent && entry.paused);
    await Promise.all(paused.map((entry) => this.#due(entry)));
  }

  callEnds(agent: string): void {
    const activity = this.#activity.get(agent);
    if (activity) this.#activity.set(agent, { lastCallAt: this.#clock.now(), callsInFlight: activity.callsInFlight - 1 });
  }

  /** Takes charge of the claim that the server just answered with. */
  remember(claim: HeldClaim): void {
    const before = this.#entries.get(claim.task_id);
    if (before && before.claim_id !== claim.claim_id) {
      this.#drop(before);
      if (before.agent_id !== claim.agent_id) this.#tell(before.agent_id, `You lost ${title(before)}: ${claim.agent_id} has claimed it.`);
    } else if (before) before.cancelTimer();
    const entry: Entry = { ...claim, ending: false, paused: false, cancelTimer: () => {} };
    this.#entries.set(claim.task_id, entry);
    this.#schedule(entry);
  }

  /** Takes charge of a claim that was made elsewhere, and extends it at once: nobody may have done so for long. */
  async adopt(claim: HeldClaim): Promise<void> {
    if (this.#entries.get(claim.task_id)?.claim_id === claim.claim_id) return;
    this.remember(claim);
    const entry = this.#entries.get(claim.task_id);
    if (entry && claim.lease_seconds !== null) await this.#due(entry);
  }

  /** The claim that a task reference of this agent means, if it is one of those remembered. */
  find(agent: string, ref: string): HeldClaim | undefined {
    const mine = [...this.#entries.values()].filter((entry) => entry.agent_id === agent);
    const exact = mine.find((entry) => entry.task_id === ref || `#${entry.number}` === ref);
    if (exact || ref.length < 4 || ref.startsWith("#")) return exact;
    const prefixed = mine.filter((entry) => entry.task_id.startsWith(ref.toLowerCase()));
    return prefixed.length === 1 ? prefixed[0] : undefined;
  }

  /** The claim's deadline was just moved by the agent's own call. */
  extended(claim: HeldClaim, leaseSeconds: number): void {
    const entry = this.#entries.get(claim.task_id);
    if (entry?.claim_id !== claim.claim_id) return;
    entry.lease_seconds = leaseSeconds;
    this.#schedule(entry);
  }

  /**
   * Runs the agent's own call that ends a claim. Answered, or refused because the claim is over: it is forgotten.
   * Any other failure leaves it in charge as before.
   */
  async ending<T>(claim: HeldClaim | undefined, call: () => Promise<T>): Promise<T> {
    const entry = claim && this.#entries.get(claim.task_id);
    if (!entry) return call();
    entry.ending = true;
    try {
      const answer = await call();
      this.#drop(entry);
      return answer;
    } catch (thrown) {
      if (isClaimOver(thrown)) this.#drop(entry);
      entry.ending = false;
      throw thrown;
    }
  }

  /** Lets a claim lapse that its agent does not know of. */
  forget(claimId: string): void {
    for (const entry of this.#entries.values()) if (entry.claim_id === claimId) this.#drop(entry);
  }

  /** What this agent has to be told, once. */
  takeNotices(agent: string): string[] {
    const notices = this.#notices.get(agent) ?? [];
    this.#notices.delete(agent);
    return notices;
  }

  stop(): void {
    this.#stopped = true;
    for (const entry of this.#entries.values()) entry.cancelTimer();
    this.#entries.clear();
  }

  #isActive(agent: string): boolean {
    const activity = this.#activity.get(agent);
    return activity !== undefined && (activity.callsInFlight > 0 || this.#clock.now() - activity.lastCallAt < IDLE_AFTER_MS);
  }

  #schedule(entry: Entry, mostMs = Number.POSITIVE_INFINITY): void {
    entry.cancelTimer();
    entry.paused = false;
    if (entry.lease_seconds === null || this.#stopped) return;
    const thirdMs = (entry.lease_seconds * 1000) / 3;
    entry.cancelTimer = this.#clock.after(Math.max(SHORTEST_INTERVAL_MS, Math.min(thirdMs, mostMs)), () => void this.#due(entry));
  }

  async #due(entry: Entry): Promise<void> {
    if (!this.#isActive(entry.agent_id)) {
      entry.paused = true;
      return;
    }
    entry.cancelTimer();
    entry.paused = false;
    let retryMs: number | undefined;
    try {
      await this.#extend(entry);
    } catch (thrown) {
      if (isClaimOver(thrown)) {
        if (!this.#isCurrent(entry) || entry.ending) return;
        this.#drop(entry);
        this.#tell(
          entry.agent_id,
          `You lost your lease on ${title(entry)}: ${(thrown as Error).message}. Somebody else may be working on it: stop, and tasks_get it before you go on.`,
        );
        return;
      }
      // Not answered, or answered with what is no fault of the claim's: it may well be alive, so ask again soon.
      retryMs = RETRY_MS;
    }
    if (this.#isCurrent(entry)) this.#schedule(entry, retryMs);
  }

  #isCurrent(entry: Entry): boolean {
    return this.#entries.get(entry.task_id) === entry;
  }

  #drop(entry: Entry): void {
    entry.cancelTimer();
    if (this.#isCurrent(entry)) this.#entries.delete(entry.task_id);
  }

  #tell(agent: string, notice: string): void {
    this.#notices.set(agent, [...(this.#notices.get(agent) ?? []), notice]);
  }
}
