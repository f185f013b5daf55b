import type { Command } from "commander";
import { dataDir } from "../config.ts";
import { withExamples } from "./shared/options.ts";

interface Options {
  db?: string;
  dryRun?: boolean;
  json?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("restore")
    .description("make a data folder out of a backup: whole, verified, or not at all")
    .argument("<file>", "what coord backup wrote")
    .option("--db <folder>", "the folder to make; it must be empty (default: COORD_DB or the per-user data folder)")
    .option("--dry-run", "only check that the file is whole, and say what is in it");
  withExamples(command, "coord restore board.coord.gz --db ./restored", "coord restore board.coord.gz --dry-run").action(
    async (file: string, _options: Options, self: Command) => {
      const options = self.optsWithGlobals<Options>();
      const [{ restore }, { progressLine }, { printJson, printLines }, { dbFlag }] = await Promise.all([
        import("../backup/restore.ts"),
        import("../backup/progress.ts"),
        import("../output/print.ts"),
        import("../server/settings.ts"),
      ]);
      const progress = progressLine();
      const folder = dataDir(options.db);
      const report = await restore({ file, folder, dryRun: options.dryRun ?? false, progress: progress.show, now: Date.now() });
      progress.clear();
      if (options.json) return printJson(report);
      printLines([
        ...report.workspaces.map(({ name, tasks, events }) => `${name}: ${tasks} tasks, ${events} events`),
        options.dryRun
          ? `the backup of ${report.made_at} is whole; nothing was written`
          : `restored the backup of ${report.made_at} into ${report.folder}`,
        ...(options.dryRun ? [] : [`coord serve --detach${dbFlag(folder)} serves it`]),
      ]);
    },
  );
}
