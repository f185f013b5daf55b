import type { Session } from "../client/types.ts";
import { CliError } from "../errors.ts";
import { missingLines } from "../output/approval.ts";
import type { Actor } from "./actor.ts";
import type { Source } from "./source/source.ts";
import type { Effect } from "./ui/keys.ts";

export type Act = Exclude<Effect, { do: "quit" | "resync" | "pause" | "copy" | "say" }>;

export interface Outcome {
  readonly text: string;
  readonly tone: "good" | "bad";
}

/** Carries out what the operator asked for and says how it went: done, or refused in the server's own words with its remedy. */
export async function perform(act: Act, session: Session, source: Source, actor?: Actor): Promise<Outcome> {
  const what = act.do === "write" ? (act.written.what === "note" ? "note" : "ask for changes") : act.do;
  if (session.state !== "open")
    return { text: `${what}: the server is away; nothing was sent. Try again when the header says live`, tone: "bad" };
  try {
    return { text: await done(act, session, source, actor), tone: "good" };
  } catch (error) {
    return { text: `${what}: ${refusal(error)}`, tone: "bad" };
  }
}

async function done(act: Act, session: Session, source: Source, actor: Actor | undefined): Promise<string> {
  switch (act.do) {
    case "approve": {
      const { id, number, attempt } = act;
      const task = await session.call("tasks/review", {
        id,
        agent_id: await acting(session, actor),
        decision: "approve",
        ...given(attempt),
      });
      if (task.state !== "review") return `approved: #${number} is done`;
      const missing = missingLines(task, await session.call("tasks/history", { id }), { columns: 400, colour: false });
      return `approved attempt ${task.attempt} of #${number}; ${missing.map((line) => line.trim()).join(" ")}`;
    }
    case "write": {
      const { what, id, number, attempt, text } = act.written;
      const agent_id = await acting(session, actor);
      if (what === "note") {
        const { mentions } = await session.call("notes/add", { id, agent_id, body: text.text });
        return `noted on #${number}${mentions.length === 0 ? "" : `, tells ${mentions.map((handle) => `@${handle}`).join(" ")}`}`;
      }
      await session.call("tasks/review", { id, agent_id, decision: "request_changes", body: text.text, ...given(attempt) });
      return `changes are asked for: #${number} goes to the front of the queue`;
    }
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

/** The attempt that was on the screen, where it is known: a decision on an older one is refused. */
function given(attempt: number | null): { attempt?: number } {
  return attempt === null ? {} : { attempt };
}

async function acting(session: Session, actor: Actor | undefined): Promise<string> {
  if (actor === undefined) throw new CliError("nothing says who you are", { next: "begin with: coord top --as NAME" });
  await actor.introduce(session);
  return actor.handle;
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
