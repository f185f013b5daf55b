/**
 * An error that a person can act on: what happened, and the command to run next.
 * `main.ts` prints it as two lines on stderr (with `--json` as one JSON object on stderr) and exits with `exit`.
 * Anything else that is thrown is a bug and is printed with its stack.
 */
export class CliError extends Error {
  readonly exit: number;
  /** What to run or do next; printed after the message. */
  readonly next: string | undefined;
  /** Machine-readable details for `--json`. */
  readonly data: Readonly<Record<string, unknown>>;

  constructor(message: string, options: { exit?: number; next?: string; data?: Record<string, unknown>; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "CliError";
    this.exit = options.exit ?? 1;
    this.next = options.next;
    this.data = options.data ?? {};
  }
}

/** The person interrupted the program: it ends without a word, with the exit code that shells give to the signal. */
export class Interrupted extends CliError {
  constructor(exit: number) {
    super("interrupted", { exit });
    this.name = "Interrupted";
  }
}
