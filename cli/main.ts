#!/usr/bin/env node
import "./light.ts";
import { writeSync } from "node:fs";
import { commandName, registerFor } from "./commands/index.ts";
import { CliError } from "./errors.ts";
import { createProgram } from "./program.ts";
import { reportOf } from "./report.ts";

/**
 * A reader that has seen enough (`coord tasks | head`) closes the pipe: that is its right, and no error. Any other failure to print is one,
 * told on stderr: what the command did stands all the same, and nobody can read what that was.
 */
function endWithItsReader(stream: NodeJS.WriteStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit();
    if (stream === process.stdout) complain(unprintable(error));
    process.exit(1);
  });
}

/** Writes on stderr at once; there is nowhere to say so where that fails as well. */
function complain(error: CliError): void {
  const { text } = reportOf(error, undefined, process.argv.includes("--json"));
  try {
    writeSync(2, text);
  } catch {
    // the exit code is all that is left
  }
}

function unprintable(error: NodeJS.ErrnoException): CliError {
  const why = error.code === "ENOSPC" || error.code === "EDQUOT" ? "no space is left where it goes" : error.message;
  return new CliError(`the answer cannot be written to standard output: ${why} (${error.code})`, {
    next: "make room or print elsewhere; what the command changed stands, so look before you repeat it: coord tasks --state any",
    data: { code: "unprintable" },
  });
}

async function main(args: readonly string[]): Promise<void> {
  endWithItsReader(process.stdout);
  endWithItsReader(process.stderr);
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
