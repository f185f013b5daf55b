import type { Session } from "../client/types.ts";
import { CliError } from "../errors.ts";
import type { Source } from "./source/source.ts";
import type { Effect } from "./ui/keys.ts";

export type Act = Exclude<Effect, { do: "quit" | "resync" | "pause" | "copy" }>;

export interface Outcome {
  readonly text: string;
  readonly tone: "good" | "bad";
}

/** Carries out what the operator asked for and says how it went: done, or refused in the server's own words with its remedy. */
export async function perform(act: Act, session: Session, source: Source): Promise<Outcome> {
  if (session.state !== "open")
    return { text: `${act.do}: the server is away; nothing was sent. Try again when the header says live`, tone: "bad" };
  try {
    return { text: await done(act, session, source), tone: "good" };
  } catch (error) {
    return { text: `${act.do}: ${refusal(error)}`, tone: "bad" };
  }
}

async function done(act: Act, session: Session, source: Source): Promise<string> {
  switch (act.do) {
    case "send": {
      const task = await session.call("tasks/send", { name: act.name, kind: act.kind, priority: act.priority });
      return `sent #${task.number} ${task.name}`;
    }
    case "cancel":
      await session.call("tasks/cancel", { id: act.id, reason: "cancelled in coord top" });
      return `cancelled #${act.number}`;
    case "retry":
      await session.call("tasks/retry", { id: act.id });
      return `#${act.number} is ready again`;
    case "release": {
      const { claim, holder } = await shownClaim(act.id, session, source);
      await session.call("tasks/release", { id: act.id, ...claim, reason: "released in coord top" });
      return `released #${act.number}${holder === null ? "" : `: ${holder} holds it no longer`}`;
    }
  }
}

/**
 * The claim that the screen showed when the key was pressed: only that one is ended, and not one that somebody else made meanwhile.
 * Told by its claim id alone: naming the holder would count as a sign of life from it.
 */
async function shownClaim(id: string, session: Session, source: Source): Promise<{ claim: { claim_id?: string }; holder: string | null }> {
  const row = source.board.rows.get(id);
  if (row?.state !== "claimed") return { claim: {}, holder: null };
  if (row.claimId !== null) return { claim: { claim_id: row.claimId }, holder: row.claimedBy };
  const { claims } = await session.call("tasks/history", { id });
  const open = claims.find((claim) => claim.end === null && claim.agent_id === row.claimedBy);
  // Claimed by another meanwhile, or by nobody: the claim that is shown has ended, which the server then says.
  return { claim: open ? { claim_id: open.claim_id } : { claim_id: claims.at(-1)?.claim_id ?? id }, holder: row.claimedBy };
}

function refusal(error: unknown): string {
  if (!(error instanceof CliError)) return error instanceof Error ? error.message : String(error);
  return error.next === undefined ? error.message : `${error.message}. ${error.next}`;
}
