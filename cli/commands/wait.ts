import type { Command } from "commander";
import { EXIT } from "../../protocol/refusals.ts";
import type { Session } from "../client/types.ts";
import type { WaitOutcome, WaitRequest } from "../client/wait.ts";
import { CliError } from "../errors.ts";
import { printJson } from "../output/print.ts";
import { type ActorOptions, agentOf, contextOf, given } from "./shared/context.ts";
import { type FilterOptions, filterOf } from "./shared/filter.ts";
import { withAgent, withExamples, withFilter, withMentions } from "./shared/options.ts";
import { withSession } from "./shared/session.ts";
import { seconds, wholeNumber } from "./shared/values.ts";

interface Options extends ActorOptions, FilterOptions {
  timeout: number;
  heartbeat?: number | true;
  after?: number;
  all?: boolean;
}

const DEFAULT_TIMEOUT_SECONDS = 600;
const DEFAULT_HEARTBEAT_SECONDS = 30;
/** A server that says nothing is given up before this by itself. */
const LONG_TIMEOUT_SECONDS = 60;
/** How long after its time a wait may end where the server does not say that it is over: there is a place to find out what is wrong. */
const GRACE_MS = 1_000;

export function register(program: Command): void {
  const command = program
    .command("wait")
    .description("block until a task matches, then print it as JSON; exact across restarts of the server (exit 2: timeout)")
    .option("--timeout <seconds>", "give up after this long; 0: never", seconds, DEFAULT_TIMEOUT_SECONDS)
    .option("--after <cursor>", "count only what changed after this cursor, as an earlier wait answered it", wholeNumber)
    .option("--all", "with --ids: until every one of them is in the wanted state")
    .option(
      "--heartbeat [seconds]",
      `with --as: beat this often while waiting (${DEFAULT_HEARTBEAT_SECONDS} without a number; the open session alone shows the agent as here)`,
      seconds,
    );
  withExamples(
    withMentions(withFilter(withAgent(command))),
    "coord wait --kind ack --name-contains 'v1.1 stable' --as harbor-lynx",
    "coord wait --ids 12,13 --all --state completed --timeout 0",
    "coord wait --mentions me --as harbor-lynx",
    "coord wait --kind bug --after 42   # 42: the cursor of the last answer",
  )
    .addHelpText(
      "after",
      "\nWithout --state a job matches when it can be claimed (pending), an announcement\nwhen it is published (completed).",
    )
    .action(async (_options: unknown, self: Command) => {
      const { options, target } = contextOf<Options>(self);
      if (options.all && !options.ids)
        throw new CliError("--all waits for named tasks, and none is named", { next: "add --ids, for example --ids 12,13" });
      const endsAt = options.timeout === 0 ? undefined : performance.now() + options.timeout * 1000;
      const limits = endsAt === undefined || options.timeout > LONG_TIMEOUT_SECONDS ? {} : { withinMs: options.timeout * 1000 + GRACE_MS };
      const outcome = await withSession(target, (session, signal) => waitOn(session, options, endsAt, signal), limits);
      printJson(answer(outcome));
      if (outcome.timed_out) process.exitCode = EXIT.timeout;
    });
}

/** @param endsAt when it times out, by `performance.now()`; opening the session and looking up ids take of that time. */
async function waitOn(session: Session, options: Options, endsAt: number | undefined, signal: AbortSignal): Promise<WaitOutcome> {
  const { waitFor } = await import("../client/wait.ts");
  const agent = agentOf(options);
  const remainingMs = () => (endsAt === undefined ? undefined : Math.max(0, endsAt - performance.now()));
  const lookedUp = untilMs(signal, remainingMs());
  const filter = await filterOf(options, (params) => session.call("tasks/get", params, { signal: lookedUp }));
  const request: WaitRequest = {
    filter,
    signal,
    ...given("after", options.after),
    ...given("all", options.all),
    ...given("timeoutMs", remainingMs()),
    ...given("agentId", agent),
  };
  const beat = () => (agent === undefined ? undefined : session.call("agents/heartbeat", { id: agent }, { signal }).catch(ignoreLoss));
  const every = options.heartbeat === true ? DEFAULT_HEARTBEAT_SECONDS : options.heartbeat;
  beat();
  const beating = every && every > 0 ? setInterval(beat, every * 1000) : undefined;
  const progress = showProgress(session);
  try {
    return await waitFor(session, request);
  } finally {
    clearInterval(beating);
    progress.end();
  }
}

/** The signal, or the time that is left and the grace: whichever is first. */
function untilMs(signal: AbortSignal, ms: number | undefined): AbortSignal {
  if (ms === undefined || ms > LONG_TIMEOUT_SECONDS * 1000) return signal;
  const late = new AbortController();
  const silent = new CliError("the server stopped answering before the wait could begin", { exit: EXIT.unreachable, next: "coord status" });
  setTimeout(() => late.abort(silent), ms + GRACE_MS).unref();
  return AbortSignal.any([signal, late.signal]);
}

/** A beat that fails is no reason to end the wait: the session announces the agent again by itself when it is back. */
function ignoreLoss(): void {}

/** The task itself, so that `jq .payload` finds what it looks for, with the cursor for the next wait beside its fields. */
function answer(outcome: WaitOutcome): object {
  const { task, tasks, event, cursor, timed_out } = outcome;
  if (timed_out) return { timed_out, cursor };
  if (tasks) return { tasks, cursor };
  return { ...task, cursor, ...(event ? { event } : {}) };
}

/** A word for the person at the terminal, on stderr; nothing where there is none. */
function showProgress(session: Session): { end(): void } {
  if (!process.stderr.isTTY) return { end: () => {} };
  const say = (text: string) => process.stderr.write(`\r\x1b[K${text}`);
  say("waiting…");
  session.onState((state) => {
    if (state === "reconnecting") say("waiting… the server is away; reconnecting");
    if (state === "open") say("waiting…");
  });
  return { end: () => process.stderr.write("\r\x1b[K") };
}
