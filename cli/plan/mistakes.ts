import { CliError } from "../errors.ts";

/** What is wrong in a plan, and where. */
export interface Mistake {
  readonly message: string;
  /** Of the file, from 1. */
  readonly line?: number | undefined;
  /** `task 3 (@build)`. */
  readonly task?: string | undefined;
  readonly field?: string | undefined;
  /** What the program exits with; 1 where it is not the server's kind of refusal. */
  readonly exit?: number | undefined;
}

/**
 * A plan that is not posted, as the program's error: each mistake with file, line and task, and in `data.issues` for programs.
 * @param source the file's name, or "standard input"
 */
export function badPlan(source: string, mistakes: readonly Mistake[]): CliError {
  const [first] = mistakes;
  const count = mistakes.length === 1 ? "a mistake" : `${mistakes.length} mistakes`;
  const issues = mistakes.map(({ message, line, task, field }) => ({
    path: [line === undefined ? source : `${source}:${line}`, task, field].filter((part) => part !== undefined).join(" "),
    message,
    ...(line === undefined ? {} : { line }),
    ...(task === undefined ? {} : { task }),
  }));
  return new CliError(`${count} in the plan; nothing of it was posted`, {
    exit: first?.exit ?? 1,
    next: "mend it, and look at what it would post: coord plan FILE --dry-run",
    data: { code: "invalid_plan", issues },
  });
}
