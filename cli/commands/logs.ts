import type { Command } from "commander";
import type { LogFlags } from "../server/logs.ts";
import { withExamples } from "./shared/options.ts";

export function register(program: Command): void {
  const command = program
    .command("logs")
    .description("print what the server wrote to its log: starts, restarts, slow commands, bugs; every command under COORD_LOG=debug")
    .option("--db <folder>", "the data folder (default: COORD_DB or the per-user data folder)")
    .option("--lines <n>", "how many lines (default 100; 0: all that is kept)")
    .option("--level <level>", "at least debug, info, warn or error (default debug)")
    .option("-f, --follow", "go on with what is written from now on")
    .option("--json", "print one JSON array; with --follow a JSON object a line");
  withExamples(command, "coord logs --level warn", "coord logs --follow").action(async (_flags: LogFlags, self: Command) => {
    const { logs } = await import("../server/logs.ts");
    process.exitCode = await logs(self.optsWithGlobals<LogFlags>());
  });
}
