#!/usr/bin/env node
import { commandName, registerFor } from "./commands/index.ts";
import { createProgram } from "./program.ts";
import { reportOf } from "./report.ts";

/** A reader that has seen enough (`coord tasks | head`) closes the pipe: that is its right, and no error. */
function endQuietlyOnClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    throw error;
  });
}

async function main(args: readonly string[]): Promise<void> {
  endQuietlyOnClosedPipe(process.stdout);
  endQuietlyOnClosedPipe(process.stderr);
  const program = createProgram();
  try {
    if (!isVersionAlone(args)) await registerFor(program, args);
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync(args, { from: "user" });
  } catch (error) {
    const { text, exit } = reportOf(error, commandName(args), args.includes("--json"));
    if (text !== "") process.stderr.write(text);
    process.exitCode = exit;
  }
}

/** `coord --version` needs no command to be loaded. */
function isVersionAlone(args: readonly string[]): boolean {
  return args.length === 1 && (args[0] === "-V" || args[0] === "--version");
}

await main(process.argv.slice(2));
