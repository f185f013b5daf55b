import type { Command } from "commander";
import { registerMove } from "./shared/move.ts";

export function register(program: Command): void {
  registerMove(program, "retry", "open a failed job again", "open again");
}
