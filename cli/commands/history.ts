import type { Command } from "commander";
import { eventLine } from "../output/events.ts";
import { clean, fit } from "../output/text.ts";
import { contextOf } from "./shared/context.ts";
import { withExamples } from "./shared/options.ts";
import { taskRef } from "./shared/values.ts";

export function register(program: Command): void {
  const command = program
    .command("history")
    .description("tell the story of one task")
    .argument("<id>", "number, id, or its first 4 or more characters");
  withExamples(command, "coord history 12").action(async (id: string, _options: unknown, self: Command) => {
    const { call, show, space } = contextOf(self);
    const story = await call("tasks/history", { id: taskRef(id) });
    show(story, () => [
      ...story.events.map((event) => eventLine(event, space.columns)),
      ...story.attempts.map((attempt) =>
        fit(
          `attempt ${attempt.number}: ${attempt.outcome ?? "under way"}${attempt.summary ? `: ${clean(attempt.summary)}` : ""}`,
          space.columns,
        ),
      ),
    ]);
  });
}
