import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { type GlobalOptions, target } from "../config.ts";

interface Options extends GlobalOptions {
  rebuild?: boolean;
  once?: boolean;
  /** Set by `superviseVault`: ends when standard input does, and never starts a server. */
  child?: boolean;
}

const EXIT_BY_SIGNAL = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export function register(program: Command): void {
  program
    .command("vault")
    .description("keep a folder of markdown notes about the board, for Obsidian or any reader")
    .argument("<dir>", "the vault's folder; made when missing")
    .option("--rebuild", "make every note anew from the log; what people wrote below the line stays")
    .option("--once", "end as soon as the vault is current, instead of following the board")
    .option("--json", "print one JSON value once the vault is current")
    .addOption(new Option("--child").hideHelp())
    .addHelpText("after", "\nExamples:\n  $ coord vault ~/notes/board\n  $ coord vault ~/notes/board --rebuild --once")
    .action(async (dir: string, _options: unknown, command: Command) => {
      process.exitCode = await keep(resolve(dir), command.optsWithGlobals<Options>());
    });
}

/** Keeps the vault until a signal, or with `--once` until it is current. Resolves with the exit code. */
async function keep(root: string, { rebuild = false, once = false, child = false, json = false, ...options }: Options): Promise<number> {
  const [{ openSession, startSession }, { lookUp }, { consoleReporter }, { keepVault }] = await Promise.all([
    import("../client/session.ts"),
    import("../server/processes.ts"),
    import("../../vault-sync/console.ts"),
    import("../../vault-sync/run.ts"),
  ]);
  const to = target(options);
  const ended = new AbortController();
  let exit = 0;
  for (const [signal, code] of Object.entries(EXIT_BY_SIGNAL)) {
    process.on(signal, () => {
      // Ctrl-C at a terminal reaches the child of a server as well; it ends when its server says so.
      if (child && signal !== "SIGTERM") return;
      if (ended.signal.aborted) process.exit(code);
      exit = code;
      ended.abort();
    });
  }
  if (child)
    process.stdin
      .on("end", () => ended.abort())
      .on("error", () => ended.abort())
      .resume();
  const session = child ? startSession(to, { autostart: false }) : await openSession(to);
  const report = consoleReporter({ out: process.stdout, err: process.stderr, asJson: json });
  let isLost = false;
  session.onState((state) => {
    if (child) return; // its server says so itself
    if (state === "reconnecting" && !isLost) report.note("the server is gone; waiting for it");
    if (state === "open" && isLost) report.note("the server is back");
    isLost = state === "reconnecting";
  });
  try {
    await keepVault({ root, workspace: to.workspace, board: session, lookUp, report, signal: ended.signal, rebuild, once });
  } catch (error) {
    if (!ended.signal.aborted) throw error;
  } finally {
    if (child) process.stdin.destroy();
    await session.close();
  }
  return exit;
}
