import type { Naming } from "../model/policy.ts";
import type { WireName } from "../model/server.ts";

/** A folder tree that one agent works in. */
export interface Rooms {
  /** Its home, clean but for what {@link Host.atHome} writes: what a user of the program has set up. */
  readonly home: string;
  readonly project: string;
}

/** One of the four programs: how it is installed, pointed at the scripted model, and run. Nothing here configures coord: `coord init` does. */
export interface Host {
  /** As `coord init --for` names it. */
  readonly id: "claude" | "codex" | "gemini" | "opencode";
  readonly title: string;
  readonly package: string;
  readonly version: string;
  readonly bin: string;
  readonly wire: WireName;
  readonly naming: Naming;
  /** What its user had to allow for it to take the project's configuration, in words. */
  readonly allowed: string;
  /** Writes what the user has chosen: the model's address, trust in this project, no telemetry. */
  atHome(rooms: Rooms, modelUrl: string): void;
  env(rooms: Rooms, modelUrl: string): Record<string, string>;
  /** One prompt without a person at the terminal. */
  headless(prompt: string): string[];
  /** The same with its own screen, for a program that is woken there. */
  interactive(prompt: string): string[];
  /** How that person says yes to hooks that a project brings, where the program asks. */
  readonly trustHooks?: readonly string[];
}
