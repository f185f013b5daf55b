import { CommanderError } from "commander";
import { CliError, Interrupted } from "./errors.ts";
import { jsonText } from "./output/print.ts";
import { clean, cleanLines } from "./output/text.ts";

/** What goes to stderr about an error, and the exit code. */
export interface Report {
  readonly text: string;
  readonly exit: number;
}

/**
 * How an error is told: a `CliError` by what happened and what to do next; a mistake in the arguments likewise, with the help to
 * look at; anything else is a bug, with its stack. With `asJson` all of them are one JSON object.
 * @param command the command that ran, for the help's name.
 */
export function reportOf(error: unknown, command: string | undefined, asJson: boolean): Report {
  if (error instanceof Interrupted) return { text: "", exit: error.exit };
  if (error instanceof CommanderError) {
    // Help and version come this way as well, printed and done.
    if (error.exitCode === 0 || error.code === "commander.help") return { text: "", exit: error.exitCode };
    const [message = "", hint] = error.message.replace(/^error: /, "").split("\n");
    const meant = error.code === "commander.unknownCommand" ? /Did you mean (\w+)\?/.exec(hint ?? "")?.[1] : command;
    const full = hint ? `${message} ${hint}` : message;
    return told({ message: full, next: meant ? `coord ${meant} --help` : "coord --help", exit: 1, data: { code: "usage" } }, asJson);
  }
  if (error instanceof CliError) return told(error, asJson);
  const bug = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (asJson) return { text: `${jsonText({ error: { code: "bug", message: String(error), stack: bug, exit: 1 } }, false)}\n`, exit: 1 };
  return { text: `coord: a bug, not a mistake of yours:\n${cleanLines(bug).join("\n")}\n`, exit: 1 };
}

function told(error: Pick<CliError, "message" | "next" | "exit" | "data">, asJson: boolean): Report {
  const { message, next, exit, data } = error;
  if (asJson) return { text: `${jsonText({ error: { ...data, message, ...(next === undefined ? {} : { next }), exit } }, false)}\n`, exit };
  const lines = [
    `coord: ${cleanLines(message).join("\n  ")}`,
    ...issueLines(data.issues),
    ...(next === undefined ? [] : [`next:  ${clean(next)}`]),
  ];
  return { text: `${lines.join("\n")}\n`, exit };
}

/** The fields that the server found fault with, one a line. */
function issueLines(issues: unknown): string[] {
  if (!Array.isArray(issues)) return [];
  return issues.slice(0, 10).map((issue: unknown) => {
    const { path, field, message, expected } = (typeof issue === "object" && issue !== null ? issue : {}) as Record<string, unknown>;
    const where = Array.isArray(path) ? path.join(".") : (field ?? path ?? "");
    return `  ${clean(String(where))}: ${clean(String(message ?? expected ?? JSON.stringify(issue)))}`;
  });
}
