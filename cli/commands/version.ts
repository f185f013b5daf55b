import type { Command } from "commander";

export function register(program: Command): void {
  program
    .command("version")
    .description("print the versions of coord and of what it runs on")
    .option("--json", "print one JSON value")
    .action(async (_flags: { json?: boolean }, command: Command) => {
      const { printVersion } = await import("../server/version.ts");
      printVersion(command.optsWithGlobals<{ json?: boolean }>().json === true);
    });
}
