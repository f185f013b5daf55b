import { statusAt } from "./agents.ts";
import type { BoardView } from "./board.ts";
import { holdOf } from "./held.ts";
import type { Row } from "./row.ts";
import { left, spanText } from "./times.ts";

/** Why a person should look at a task. A lower rank is more pressing. */
export interface Concern {
  readonly code:
    | "lease_over"
    | "failed"
    | "dependency_failed"
    | "dependency_cancelled"
    | "lapsed"
    | "nearly_lapsed"
    | "holder_idle"
    | "review"
    | "person";
  readonly rank: number;
  readonly text: string;
}

const RANK: Readonly<Record<Concern["code"], number>> = {
  failed: 0,
  dependency_failed: 1,
  dependency_cancelled: 1,
  lease_over: 2,
  lapsed: 2,
  nearly_lapsed: 3,
  holder_idle: 4,
  review: 5,
  person: 6,
};

/** A lease is nearly over in its last 30 seconds, of a short one in its last fifth. */
const NEARLY_MS = 30_000;
const NEARLY_PART = 0.2;

/** What about this task needs a person; null where nothing does. */
export function concernOf(row: Row, board: Pick<BoardView, "rows" | "agents">, now: number): Concern | null {
  const say = (code: Concern["code"], text: string): Concern => ({ code, rank: RANK[code], text });
  switch (row.state) {
    case "failed":
      return say("failed", row.reason ? `failed: ${row.reason}` : "failed");
    case "review":
      return say("review", row.attempt > 1 ? `attempt ${row.attempt} awaits review` : "awaits review");
    case "claimed":
      return heldConcern(row, board, now, say);
    case "pending": {
      const hold = holdOf(row, board);
      const blockers = hold?.blockers.map((blocker) => `#${blocker.number}`).join(" ");
      if (hold?.reason === "dependency_failed") return say("dependency_failed", `${blockers} failed`);
      if (hold?.reason === "dependency_cancelled") return say("dependency_cancelled", `${blockers} cancelled`);
      if (row.lapsed) return say("lapsed", `lapsed ${spanText(now - row.lapsed.at)} ago from ${row.lapsed.by}`);
      return row.performer === "user" && row.ready ? say("person", "for a person to do") : null;
    }
    default:
      return null;
  }
}

function heldConcern(
  row: Row,
  board: Pick<BoardView, "agents">,
  now: number,
  say: (code: Concern["code"], text: string) => Concern,
): Concern | null {
  if (row.leaseUntil !== null) {
    const remaining = row.leaseUntil - now;
    // Over by the last that was heard: it was extended, or lapses within the second. The refresh that is under way tells which.
    if (remaining <= 0) return say("lease_over", "lease is over");
    if (remaining < Math.min(NEARLY_MS, (row.leaseSpan ?? NEARLY_MS) * NEARLY_PART))
      return say("nearly_lapsed", `lease ends in ${left(remaining)}`);
  }
  const holder = row.claimedBy === null ? undefined : board.agents.get(row.claimedBy);
  // A person's hold has no deadline, and people are not expected to send heartbeats.
  if (!holder || row.leaseUntil === null) return null;
  const status = statusAt(holder.lastSeen, now);
  return status === "active" ? null : say("holder_idle", `holder ${status}, seen ${spanText(now - holder.lastSeen)} ago`);
}
