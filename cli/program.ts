import { Command } from "commander";
import { columns } from "./output/terminal.ts";
import { VERSION } from "./version.ts";

/** The program without its commands: what all of them share. Commander's own errors are thrown, for one place to print them. */
export function createProgram(): Command {
  return new Command("coord")
    .description("Coordinate AI coding agents on one machine: claim work without colliding, wait for what others finish.")
    .usage("<command> [options]")
    .option("--url <url>", "the server (default: COORD_URL, .coord.json, or http://127.0.0.1:7777/)")
    .option("--workspace <name>", "the board (default: COORD_WORKSPACE, the nearest .coord.json, or default)")
    .option("--json", "print exactly one JSON value on stdout, and errors as one on stderr")
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .addHelpCommand(new Command("help").argument("[command]").description("show help for a command").helpGroup("Set up:"))
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ getOutHelpWidth: () => columns(), getErrHelpWidth: () => columns(), outputError: () => {} })
    .addHelpText(
      "after",
      "\nStart here: coord demo shows it at work; coord init prepares a project.\nA task's id is its number (12), its id, or the id's first 4 or more characters.",
    )
    .showSuggestionAfterError(true)
    .exitOverride();
}
