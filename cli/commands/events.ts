import type { Command } from "commander";
import type { Event } from "../../protocol/events.ts";
import type { ParamsIn } from "../../protocol/index.ts";
import type { EventFilterIn, Session } from "../client/types.ts";
import type { CliError } from "../errors.ts";
import { eventLine } from "../output/events.ts";
import { jsonText, printLines } from "../output/print.ts";
import { contextOf, given } from "./shared/context.ts";
import { type FilterOptions, filterOf } from "./shared/filter.ts";
import { withExamples, withFilter, withMentions } from "./shared/options.ts";
import { withSession } from "./shared/session.ts";
import { list, wholeNumber } from "./shared/values.ts";

interface Options extends FilterOptions {
  after?: number;
  limit?: number;
  type?: string[];
  follow?: boolean;
}

/** Without a cursor: about this many of the newest lines. */
const RECENT = 50;

export function register(program: Command): void {
  const command = program
    .command("events")
    .description("print the workspace's log, and with --follow what is added to it")
    .option("--after <seq>", "only what came after this one; 0: everything (default: the last 50)", wholeNumber)
    .option("--limit <rows>", "at most this many (default: 50, at most 500)", wholeNumber)
    .option("--type <type>", "task.created, task.claimed, task.completed, …", list)
    .option("--follow", "go on until interrupted; with --json one JSON value a line");
  withExamples(withMentions(withFilter(command)), "coord events --follow", "coord events --after 0 --type task.completed --json").action(
    async (_options: unknown, self: Command) => {
      const { options, call, show, space, target } = contextOf<Options>(self);
      const filter = await eventFilter(options, (params) => call("tasks/get", params));
      if (options.follow) {
        const after = options.after ?? Math.max(0, (await call("workspace/info", {})).head - RECENT);
        const print = (events: Event[]) =>
          printLines(events.map((event) => (options.json ? jsonText(event, false) : eventLine(event, space.columns))));
        return withSession(target, (session, signal) => follow(session, { after, ...given("filter", filter) }, print, signal));
      }
      const answer = await call("events/list", {
        ...given("after", options.after),
        ...given("limit", options.limit),
        ...given("filter", filter),
      });
      show(answer, () =>
        answer.events.length === 0 ? ["nothing like that has happened"] : answer.events.map((event) => eventLine(event, space.columns)),
      );
    },
  );
}

async function eventFilter(options: Options, get: Parameters<typeof filterOf>[1]): Promise<EventFilterIn | undefined> {
  const filter = {
    ...(await filterOf(options, get)),
    ...given("type", options.type as NonNullable<ParamsIn<"events/list">["filter"]>["type"]),
  };
  return Object.keys(filter).length === 0 ? undefined : filter;
}

/** Prints until it is interrupted, or until the log cannot be followed any further. */
async function follow(
  session: Session,
  from: { after: number; filter?: EventFilterIn },
  print: (events: Event[]) => void,
  signal: AbortSignal,
): Promise<void> {
  await new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    const onLost = (error: CliError) => reject(error);
    session.subscribe({ ...from, onLost }, print).catch(reject);
  });
}
