import type { Command } from "commander";
import type { StopFlags } from "../server/stop.ts";

export function register(program: Command): void {
  program
    .command("stop")
    .description("end the server of a data folder and wait until it is gone")
    .option("--db <folder>", "the data folder (default: COORD_DB or the per-user data folder)")
    .option("--json", "print one JSON value")
    .action(async (_flags: StopFlags, command: Command) => {
      const { stop } = await import("../server/stop.ts");
      process.exitCode = await stop(command.optsWithGlobals<StopFlags>());
    });
}
