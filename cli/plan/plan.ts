import type { z } from "zod";
import { isAnnouncement } from "../../protocol/lifecycle.ts";
import { LIMITS, type LimitName } from "../../protocol/limits.ts";
import { METHODS, type ParamsIn } from "../../protocol/methods.ts";
import { overLimit } from "../../protocol/refusals.ts";
import { nearest, wire } from "../../protocol/siblings.ts";
import { snakeParams } from "../../protocol/spelling.ts";
import { badPlan, type Mistake } from "./mistakes.ts";
import type { Entry, PlanText } from "./read.ts";

export type SendParams = ParamsIn<"tasks/send">;

/** One task of a plan, ready to be posted. */
export interface Planned {
  /** `task 3 (@build)`, as messages name it. */
  readonly title: string;
  /** Its ref where the author gave one. */
  readonly ref: string | null;
  readonly line: number;
  lineOf(field: string): number;
  readonly params: SendParams;
}

export interface Plan {
  readonly source: string;
  /** In the order of the file. */
  readonly tasks: readonly Planned[];
  /** Places in `tasks`, each after those that it depends on. */
  readonly order: readonly number[];
}

const { shape } = METHODS["tasks/send"].params;
/** What a task of a plan may say: all that `tasks/send` takes but what the program fills in. */
export const FIELDS = Object.keys(shape).filter((name) => name !== "agent_id" && name !== "idempotency_key");

/**
 * The plan that a text describes, checked by the protocol's own schema and rules.
 * @throws CliError with every mistake that can be found without asking the board.
 */
export function planOf({ source, entries }: PlanText): Plan {
  const mistakes: Mistake[] = [];
  const drafts = entries.map((entry, at) => draft(entry, at, entries.length, mistakes));
  const wired = wire(drafts.map(({ ref, dependsOn }) => ({ ref, dependsOn })));
  for (const { at, field, ...mistake } of wired.mistakes) {
    const { title, lineOf } = drafts[at]!;
    mistakes.push({ ...mistake, task: title, field, line: lineOf(field ?? "name") });
  }
  const tasks = drafts.map(({ title, given, line, lineOf, ref, params }, at): Planned => {
    // every task has a ref on the wire: the server posts a batch whole or not at all because of them
    const whole = { ...params, ref, ...(wired.dependsOn[at]?.length ? { depends_on: [...wired.dependsOn[at]] } : {}) } as SendParams;
    for (const { field, message } of faults(whole)) mistakes.push({ message, task: title, field, line: lineOf(field) });
    return { title, ref: given ? ref : null, line, lineOf, params: whole };
  });
  if (mistakes.length > 0) throw badPlan(source, mistakes);
  return { source, tasks, order: wired.order };
}

interface Draft {
  readonly title: string;
  readonly ref: string;
  readonly given: boolean;
  readonly line: number;
  lineOf(field: string): number;
  readonly dependsOn: readonly unknown[];
  readonly params: Readonly<Record<string, unknown>>;
}

function draft(entry: Entry, at: number, count: number, mistakes: Mistake[]): Draft {
  const written = new Map(Object.keys(entry.value).map((name) => [Object.keys(snakeParams({ [name]: 0 }))[0]!, name]));
  const { ref: givenRef, depends_on, ...rest } = snakeParams({ ...entry.value });
  const lineOf = (field: string) => entry.lineOf(written.get(field) ?? field);
  const given = givenRef !== undefined && givenRef !== null;
  // one that an author should happen to write as well is found as a ref that is used twice
  const ref = given ? String(givenRef).replace(/^@/, "") : `task.${at + 1}.of.${count}`;
  const title = given ? `task ${at + 1} (@${ref})` : `task ${at + 1}`;
  const say = (field: string, message: string) => mistakes.push({ message, task: title, field, line: lineOf(field) });
  if (given && /^\d+$/.test(ref)) say("ref", `a ref of digits alone would be a task's number; write t${ref}`);
  if (written.size < Object.keys(entry.value).length) say("name", "a field is written twice, with underscores and with capitals");
  for (const name of Object.keys(rest)) {
    if (FIELDS.includes(name)) continue;
    const near = nearest(name, FIELDS);
    say(written.get(name) ?? name, `there is no such field${near ? `; did you mean ${near}?` : `; there are ${FIELDS.join(", ")}`}`);
  }
  const params = Object.fromEntries(Object.entries(rest).filter(([name, value]) => FIELDS.includes(name) && value !== null));
  if (typeof params.labels === "string") params.labels = [params.labels];
  const dependsOn = depends_on === undefined || depends_on === null ? [] : Array.isArray(depends_on) ? depends_on : [depends_on];
  return { title, ref, given, line: entry.line, lineOf, dependsOn, params };
}

/** What the server would find fault with in one task, without looking at its board. */
function faults(params: SendParams): { field: string; message: string }[] {
  const parsed = METHODS["tasks/send"].params.safeParse(params);
  if (!parsed.success)
    return parsed.error.issues.map((issue) => ({ field: String(issue.path[0] ?? "name"), message: told(issue, params) }));
  const { kind, state, depends_on, description, payload } = parsed.data;
  const found: { field: string; message: string }[] = [];
  if (isAnnouncement(kind)) {
    for (const [field, isThere] of [
      ["state", state !== undefined],
      ["depends_on", depends_on.length > 0],
    ] as const)
      if (isThere) found.push({ field, message: `a ${kind} is an announcement: it is completed at once` });
  }
  const tooLong = (field: string, text: string, limit: LimitName) => {
    const { value, unit } = LIMITS[limit];
    const bytes = Buffer.byteLength(text);
    if (bytes > value) found.push({ field, message: overLimit(limit, value, unit, bytes).message });
  };
  tooLong("description", description, "description_bytes");
  if (payload !== undefined) tooLong("payload", JSON.stringify(payload), "payload_bytes");
  return found;
}

function told(issue: z.core.$ZodIssue, params: object): string {
  const value = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], params);
  if (value === undefined) return "is missing";
  const [, limit] = /^limit:(\w+)$/.exec(issue.message) ?? [];
  if (limit !== undefined && limit in LIMITS) {
    const { value: most, unit } = LIMITS[limit as LimitName];
    const size = typeof value === "string" ? [...value].length : Array.isArray(value) ? value.length : String(value);
    return overLimit(limit as LimitName, most, unit, size).message;
  }
  return issue.message.replace(/^Invalid input: /, "");
}
