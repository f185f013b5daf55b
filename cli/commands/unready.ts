import type { Command } from "commander";
import { registerMove } from "./shared/move.ts";

export function register(program: Command): void {
  registerMove(program, "unready", "put a pending job back into the backlog", "put back");
}
