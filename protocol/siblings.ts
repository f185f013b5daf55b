import { REFUSALS, type RpcError } from "./refusals.ts";

/** A task of a plan as far as its place among the others goes. */
export interface Sibling {
  /** Its name within the plan, without the `@`. */
  readonly ref: string;
  /** As written: a sibling's ref with or without `@`, or a task that is on the board. */
  readonly dependsOn: readonly unknown[];
}

/** What is wrong with a sibling, which is at the place `at`. */
export interface SiblingMistake {
  readonly at: number;
  readonly field: "ref" | "depends_on";
  readonly message: string;
  /** What the program exits with; absent: as for any wrong parameter. */
  readonly exit?: number;
}

export interface Wired {
  /** For each sibling in the order given, what the server is told: `@ref`, `#12` or an id. */
  readonly dependsOn: readonly (readonly string[])[];
  /** The siblings' places, each after those that it depends on: the order in which the server posts them. */
  readonly order: readonly number[];
  readonly mistakes: readonly SiblingMistake[];
}

const TASK = /^(#?\d{1,15}|[0-9a-f][0-9a-f-]{3,35})$/i;

/**
 * Sorts out what the tasks of a plan depend on. A word that is a sibling's ref means the sibling; anything else has to look like a task
 * on the board, so that a ref that was mistyped is found here and not taken for something else.
 */
export function wire(siblings: readonly Sibling[]): Wired {
  const mistakes: SiblingMistake[] = [];
  const places = new Map<string, number>();
  for (const [at, { ref }] of siblings.entries()) {
    if (places.has(ref)) mistakes.push({ at, field: "ref", message: `@${ref} is used twice: task ${places.get(ref)! + 1} has it, too` });
    else places.set(ref, at);
  }
  const dependsOn = siblings.map((sibling, at) => {
    const words = sibling.dependsOn.map((given) => word(given, places));
    for (const one of words) if (typeof one !== "string") mistakes.push({ at, field: "depends_on", message: one.wrong });
    return [...new Set(words.filter((one) => typeof one === "string"))];
  });
  const { order, circle } = sort(
    dependsOn.map((words) => words.flatMap((one) => (one.startsWith("@") ? [places.get(one.slice(1))!] : []))),
  );
  if (circle) {
    const path = circle.map((at) => `@${siblings[at]?.ref}`).join(" → ");
    const exit = REFUSALS.conflict.exit;
    mistakes.push({ at: circle[0] ?? 0, field: "depends_on", message: `that closes a circle: ${path}`, exit });
  }
  return { dependsOn, order, mistakes };
}

function word(given: unknown, places: ReadonlyMap<string, number>): string | { wrong: string } {
  if (given === null) return { wrong: "an item is empty; for task #12 write 12, because YAML takes # for a comment" };
  if (typeof given !== "string" && typeof given !== "number")
    return { wrong: `a ref, a number or an id is expected, not ${JSON.stringify(given)}` };
  const text = String(given).trim();
  const plain = text.replace(/^@/, "");
  if (places.has(plain)) return `@${plain}`;
  if (!text.startsWith("@") && TASK.test(text)) return /^\d{1,7}$/.test(text) ? `#${text}` : text;
  const near = nearest(plain, [...places.keys()]);
  return {
    wrong: `no task of this plan has the ref ${plain}${near ? `; did you mean ${near}?` : "; on the board, name it by number or id"}`,
  };
}

/** Depth first, each place after those that it depends on; or the first circle that is met, both ends included. */
function sort(edges: readonly (readonly number[])[]): { order: number[]; circle?: number[] } {
  const order: number[] = [];
  const done = new Set<number>();
  const path: number[] = [];
  let circle: number[] | undefined;
  const visit = (at: number): void => {
    if (done.has(at) || circle) return;
    const before = path.indexOf(at);
    if (before !== -1) {
      circle = [...path.slice(before), at];
      return;
    }
    path.push(at);
    for (const on of edges[at] ?? []) visit(on);
    path.pop();
    done.add(at);
    order.push(at);
  };
  for (const at of edges.keys()) visit(at);
  return circle ? { order, circle } : { order };
}

/** The word that differs by the fewest letters, where those are few. */
export function nearest(wanted: string, words: readonly string[]): string | undefined {
  const near = words.map((one) => ({ one, far: distance(wanted, one) })).sort((a, b) => a.far - b.far)[0];
  return near && near.far <= Math.ceil(wanted.length / 3) ? near.one : undefined;
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}

export type BatchError = Pick<RpcError, "code" | "message"> & { readonly data?: unknown };

/** What one call of a batch was answered with. */
export type BatchAnswer<T> = { readonly ok: true; readonly result: T } | { readonly ok: false; readonly error: BatchError };

/** How the refusal of a plan's other tasks begins. */
export const OF_ANOTHER = "nothing of this plan was posted";

/** The call that a refused batch was refused for; undefined where all were answered. The others are told only that it was not them. */
export function culprit(answers: readonly BatchAnswer<unknown>[]): { at: number; error: BatchError } | undefined {
  const failed = answers.flatMap((answer, at) => (answer.ok ? [] : [{ at, error: answer.error }]));
  return failed.find(({ error }) => !error.message.startsWith(OF_ANOTHER)) ?? failed[0];
}
