import { z } from "zod";
import { AgentId, METHODS, type Refusal, refuse, snakeParams } from "../../../protocol/index.ts";
import { answer, type Outcome, refused } from "../../core/turn.ts";
import { extensionMetadata } from "../uri.ts";
import type { Metadata, WireMessage } from "../wire.ts";

/** Under whose handle a client acts that names none. */
export const DEFAULT_HANDLE = "a2a";

/** What a message may say to `tasks/send`, whose own checks apply. */
const POSTING = [
  "name",
  "kind",
  "priority",
  "labels",
  "depends_on",
  "assignee",
  "performer",
  "review",
  "required_approvals",
  "state",
] as const;

const Speaker = z.object({
  agent_id: AgentId.default(DEFAULT_HANDLE),
  /** About the attempt in review. */
  decision: METHODS["tasks/review"].params.shape.decision.optional(),
  attempt: METHODS["tasks/review"].params.shape.attempt,
  /** Why a task is cancelled. */
  reason: METHODS["tasks/cancel"].params.shape.reason,
});

export type Options = z.output<typeof Speaker> & { readonly posting: Record<string, unknown> };

/**
 * What a client says to the queue, under the extension's URI in the request's metadata or the message's, in camelCase or
 * snake_case. A word that means nothing here is refused: a misspelt priority must not be lost.
 */
export function optionsOf(metadata: Metadata | undefined, message?: WireMessage): Outcome<Options> {
  const given = extensionMetadata(metadata) ?? extensionMetadata(message?.metadata) ?? {};
  if (typeof given !== "object" || given === null || Array.isArray(given)) return refused(badOptions([{ path: "", message: "an object" }]));
  const options = snakeParams(given as Record<string, unknown>);
  const known: readonly string[] = [...POSTING, ...Object.keys(Speaker.shape)];
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    return refused(badOptions(unknown.map((name) => ({ path: name.slice(0, 80), message: `not one of ${known.join(", ")}` }))));
  }
  const parsed = Speaker.safeParse(options);
  if (!parsed.success) {
    return refused(badOptions(parsed.error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message }))));
  }
  const posting = Object.fromEntries(POSTING.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]));
  return answer({ ...parsed.data, posting });
}

function badOptions(issues: { path: string; message: string }[]): Refusal {
  const first = issues[0]!;
  return refuse("invalid_params", `the work-queue metadata: ${first.path ? `${first.path}: ` : ""}${first.message}`, {
    issues: issues.map(({ path, message }) => ({ path: path ? `metadata.${path}` : "metadata", message })),
  });
}
