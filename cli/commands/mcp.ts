import { type Command, InvalidArgumentError, Option } from "commander";
import { LIMITS } from "../../protocol/limits.ts";
import { type GlobalOptions, target } from "../config.ts";
import { CliError } from "../errors.ts";

interface McpFlags extends GlobalOptions {
  as?: string;
  maxWait?: number;
}

/** The protocol's own rule for an agent's id, checked before a host is told that all is well. */
function handle(text: string): string {
  const ok = text.length <= LIMITS.agent_id_chars.value && text.trim() === text && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text);
  if (!ok) throw new CliError(`not a handle: ${JSON.stringify(text)}`, { next: "give one like harbor-lynx with --as or COORD_AS" });
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
      const [{ runMcp }, { generateHandle }] = await Promise.all([import("../mcp/run.ts"), import("../mcp/handle.ts")]);
      await runMcp({ target: target(options), handle: as ? handle(as) : generateHandle(), maxWait });
    });
}
