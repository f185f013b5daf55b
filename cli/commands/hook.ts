import { Argument, type Command, Option } from "commander";
import { HOSTS, type HostName } from "../hook/hosts.ts";
import type { ActorOptions } from "./shared/context.ts";
import { type FilterOptions, filterOf } from "./shared/filter.ts";
import { withAgent, withExamples, withFilter } from "./shared/options.ts";
import { seconds } from "./shared/values.ts";

interface Options extends ActorOptions, FilterOptions {
  event?: string;
  wait?: number;
  session?: string;
  post?: string;
  url?: string;
  workspace?: string;
}

/** `coord hook`: what hosts run as a session begins and a turn ends. Loads no more than a one-shot command does, but to wait. */
export function register(program: Command): void {
  const command = program
    .command("hook")
    .description("for an agent's host to run: check in, be reminded, be woken (coord init --wake sets it up)")
    .addArgument(new Argument("<host>", "whose hook this is").choices(HOSTS))
    .option("--event <name>", "the host's event, or wait: stay, and wake the tab")
    .option("--wait <seconds>", "at a turn's end, wait this long for what is expected", seconds)
    .option("--session <id>", "the tab, where standard input does not say it")
    .addOption(new Option("--post <url>", "with --event wait: opencode's server, to post to"));
  withExamples(
    withFilter(withAgent(command)),
    "coord hook claude < event.json",
    "coord hook claude --event wait --kind ack --name-contains stable < event.json",
    "coord hook opencode --event wait --session ses_12ab --post http://127.0.0.1:4096",
  )
    .addHelpText(
      "after",
      "\nIt reads the host's JSON from standard input and answers in the host's own form.\nSilent where there is nothing to say, or no server: COORD_DEBUG=1 tells why.\nA filter names what the tab wants to hear of besides what concerns it.",
    )
    .action(async (host: HostName, _options: unknown, self: Command) => {
      const options = self.optsWithGlobals<Options>();
      const { runHook } = await import("../hook/run.ts");
      await runHook({
        host,
        as: options.as,
        event: options.event,
        wait: options.wait,
        session: options.session,
        post: options.post,
        ...(options.url === undefined ? {} : { url: options.url }),
        ...(options.workspace === undefined ? {} : { workspace: options.workspace }),
        filter: async (get) => {
          const filter = await filterOf(options, get);
          return Object.keys(filter).length === 0 ? undefined : filter;
        },
      });
    });
}
