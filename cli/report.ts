import { CommanderError } from "commander";
import { CliError, Interrupted } from "./errors.ts";
import { mistakesOf } from "./mistakes.ts";
import { jsonText } from "./output/print.ts";
import { clean, cleanLines } from "./output/text.ts";
import { troubleOf } from "./surroundings.ts";

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
  const known = error instanceof CliError ? error : troubleOf(error);
  if (known) return told(corrected(known, command), asJson);
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
  return mistakesOf(issues).map(({ where, message }) => `  ${clean(where)}: ${clean(message)}`);
}

/** Refused parameters are spoken of as they were typed, and what to do next is a command. */
function corrected(error: CliError, command: string | undefined): Pick<CliError, "message" | "next" | "exit" | "data"> {
  const { message, next, exit, data } = error;
  const typed = [...new Set(mistakesOf(data.issues).map(({ where }) => where))].filter((where) => /^(--|the )/.test(where));
  if (data.code !== "invalid_params" || typed.length === 0) return { message, next, exit, data };
  return {
    message: `${typed.join(", ")} cannot be taken as given`,
    next: `correct ${typed.length === 1 ? "it" : "them"} and call again: coord ${command === undefined ? "" : `${command} `}--help`,
    exit,
    data: { ...data, refusal: message },
  };
}
