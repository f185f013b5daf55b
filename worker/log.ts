import { isDiskFull } from "./core/failure.ts";
import type { Env } from "./env.ts";
import type { CommandNote } from "./job.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;
export type Level = (typeof LEVELS)[number];

const SLOW_MS = 100;

/** One line: JSON, so that it can be searched by field. Under `coord serve` it goes to the server's log, on Cloudflare to the worker's. */
export function logLine(level: Level, message: string, fields: Readonly<Record<string, unknown>>): void {
  console[level](JSON.stringify({ message, ...fields }));
}

/** What ended a command: a full disk by its name, a bug with its stack, which the caller never sees. */
export function logFailure(error: unknown, fields: Readonly<Record<string, unknown>>): void {
  if (isDiskFull(error)) logLine("error", "disk full", { ...fields, error: String(error) });
  else logLine("error", "bug", { ...fields, error: String(error), stack: (error as Error)?.stack });
}

/**
 * Writes a line for each command at `debug`, and at `warn` for one that took long to apply: everybody else waited meanwhile.
 * On Cloudflare the clock stands still while a command is applied, so that none is ever slow there.
 */
export function commandLog(env: Pick<Env, "COORD_LOG" | "COORD_SLOW_MS">, workspace: string): (command: CommandNote) => void {
  const least = LEVELS.indexOf((env.COORD_LOG ?? "info") as Level);
  const slow_ms = Number(env.COORD_SLOW_MS ?? SLOW_MS) || SLOW_MS;
  return (command) => {
    if (command.took_ms >= slow_ms && least <= LEVELS.indexOf("warn")) logLine("warn", "slow command", { workspace, ...command });
    else if (least <= LEVELS.indexOf("debug") && least >= 0) logLine("debug", "command", { workspace, ...command });
  };
}
