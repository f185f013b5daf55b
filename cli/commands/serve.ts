import { type Command, Option } from "commander";
import type { ServeFlags } from "../server/serve.ts";

export function register(program: Command): void {
  program
    .command("serve")
    .description("run the server: in the foreground, or with --detach in the background")
    .option("--addr <host:port>", "where to listen; port 0 lets the system choose (default: COORD_ADDR or 127.0.0.1:7777)")
    .option("--db <folder>", "where the data are (default: COORD_DB or the per-user data folder)")
    .option("--vault <dir>", "keep an Obsidian vault of the board in this folder")
    .option("--detach", "start it in the background and return once it answers")
    .option("--json", "print one JSON value once it answers")
    .addOption(new Option("--detached-child").hideHelp())
    .action(async (_flags: ServeFlags, command: Command) => {
      const { serve } = await import("../server/serve.ts");
      process.exitCode = await serve(command.optsWithGlobals<ServeFlags>());
    });
}
