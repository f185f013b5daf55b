import type { Command } from "commander";
import type { StatusFlags } from "../server/status.ts";

export function register(program: Command): void {
  program
    .command("status")
    .description("tell whether the server runs, where, and what is on the board (exit 7: not running)")
    .option("--db <folder>", "the data folder (default: COORD_DB or the per-user data folder)")
    .option("--json", "print one JSON value")
    .action(async (_flags: StatusFlags, command: Command) => {
      const { status } = await import("../server/status.ts");
      process.exitCode = await status(command.optsWithGlobals<StatusFlags>());
    });
}
