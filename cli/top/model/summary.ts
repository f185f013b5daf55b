import { STATE_NAMES, type State } from "../../../protocol/lifecycle.ts";
import type { Status, Worker } from "./agents.ts";
import type { BoardView } from "./board.ts";

/** The header's figures. */
export interface Summary {
  readonly agents: Readonly<Record<Status, number>>;
  /** By state, announcements among the completed; `ready` and `held` share out what is pending. */
  readonly tasks: Readonly<Record<Exclude<State, "pending"> | "ready" | "held", number>>;
  /** Rows that the board has and this screen does not. */
  readonly unseen: number;
}

export function summaryOf(board: BoardView, workers: readonly Worker[]): Summary {
  const agents = { active: 0, idle: 0, stale: 0 };
  for (const { status } of workers) agents[status]++;
  let held = 0;
  for (const row of board.rows.values()) if (row.state === "pending" && !row.ready) held++;
  const { pending, ...others } = board.counts;
  const total = STATE_NAMES.reduce((sum, state) => sum + board.counts[state], 0);
  return {
    agents,
    tasks: { ready: Math.max(0, pending - held), held: Math.min(held, pending), ...others },
    unseen: Math.max(0, total - board.rows.size),
  };
}
