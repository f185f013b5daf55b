import type { Command } from "commander";
import { dataDir } from "../config.ts";
import { contextOf } from "./shared/context.ts";
import { withExamples } from "./shared/options.ts";

interface Options {
  db?: string;
  force?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("backup")
    .description("write everything into one file while everybody works on: every workspace of this machine's server, or one by --workspace")
    .argument("<file>", "the file to write; it appears when it is whole")
    .option("--db <folder>", "the server's data folder (default: COORD_DB or the per-user data folder)")
    .option("--force", "replace a file that is there");
  withExamples(command, "coord backup board.coord.gz", "coord backup site.coord.gz --workspace site").action(
    async (file: string, _options: Options, self: Command) => {
      const { options, target, call, show, now } = contextOf<Options>(self);
      const [{ backup }, { formatBytes }, { progressLine }] = await Promise.all([
        import("../backup/backup.ts"),
        import("../server/status.ts"),
        import("../backup/progress.ts"),
      ]);
      await call("workspace/info", {}); // starts the server where none runs
      const progress = progressLine();
      const report = await backup({
        target,
        file,
        workspace: options.workspace,
        folder: dataDir(options.db),
        force: options.force ?? false,
        progress: progress.show,
        now,
      });
      progress.clear();
      show(report, () => [
        ...report.workspaces.map(({ name, tasks, events }) => `${name}: ${tasks} tasks, ${events} events`),
        `wrote ${report.file} (${formatBytes(report.bytes)})`,
        `coord restore '${report.file}' --db FOLDER makes a data folder of it`,
      ]);
    },
  );
}
