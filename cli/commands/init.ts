import type { Command } from "commander";

interface Options {
  workspace?: string;
  json?: boolean;
  for?: string;
  mcp: boolean;
  agents: boolean;
  wake?: boolean;
  remove?: boolean;
  force?: boolean;
  dryRun?: boolean;
}

export function register(program: Command): void {
  program
    .command("init")
    .description("prepare a project for the agents in it: each one's own file, AGENTS.md and .coord.json; keeps what is in them")
    .argument("[folder]", "the project's folder", ".")
    .option(
      "--for <hosts>",
      "which of claude, codex, gemini, cursor, vscode, opencode, zed, windsurf, copilot; or all (default: those that are found)",
    )
    .option("--workspace <name>", "the board's name (default: the git repository's folder name)")
    .option("--no-mcp", "leave the hosts' own files out, such as .mcp.json")
    .option("--no-agents", "leave AGENTS.md out, and what makes hosts read it")
    .option("--wake", "also hooks that tell an agent what concerns it, and wake it when it is idle")
    .option("--remove", "undo what init did here")
    .option("--force", "replace, or with --remove take out, coord's own parts even where they were edited; keeps a copy")
    .option("--dry-run", "show the difference, write nothing")
    .action(async (folder: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const [{ init, homeFolder }, report, { hasColour }, { dataDir }] = await Promise.all([
        import("../init/run.ts"),
        import("../init/report.ts"),
        import("../output/terminal.ts"),
        import("../config.ts"),
      ]);
      const outcome = init({
        folder,
        workspace: options.workspace,
        for: options.for,
        mcp: options.mcp,
        agents: options.agents,
        wake: options.wake ?? false,
        remove: options.remove ?? false,
        force: options.force ?? false,
        dryRun: options.dryRun ?? false,
        program: process.argv[1] ?? "",
        node: process.execPath,
        path: process.env.PATH,
        home: homeFolder(),
        env: process.env,
        dataFolder: dataDir(undefined),
      });
      process.stdout.write(options.json ? report.renderJsonOutcome(outcome) : report.renderText(outcome, hasColour()));
    });
}
