import { CliError } from "../errors.ts";
import { ask, bearer } from "./health.ts";

export interface Problem {
  readonly what: string;
  readonly task?: number;
}

/** Time for one step: the first has the database check its whole file. In milliseconds. */
const STEP_MS = 120_000;

/**
 * Has the server hold a workspace's log against its tables, step by step, while everybody works on.
 * @returns how many tasks were looked at, what is wrong, and the schema's number
 */
export async function verifyWorkspace(
  url: string,
  workspace: string,
  token: string | undefined,
): Promise<{ checked: number; problems: Problem[]; schema: number }> {
  const problems: Problem[] = [];
  let schema = 0;
  let checked = 0;
  for (let after: number | null = 0; after !== null; ) {
    const { status, body } = await ask(new URL(`w/${workspace}/verify?after=${after}`, url), {
      headers: bearer(token),
      response_ms: STEP_MS,
    });
    if (status !== 200)
      throw new CliError(messageIn(body) ?? `the server answered ${status} to GET /w/${workspace}/verify: ${body.slice(0, 200)}`, {
        next: "is it of this version? coord status",
      });
    const step = JSON.parse(body) as { checked: number; problems: Problem[]; next: number | null; schema?: number };
    schema = step.schema ?? schema;
    problems.push(...step.problems);
    checked += step.checked;
    after = step.next;
  }
  return { checked, problems, schema };
}

/** What a refusal says; undefined where the text is none. */
function messageIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { error?: { message?: string } }).error?.message;
  } catch {
    return undefined; // no answer of coord's
  }
}
