import type { Command } from "commander";
import { registerEdges } from "./shared/edges.ts";

export function register(program: Command): void {
  registerEdges(
    program,
    "undepend",
    "let a job go from what it waits for: the way out where that failed or was cancelled",
    "what it waits for no longer",
  );
}
