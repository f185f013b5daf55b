import type { Command } from "commander";

interface Options {
  workspace?: string;
  json?: boolean;
  mcp: boolean;
  agents: boolean;
  force?: boolean;
  dryRun?: boolean;
}

export function register(program: Command): void {
  program
    .command("init")
    .description("prepare a project: .mcp.json, AGENTS.md and .coord.json; keeps what is in them")
    .argument("[folder]", "the project's folder", ".")
    .option("--workspace <name>", "the board's name (default: the git repository's folder name)")
    .option("--no-mcp", "leave .mcp.json out")
    .option("--no-agents", "leave AGENTS.md out")
    .option("--force", "replace coord's own parts even where they were edited; keeps a copy")
    .option("--dry-run", "show the difference, write nothing")
    .action(async (folder: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const [{ init }, report, { hasColour }] = await Promise.all([
        import("../init/run.ts"),
        import("../init/report.ts"),
        import("../output/terminal.ts"),
      ]);
      const outcome = init({
        folder,
        workspace: options.workspace,
        mcp: options.mcp,
        agents: options.agents,
        force: options.force ?? false,
        dryRun: options.dryRun ?? false,
        program: process.argv[1] ?? "",
        node: process.execPath,
        path: process.env.PATH,
      });
      process.stdout.write(options.json ? report.renderJsonOutcome(outcome) : report.renderText(outcome, hasColour()));
    });
}
