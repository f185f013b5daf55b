import type { Held } from "../../../protocol/records.ts";
import type { BoardView } from "./board.ts";
import type { Row } from "./row.ts";

export interface Hold {
  readonly reason: Held["reason"];
  /** Those that stand in the way, as far as they are known here. */
  readonly blockers: readonly Row[];
}

/**
 * Why a pending job cannot be claimed yet; null where it can. Whether it is held is in the log (`ready`); by what is found from
 * its dependencies as they are now, since a dependency that fails is an event of its own and none of those that wait for it.
 */
export function holdOf(row: Row, board: Pick<BoardView, "rows">): Hold | null {
  if (row.state !== "pending" || row.ready) return null;
  const blockers: Row[] = [];
  for (const id of row.dependsOn) {
    const dependency = board.rows.get(id);
    if (dependency && dependency.state !== "completed") blockers.push(dependency);
  }
  const failed = blockers.filter((blocker) => blocker.state === "failed");
  if (failed.length > 0) return { reason: "dependency_failed", blockers: failed };
  const cancelled = blockers.filter((blocker) => blocker.state === "cancelled");
  if (cancelled.length > 0) return { reason: "dependency_cancelled", blockers: cancelled };
  return { reason: "dependencies", blockers };
}
