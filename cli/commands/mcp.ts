import { type Command, InvalidArgumentError, Option } from "commander";
import { dataDir, type GlobalOptions, target } from "../config.ts";
import { CliError } from "../errors.ts";
import { isHandle } from "../hook/hosts.ts";
import { ME } from "../person.ts";

interface McpFlags extends GlobalOptions {
  as?: string;
  maxWait?: number;
}

/**
 * The protocol's own rule for an agent's id, checked before a host is told that all is well. `me` is a person, and what an agent does
 * through these tools must not count as done by one: it could approve its own work.
 */
function handle(text: string): string {
  if (text === ME) {
    throw new CliError("`me` stands for a person, and these tools act as an agent", {
      next: "give the agent a handle like harbor-lynx with --as or COORD_AS, or none for a new one",
    });
  }
  if (!isHandle(text))
    throw new CliError(`not a handle: ${JSON.stringify(text)}`, { next: "give one like harbor-lynx with --as or COORD_AS" });
  return text;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError("It must be a whole number of seconds.");
  return value;
}

/** `coord mcp`: the board as MCP tools on standard input and output, for an agent's host to start. */
export function register(program: Command): void {
  program
    .command("mcp")
    .description("serve the board as MCP tools on stdin and stdout (for an agent's host to start)")
    .addOption(new Option("--as <handle>", "the handle that the tools act as (default: a new one such as harbor-lynx)").env("COORD_AS"))
    .addOption(
      new Option("--max-wait <seconds>", "longest that one tool call may block (default: what the host is known to allow)").argParser(
        seconds,
      ),
    )
    .action(async (_options: McpFlags, command: Command) => {
      const { as, maxWait, ...options } = command.optsWithGlobals<McpFlags>();
      const [{ runMcp }, { generateHandle }, { handleOfServer }] = await Promise.all([
        import("../mcp/run.ts"),
        import("../mcp/handle.ts"),
        import("../hook/identity.ts"),
      ]);
      const own = as ? handle(as) : generateHandle();
      await runMcp({ target: target(options), handle: handleOfServer(dataDir(undefined), own, Boolean(as)), maxWait });
    });
}
