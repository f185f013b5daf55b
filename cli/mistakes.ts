/** What the server calls a field and what the person typed, where the two are not the same word. */
const TYPED: Readonly<Record<string, string>> = {
  id: "the task's id",
  name: "the name",
  body: "the text",
  agent_id: "--as",
  handle: "--as",
  labels: "--label",
  required_approvals: "--approvals",
  lease_seconds: "--lease",
  ignore_ids: "--ignore-id",
  timeout_ms: "--timeout",
  wait_ms: "--wait",
  on: "--on",
};

/** Fields that are options of the same name, `_` for `-` apart. */
const SAME = new Set(
  [
    "state kind priority payload result description assignee performer review reason depends_on label name_contains q claimed_by",
    "created_by ids ready mentions claim_id idempotency_key after cursor limit rev attempt type summary all workspace",
  ].flatMap((words) => words.split(" ")),
);

/** Fields that only hold others. */
const OUTER = new Set(["filter", "params"]);

/**
 * Which flag or argument a field of a call came from: `filter.state.0` from `--state`, `ack.name` from `--ack`.
 * Undefined for a field that nobody types.
 */
export function typedAs(path: string): string | undefined {
  const [first, second] = path.split(".").filter((part) => !OUTER.has(part));
  if (first === undefined) return undefined;
  if (first === "ack") return second === undefined || second === "name" ? "--ack" : `--ack-${second}`;
  if (Object.hasOwn(TYPED, first)) return TYPED[first];
  return SAME.has(first) ? `--${first.replaceAll("_", "-")}` : undefined;
}

export interface Mistake {
  /** What the person typed, else the field's own name. */
  readonly where: string;
  readonly message: string;
}

/** What the server found fault with, read from a refusal's `data.issues`; the first ten. */
export function mistakesOf(issues: unknown): Mistake[] {
  if (!Array.isArray(issues)) return [];
  return issues.slice(0, 10).map((issue: unknown) => {
    const { path, field, message, expected } = (typeof issue === "object" && issue !== null ? issue : {}) as Record<string, unknown>;
    const name = Array.isArray(path) ? path.join(".") : String(field ?? path ?? "");
    return { where: typedAs(name) ?? name, message: String(message ?? expected ?? JSON.stringify(issue)) };
  });
}
