import { type Command, Option } from "commander";
import type { Part } from "../demo/parts.ts";
import { hasColour } from "../output/terminal.ts";

interface Options {
  keep?: boolean;
  vault?: string;
  json?: boolean;
  part?: string;
}

/** Exit codes of a program that a signal ended, as shells have them. */
const BY_SIGNAL = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export function register(program: Command): void {
  program
    .command("demo")
    .description("see it work: a release, a race and a crash, on a throw-away server")
    .option("--keep", "leave the server and the repository for a look")
    .option("--vault <dir>", "write the trail of it as an Obsidian vault into this folder")
    .addOption(new Option("--part <json>", "what this process of the demo is to do").hideHelp())
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      if (options.part !== undefined) {
        const { play } = await import("../demo/parts.ts");
        return play(JSON.parse(options.part) as Part);
      }
      const [{ demo }, { narrator, silent }] = await Promise.all([import("../demo/run.ts"), import("../demo/narrator.ts")]);
      const narrate = options.json ? silent : narrator((text) => process.stdout.write(text), hasColour());
      const interrupt = new AbortController();
      for (const [signal, exit] of Object.entries(BY_SIGNAL)) {
        process.once(signal, () => {
          process.exitCode = exit;
          interrupt.abort(new Error(signal));
        });
      }
      try {
        const summary = await demo({ keep: options.keep ?? false, vault: options.vault, narrate, signal: interrupt.signal });
        if (options.json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
        process.exitCode = summary.ok ? 0 : 1;
      } catch (error) {
        if (!interrupt.signal.aborted) throw error;
        // Interrupted: the exit code says so, everything is cleared away, and what still waits waits for nothing.
        process.exit();
      }
    });
}
