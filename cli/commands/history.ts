import type { Command } from "commander";
import { storyLines } from "../output/story.ts";
import { contextOf } from "./shared/context.ts";
import { withExamples } from "./shared/options.ts";
import { taskRef } from "./shared/values.ts";

export function register(program: Command): void {
  const command = program
    .command("history")
    .description("tell the story of a task in order: attempts, claims, reviews, notes, outcomes")
    .argument("<id>", "number, id, or its first 4 or more characters");
  withExamples(command, "coord history 12").action(async (id: string, _options: unknown, self: Command) => {
    const { call, show, space } = contextOf(self);
    const story = await call("tasks/history", { id: taskRef(id) });
    show(story, () => storyLines(story, space));
  });
}
