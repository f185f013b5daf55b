import type { Command } from "commander";
import { registerMove } from "./shared/move.ts";

export function register(program: Command): void {
  registerMove(program, "ready", "release a job from the backlog, for agents to claim", "released");
}
