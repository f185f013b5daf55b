import { Desk, type Reply, type Request } from "../desk.ts";
import { type HeldClaim, NO_HOLDS } from "../holds.ts";
import { TOOLS } from "../tools/index.ts";
import { type ManualClock, manualClock } from "./manual-clock.ts";
import { FakeBoard } from "./scripted.ts";

export interface TestDesk {
  readonly board: FakeBoard;
  readonly clock: ManualClock;
  readonly bugs: unknown[];
  /** The claims that the tools have reported. */
  readonly remembered: HeldClaim[];
  /** Calls a tool as the agent `heron` of an unknown host. */
  call(name: string, args?: Record<string, unknown>, request?: Partial<Request>): Promise<Reply>;
}

/** The tools over a fake board and a clock that stands still; claims are noted and not kept. */
export function testDesk(): TestDesk {
  const board = new FakeBoard();
  const clock = manualClock();
  const remembered: HeldClaim[] = [];
  const holds = { ...NO_HOLDS, remember: (claim: HeldClaim) => void remembered.push(claim) };
  const bugs: unknown[] = [];
  const desk = new Desk({ context: { board, holds, clock, handle: "heron" }, tools: TOOLS, report: (bug) => bugs.push(bug) });
  const call: TestDesk["call"] = (name, args = {}, request = {}) =>
    desk.answer({ name, args, signal: new AbortController().signal, host: undefined, ...request });
  return { board, clock, bugs, remembered, call };
}
