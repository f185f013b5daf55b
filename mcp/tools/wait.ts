import type { Result } from "../../protocol/index.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { deadline, every } from "../clock.ts";
import { badArgument, Unreachable } from "../failures.ts";
import { DEFAULT_WAIT_SECONDS, waitSeconds } from "../hosts.ts";
import { briefEvent, whole } from "../shape.ts";
import {
  agentId,
  ask,
  filter,
  flag,
  integer,
  mentions,
  object,
  READS,
  rows,
  type Tool,
  type ToolCall,
  type ToolContext,
  text,
  WRITES,
} from "./definition.ts";
import { filterOf } from "./filtering.ts";
import { taken } from "./hold.ts";

/** How often a waiting call says that it is alive: well within the 60 s of idleness that the strictest host allows. */
const PROGRESS_MS = 10_000;
/** The first time it says so: early, for hosts and proxies that want to see something soon. */
const FIRST_PROGRESS_MS = 1_000;
/** How long after its own end a wait on the server may still answer before this side stops listening. */
const GRACE_MS = 2_000;

/** Requests of one call, beyond one a second: a server that answers "nothing" at once must not make this spin. */
const MOST_TRIES = 10;

/** The call's `timeout_s` within what its host allows; refuses what is no number. */
function blockSeconds(call: ToolCall, absent: number): number {
  const asked = call.args.timeout_s ?? absent;
  if (typeof asked !== "number" || !Number.isFinite(asked))
    throw badArgument("timeout_s is not a number", { argument: "timeout_s", expected: "seconds" });
  return waitSeconds(asked, call.longestWait);
}

/**
 * Asks again and again, for `seconds` in all, until a request is answered with something; undefined when the time is up or the call
 * given up. A server that goes away meanwhile is waited for; one that cannot be reached at the outset is an error.
 * @param request one request for at most so many milliseconds; undefined where nothing came
 */
async function blocking<T>(
  call: ToolCall,
  context: ToolContext,
  seconds: number,
  request: (ms: number, signal: AbortSignal) => Promise<T | undefined>,
): Promise<T | undefined> {
  const { clock } = context;
  const start = clock.now();
  const left = (): number => Math.max(0, Math.ceil(start + seconds * 1000 - clock.now()));
  await context.board.reach(call.agent);
  const late = deadline(clock, left() + GRACE_MS);
  const signal = AbortSignal.any([call.signal, late.signal]);
  const report = () => call.progress?.(Math.round((clock.now() - start) / 1000), seconds);
  const stopFirst = clock.after(FIRST_PROGRESS_MS, report);
  const stopProgress = every(clock, PROGRESS_MS, report);
  try {
    for (let tries = 0; tries < seconds + MOST_TRIES; tries++) {
      try {
        const answer = await request(left(), signal);
        if (answer !== undefined) return answer;
      } catch (thrown) {
        if (signal.aborted) return undefined;
        // The session has already waited for a connection as long as it does; it is asked again until the time is up.
        if (!(thrown instanceof Unreachable)) throw thrown;
      }
      if (left() === 0 || signal.aborted) return undefined;
    }
    return undefined;
  } finally {
    stopFirst();
    stopProgress();
    late.clear();
  }
}

export const tasksWait: Tool = {
  name: "tasks_wait",
  method: "tasks/wait",
  description:
    "Block until a matching task exists or, with after, until one changes. Without state: announcements when published, jobs when claimable. " +
    "ids with all: until all are in state. A timeout is no error: call again with after = cursor.",
  input: {
    ...filter,
    ...mentions,
    after: { type: "integer", description: "cursor of an earlier answer" },
    all: flag,
    timeout_s: { type: "integer", description: `default ${DEFAULT_WAIT_SECONDS}` },
    ...agentId,
  },
  output: { task: object, tasks: rows, event: object, cursor: integer, timed_out: flag, hint: text },
  annotations: READS,
  waits: true,
  async run(call, context) {
    const seconds = blockSeconds(call, DEFAULT_WAIT_SECONDS);
    const { after, all } = call.args;
    const asked = await filterOf(call, context);
    let cursor = typeof after === "number" ? after : undefined;
    const found = await blocking<Result<"tasks/wait">>(call, context, seconds, async (ms, signal) => {
      const params = { ...(asked ? { filter: asked } : {}), after: cursor ?? after, all, timeout_ms: ms, agent_id: call.agent };
      const answer = await ask(call, context, "tasks/wait", params, { signal });
      cursor = answer.cursor;
      return answer.timed_out ? undefined : answer;
    });
    if (!found)
      return {
        timed_out: true,
        ...(cursor === undefined ? {} : { cursor }),
        hint: `Nothing within ${seconds} s. Call again${cursor === undefined ? "" : " with after = cursor"}; timeout_s can be up to ${call.longestWait}.`,
      };
    return {
      ...(found.task ? { task: whole(found.task) } : {}),
      ...(found.tasks ? { tasks: found.tasks.map(whole) } : {}),
      ...(found.event ? { event: briefEvent(found.event) } : {}),
      cursor: found.cursor,
      timed_out: false,
    };
  },
};

const { kind, priority, label, created_by, ids, ignore_ids, name_contains, q } = filter;

export const tasksNext: Tool = {
  name: "tasks_next",
  method: "tasks/next",
  description: "Claim the best claimable job that matches: by priority, then age. timeout_s > 0 waits in line for one.",
  input: {
    kind,
    priority,
    label,
    created_by,
    ids,
    ignore_ids,
    name_contains,
    q,
    timeout_s: { type: "integer", description: "default 0" },
    leaseSeconds: integer,
    ...agentId,
  },
  output: { task: object, timed_out: flag, hint: text },
  annotations: WRITES,
  waits: true,
  async run(call, context) {
    const seconds = blockSeconds(call, 0);
    const asked = await filterOf(call, context);
    const params = { agent_id: call.agent, ...(asked ? { filter: asked } : {}), lease_seconds: call.args.lease_seconds };
    const task =
      seconds === 0
        ? await ask(call, context, "tasks/next", params)
        : await blocking(call, context, seconds, async (ms, signal) => {
            // Given up with a job already on its way, the session gives that job back.
            const answer = await ask(call, context, "tasks/next", { ...params, wait_ms: Math.min(ms, LIMITS.wait_ms.value) }, { signal });
            return answer ?? undefined;
          });
    if (task) return taken(task, call, context, seconds > 0);
    return {
      timed_out: true,
      hint:
        seconds > 0
          ? `No job within ${seconds} s. Call again; timeout_s can be up to ${call.longestWait}.`
          : "No claimable job matches. With timeout_s you wait in line for one.",
    };
  },
};
