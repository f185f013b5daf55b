import { Desk, type Reply, type Request } from "../../../mcp/desk.ts";
import { type ManualClock, manualClock } from "../../../mcp/testing/manual-clock.ts";
import { TOOLS } from "../../../mcp/tools/index.ts";
import { LeaseKeeper } from "../lease-keeper.ts";
import { Link } from "../link.ts";
import { FakeSession } from "./fake-session.ts";

export interface TestDesk {
  readonly session: FakeSession;
  readonly clock: ManualClock;
  readonly keeper: LeaseKeeper;
  readonly bugs: unknown[];
  /** Calls a tool as the agent `heron` of an unknown host. */
  call(name: string, args?: Record<string, unknown>, request?: Partial<Request>): Promise<Reply>;
}

/** The tools over a fake session and a clock that stands still, with leases kept as `coord mcp` keeps them. */
export function testDesk(): TestDesk {
  const session = new FakeSession();
  const clock = manualClock();
  const link = new Link(
    () => session,
    async (all) => session.batch(all),
  );
  const keeper = new LeaseKeeper(clock, async ({ task_id, agent_id, claim_id, lease_seconds }) => {
    await link.call(agent_id, "tasks/extend", { id: task_id, agent_id, claim_id, lease_seconds: lease_seconds ?? undefined });
  });
  const bugs: unknown[] = [];
  const desk = new Desk({ context: { board: link, holds: keeper, clock, handle: "heron" }, tools: TOOLS, report: (bug) => bugs.push(bug) });
  const call: TestDesk["call"] = (name, args = {}, request = {}) =>
    desk.answer({ name, args, signal: new AbortController().signal, host: undefined, ...request });
  return { session, clock, keeper, bugs, call };
}
