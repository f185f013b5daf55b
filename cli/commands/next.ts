import type { Command } from "commander";
import type { Result } from "../../protocol/index.ts";
import { EXIT } from "../../protocol/refusals.ts";
import type { Session } from "../client/types.ts";
import { claimLines } from "../output/claims.ts";
import { type ActorOptions, contextOf, given, keyed, requireAgent } from "./shared/context.ts";
import { type FilterIn, type FilterOptions, filterOf } from "./shared/filter.ts";
import { withAgent, withExamples, withFilter, withKey } from "./shared/options.ts";
import { withSession } from "./shared/session.ts";
import { seconds } from "./shared/values.ts";

interface Options extends ActorOptions, FilterOptions {
  lease?: number;
  wait?: number | true;
}

interface Question {
  agent_id: string;
  filter: FilterIn;
  lease_seconds?: number;
}

/** One turn in the line. A session may wait for longer than anybody does; this only keeps the number small. */
const SLICE_MS = 24 * 3_600_000;

/** How much later than asked for this program gives up by itself, where no server is there to say that the time is over. */
const GRACE_MS = 2_000;

/** A server that says nothing is given up before this by itself. */
const LONG_WAIT_MS = 60_000;

export function register(program: Command): void {
  const command = program
    .command("next")
    .description("claim the best job there is: changes asked for first, then priority, then oldest (exit 2: there is none)")
    .option("--lease <seconds>", "hold it for this long (default: 300, at most 3600)", seconds)
    .option("--wait [seconds]", "join the line until a job comes; without a number, for as long as it takes", seconds);
  withExamples(
    withKey(withFilter(withAgent(command))),
    "coord next --as harbor-lynx --kind bug",
    "coord next --as harbor-lynx --wait 10m --json",
  ).action(async (_options: unknown, self: Command) => {
    const { options, call, introduce, show, space, now, target } = contextOf<Options>(self);
    const agent = requireAgent(options);
    const question = { agent_id: agent, ...given("lease_seconds", options.lease) };
    let task: Result<"tasks/next">;
    if (options.wait === undefined) {
      const filter = await filterOf(options, (params) => call("tasks/get", params));
      task = await call("tasks/next", { ...question, filter, ...keyed(options) });
    } else {
      const waitMs = options.wait === true ? Number.POSITIVE_INFINITY : options.wait * 1000;
      await introduce();
      const stand = async (session: Session, signal: AbortSignal) => {
        const filter = await filterOf(options, (params) => session.call("tasks/get", params, { signal }));
        return inLine(session, { ...question, filter }, waitMs, keyed(options), signal);
      };
      task = await withSession(target, stand, waitMs < LONG_WAIT_MS ? { withinMs: waitMs + GRACE_MS } : {});
    }
    show(task, () =>
      task ? claimLines(task, agent, now, space) : ["nothing to claim: see `coord tasks`, or stand in line: coord next --wait 10m"],
    );
    if (!task) process.exitCode = EXIT.timeout;
  });
}

/**
 * Stands in line, slice by slice. A slice that ends with its connection is asked again under the same idempotency key,
 * so that a job handed over in that moment is not lost; an interrupted one gives back what still comes.
 */
async function inLine(
  session: Session,
  question: Question,
  waitMs: number,
  key: object,
  signal: AbortSignal,
): Promise<Result<"tasks/next">> {
  const endsAt = performance.now() + waitMs;
  const over = Number.isFinite(waitMs) ? AbortSignal.timeout(waitMs + GRACE_MS) : undefined;
  for (let firstKey = key; ; firstKey = {}) {
    const remaining = Math.round(endsAt - performance.now());
    const params = { ...question, ...firstKey, wait_ms: Math.max(0, Math.min(SLICE_MS, remaining)) };
    const task = await session
      .call("tasks/next", params, { signal: over ? AbortSignal.any([signal, over]) : signal })
      .catch((error: unknown) => {
        if (over?.aborted && !signal.aborted) return null;
        throw error;
      });
    if (task || remaining <= SLICE_MS) return task;
  }
}
