import { openSession } from "../client/session.ts";
import type { Target } from "../client/types.ts";
import { CliError } from "../errors.ts";
import { hasColour } from "../output/terminal.ts";
import { actorOf } from "./actor.ts";
import { type FrameOptions, printOnce } from "./once.ts";

export interface TopOptions extends FrameOptions {
  readonly once: boolean;
  /** Under which handle the keys act: `--as`. */
  readonly as?: string;
}

/**
 * `coord top`: the live screen until the operator quits, or one frame of it.
 * @throws CliError: exit 1 where there is no terminal to be live on, exit 7 where no server answers.
 */
export async function top(target: Target, options: TopOptions): Promise<void> {
  if (!options.once) {
    if (options.json) throw new CliError("a live screen is not a JSON value", { next: "print one frame's data: coord top --once --json" });
    refuseWithoutTerminal();
  }
  const actor = actorOf(options.as);
  const session = await openSession(target);
  try {
    if (options.once) return await printOnce(session, target, options);
    const { live } = await import("./live.tsx");
    await live(session, { url: target.url, view: options.view, filter: options.filter, colour: hasColour(), actor });
  } finally {
    await session.close();
  }
}

/** A live screen needs somewhere to draw and somebody to press keys. */
function refuseWithoutTerminal(): void {
  const missing = !process.stdout.isTTY
    ? "standard output is not a terminal"
    : !process.stdin.isTTY
      ? "standard input is not a terminal"
      : undefined;
  const why = missing ?? (process.env.TERM === "dumb" ? "TERM is dumb: this terminal cannot be drawn on" : undefined);
  if (why)
    throw new CliError(`coord top is a live screen, and ${why}`, {
      next: "print one frame: coord top --once   (as data: coord top --once --json)",
    });
}
