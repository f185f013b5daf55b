import type { Command } from "commander";
import { noteLines } from "../output/notes.ts";
import { contextOf } from "./shared/context.ts";
import { withExamples } from "./shared/options.ts";
import { taskRef } from "./shared/values.ts";

export function register(program: Command): void {
  const command = program
    .command("notes")
    .description("what was said on a task, oldest first")
    .argument("<id>", "number, id, or its first 4 or more characters");
  withExamples(command, "coord notes 12").action(async (id: string, _options: unknown, self: Command) => {
    const { call, show, space, now } = contextOf(self);
    const notes = await call("notes/list", { id: taskRef(id) });
    show(notes, () =>
      notes.length === 0
        ? ["nothing was said yet: coord note ID 'words' --as HANDLE"]
        : notes.flatMap((note, at) => [...(at === 0 ? [] : [""]), ...noteLines(note, now, space)]),
    );
  });
}
