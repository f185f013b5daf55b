import { type Command, Option } from "commander";
import type { System } from "../port/draft.ts";
import { type ActorOptions, agentOf, contextOf } from "./shared/context.ts";
import { withAgent, withExamples } from "./shared/options.ts";

interface Options extends ActorOptions {
  from?: System;
  fromWorkspace?: string;
  dryRun?: boolean;
  lenient?: boolean;
  keepAssignees?: boolean;
}

const SOURCES = `
It takes, and finds out by itself which it is:
  coord        what coord export or coord backup wrote; a data folder, or a
               database in it, that no server has open
  beads        .beads/issues.jsonl, what bd export writes, or the project
  vibe-kanban  the .zip of its cloud export or issues.csv in it; db.sqlite

Tasks come as they are there: to do, put off, done or cancelled. A hold, an
open review, a failure and what others said become notes of whoever imports.
What was imported before is left as it is.`;

export function register(program: Command): void {
  const command = program
    .command("import")
    .description("bring the tasks of another board here: another coord's, Beads', Vibe Kanban's")
    .argument("<source>", "a file or a folder, or - for JSON lines on standard input")
    .addOption(new Option("--from <system>", "what it is (default: found out by looking)").choices(["coord", "beads", "vibe-kanban"]))
    .option("--from-workspace <name>", "which workspace, where the source has several")
    .option("--dry-run", "tell what would be created; create nothing")
    .option("--lenient", "leave out dependencies that lead nowhere or in a circle, and say so")
    .option("--keep-assignees", "reserve Beads' open issues for their assignees: nobody else can claim them");
  withExamples(
    withAgent(command),
    "coord import .beads/issues.jsonl --dry-run",
    "coord import ../old-board.jsonl --as me",
    "coord export --workspace a | coord import - --workspace b",
  )
    .addHelpText("after", SOURCES)
    .action(async (source: string, _options: Options, self: Command) => {
      const { options, target, call, introduce, show, space, now } = contextOf<Options>(self);
      const [{ readSource }, { link }, { badSource, sendTasks }, { reportLines }, { progressLine }] = await Promise.all([
        import("../port/source.ts"),
        import("../port/link.ts"),
        import("../port/import.ts"),
        import("../output/import.ts"),
        import("../backup/progress.ts"),
      ]);
      const reading = await readSource({
        source,
        from: options.from,
        workspace: options.fromWorkspace,
        keepAssignees: options.keepAssignees ?? false,
        now,
      });
      const linked = link(reading, options.lenient ?? false);
      if (reading.mistakes.length > 0) throw badSource(reading, reading.mistakes);
      await introduce();
      await call("workspace/info", {}); // starts the server where none runs
      const progress = progressLine();
      const report = await sendTasks(target, reading, linked, {
        by: agentOf(options),
        dryRun: options.dryRun ?? false,
        progress: (done, of) => progress.show(target.workspace, done, of),
      });
      progress.clear();
      show(report, () => reportLines(report, space));
    });
}
