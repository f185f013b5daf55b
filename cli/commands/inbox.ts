import type { Command } from "commander";
import { itemLine } from "../hook/text.ts";
import { fit } from "../output/text.ts";
import { type ActorOptions, contextOf, given, requireAgent } from "./shared/context.ts";
import { withAgent, withExamples } from "./shared/options.ts";
import { wholeNumber } from "./shared/values.ts";

interface Options extends ActorOptions {
  after?: number;
  limit?: number;
}

export function register(program: Command): void {
  const command = program
    .command("inbox")
    .description("what concerns one agent since it last looked: reviews of its work, mentions, jobs for it")
    .option("--after <cursor>", "only what came later, as an earlier answer's cursor says", wholeNumber)
    .option("--limit <n>", "at most this many (default: 10, at most 50)", wholeNumber);
  withExamples(withAgent(command), "coord inbox --as harbor-lynx").action(async (_options: unknown, self: Command) => {
    const { options, call, show, space } = contextOf<Options>(self);
    const id = requireAgent(options);
    const inbox = await call("agents/inbox", { id, ...given("after", options.after), ...given("limit", options.limit) });
    show(inbox, () =>
      inbox.items.length === 0
        ? [fit(`nothing new for ${id}`, space.columns)]
        : inbox.items.map((item) => fit(itemLine(item, id), space.columns)),
    );
  });
}
