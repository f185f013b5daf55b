import type { Task } from "../protocol/index.ts";

/** A claim that was made through this server, or that its agent was told of by `checkin`. */
export interface HeldClaim {
  readonly task_id: string;
  readonly number: number;
  readonly name: string;
  readonly claim_id: string;
  readonly agent_id: string;
  /** How long each extension lasts; null where the hold has no deadline. */
  lease_seconds: number | null;
}

/** Who looks after the claims that the tools make. */
export interface Holds {
  /** Whether leases are extended while their agent calls tools. Where not, the agents are told to do so themselves. */
  readonly areKept: boolean;
  /** A tool call of this agent begins. */
  callBegins(agent: string): Promise<void>;
  callEnds(agent: string): void;
  /** Takes charge of the claim that the board just answered with. */
  remember(claim: HeldClaim): void;
  /** Takes charge of a claim that was made elsewhere. */
  adopt(claim: HeldClaim): Promise<void>;
  /** The claim that a task reference of this agent means, if it is one of those remembered. */
  find(agent: string, ref: string): HeldClaim | undefined;
  /** The claim's deadline was just moved by the agent's own call. */
  extended(claim: HeldClaim, leaseSeconds: number): void;
  /** Runs the agent's own call that ends a claim. */
  ending<T>(claim: HeldClaim | undefined, call: () => Promise<T>): Promise<T>;
  /** What this agent has to be told, once. */
  takeNotices(agent: string): string[];
}

/** For a server that lives no longer than a request: nothing is remembered, and the board goes by who holds. */
export const NO_HOLDS: Holds = {
  areKept: false,
  callBegins: async () => {},
  callEnds: () => {},
  remember: () => {},
  adopt: async () => {},
  find: () => undefined,
  extended: () => {},
  ending: (_claim, call) => call(),
  takeNotices: () => [],
};

/** The hold that a claim's answer describes; undefined where it describes none. */
export function claimOf(task: Task, agent: string): HeldClaim | undefined {
  if (!task.claim) return undefined;
  const { claim_id, lease_until } = task.claim;
  const from = task.claimed_at;
  // Both are the server's own times, so that a clock that differs from ours does not matter.
  const leaseSeconds = lease_until && from ? Math.max(1, Math.round((Date.parse(lease_until) - Date.parse(from)) / 1000)) : null;
  return { task_id: task.id, number: task.number, name: task.name, claim_id, agent_id: agent, lease_seconds: leaseSeconds };
}
