import type { Command } from "commander";
import { CliError } from "../errors.ts";
import { contextOf, given } from "./shared/context.ts";
import { withExamples } from "./shared/options.ts";
import { list, taskRef } from "./shared/values.ts";

interface Options {
  mermaid?: boolean;
  all?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command("graph")
    .description("what waits for what: everything around the jobs named, else all that is not finished")
    .argument("[ids...]", "numbers, ids, or their first 4 or more characters")
    .option("--all", "finished jobs, too")
    .option("--mermaid", "as a Mermaid flowchart, for a README or an issue");
  withExamples(command, "coord graph", "coord graph 12", "coord graph --all --mermaid > plan.mmd").action(
    async (words: string[], _options: unknown, self: Command) => {
      const { options, call, show, space } = contextOf<Options>(self);
      if (options.mermaid && options.json)
        throw new CliError("--mermaid and --json are two forms of one answer", { next: "give one of them" });
      const ids = words.flatMap((word) => list(word)).map(taskRef);
      const graph = await call("tasks/graph", { ...given("ids", ids.length > 0 ? ids : undefined), ...given("all", options.all) });
      const lines = options.mermaid
        ? (await import("../output/mermaid.ts")).mermaidLines(graph)
        : (await import("../output/graph.ts")).graphLines(graph, space);
      show(graph, () => lines);
    },
  );
}
