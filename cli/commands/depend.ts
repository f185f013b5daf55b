import type { Command } from "commander";
import { registerEdges } from "./shared/edges.ts";

export function register(program: Command): void {
  registerEdges(
    program,
    "depend",
    "hold a job that nobody works on until others are completed (exit 3: that closes a circle, or it is worked on)",
    "what has to be completed first",
  );
}
