import type { Command } from "commander";
import { target } from "../config.ts";
import { CliError } from "../errors.ts";
import { VIEWS } from "../top/model/view-names.ts";
import { withAgent, withExamples } from "./shared/options.ts";

interface Options {
  view: string;
  filter?: string;
  once?: boolean;
  size?: { columns: number; rows: number };
  url?: string;
  workspace?: string;
  json?: boolean;
  as?: string;
}

export function register(program: Command): void {
  const command = program
    .command("top")
    .description("watch the board live: who is here, who does what, what needs you")
    .option("--view <view>", "begin with active, attention, all or log (f changes it)", "active")
    .option("--filter <words>", "only lines that have all of these words")
    .option("--once", "print one frame and end; with --json its data")
    .option("--size <columns x rows>", "of the one frame, as 120x40 (default: the terminal's, else 80x24)", size);
  withExamples(withAgent(command), "coord top", "coord top --once --view attention", "coord top --once --json").action(
    async (_options: unknown, self: Command) => {
      const options = self.optsWithGlobals<Options>();
      const view = VIEWS.find((name) => name === options.view);
      if (!view) throw new CliError(`no such view: ${options.view}`, { next: `give one of ${VIEWS.join(", ")} to --view` });
      if (options.size && !options.once)
        throw new CliError("--size is for one frame; the live screen is as large as its terminal", {
          next: "coord top --once --size 120x40",
        });
      const { top } = await import("../top/run.ts");
      await top(target(options), {
        view,
        filter: options.filter ?? "",
        once: options.once === true,
        json: options.json === true,
        ...(options.size ? { size: options.size } : {}),
        ...(options.as === undefined ? {} : { as: options.as }),
      });
    },
  );
}

function size(text: string): { columns: number; rows: number } {
  const [, columns, rows] = /^(\d{2,3})x(\d{2,3})$/.exec(text) ?? [];
  if (columns === undefined || rows === undefined)
    throw new CliError(`not a size: ${text}`, { next: "write it as columns x rows, like --size 120x40" });
  return { columns: Number(columns), rows: Number(rows) };
}
