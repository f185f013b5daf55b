import type { Command } from "commander";
import { contextOf } from "./shared/context.ts";
import { withExamples } from "./shared/options.ts";

interface Options {
  force?: boolean;
  jsonl?: boolean;
}

const FORMAT = `
Each line is one record and names itself: agent, task, claim, attempt,
dependency, event, review, note. The first line has the format's version, the
last one the counts. The bodies of retracted notes stay withheld.`;

export function register(program: Command): void {
  const command = program
    .command("export")
    .description("write a workspace as JSON lines, for other tools and for coord import")
    .argument("[file]", "the file to write, or - for standard output", "-")
    .option("--jsonl", "as JSON lines, which is the only format there is")
    .option("--force", "replace a file that is there");
  withExamples(
    command,
    "coord export board.jsonl",
    `coord export | jq -c 'select(.record == "task" and .state == "pending")'`,
    "coord export site.jsonl --workspace site",
  )
    .addHelpText("after", FORMAT)
    .action(async (file: string, _options: Options, self: Command) => {
      const { options, target, call, show, now } = contextOf<Options>(self);
      const [{ exportWorkspace }, { progressLine }, { summary }] = await Promise.all([
        import("../port/export.ts"),
        import("../backup/progress.ts"),
        import("../port/words.ts"),
      ]);
      if (options.json && file === "-") {
        const { CliError } = await import("../errors.ts");
        throw new CliError("standard output is the export's own; --json tells what was written to a file", {
          next: "coord export board.jsonl --json",
        });
      }
      await call("workspace/info", {}); // starts the server where none runs
      const progress = progressLine();
      const report = await exportWorkspace({ target, file, force: options.force ?? false, progress: progress.show, now });
      progress.clear();
      // standard output is the export's own
      if (report.file !== null) show(report, () => [`${report.workspace}: ${summary(report.counts)}`, `wrote ${report.file}`]);
    });
}
