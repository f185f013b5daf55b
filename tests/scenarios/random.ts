import fc from "fast-check";
import { type Filter, type ParamsIn, STATE_NAMES, type Task, type TaskSnapshot } from "../../protocol/index.ts";

/** Small sets, so that random tasks and random filters meet. */
const KINDS = ["bug", "feature", "ack", "decision", "task"];
const WORDS = ["alpha", "Beta", "gamma", "été", "日本語", "v1.2"];
const LABELS = ["ui", "net"];
export const AGENTS = ["ada", "bob", "pat"];
const PRIORITIES = ["urgent", "high", "normal", "low", "odd"];

const name = fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 3 }).map((words) => words.join(" "));

export const task: fc.Arbitrary<ParamsIn<"tasks/send">> = fc.record(
  {
    name,
    kind: fc.constantFrom(...KINDS),
    priority: fc.constantFrom(...PRIORITIES),
    labels: fc.subarray(LABELS),
    assignee: fc.constantFrom(...AGENTS, null),
    agent_id: fc.constantFrom(...AGENTS),
    performer: fc.constantFrom("agent" as const, "user" as const),
    description: fc.constantFrom("", "delta"),
    payload: fc.constantFrom(null, { deep: "epsilon" }),
  },
  { requiredKeys: ["name"] },
);

/** What may be done to a task once it is there. */
export const step = fc.record({
  /** Which task, counted round. */
  at: fc.nat(1000),
  agent: fc.constantFrom(...AGENTS),
  method: fc.constantFrom(
    ...["claim", "complete", "fail", "release", "cancel", "retry", "ready", "unready", "update", "extend", "next", "send"],
    ...["depend", "undepend", "review", "drag", "note"],
  ),
  /** Which variant of the call. */
  how: fc.nat(1000),
});
export type Step = { at: number; agent: string; method: string; how: number };

const oneOrMany = <T>(values: readonly T[]) =>
  fc.oneof(fc.constantFrom(...values), fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 }));

/** A filter in the words of the wire; `ids` and `ignore` are positions, which the test turns into ids. */
export const filter = fc.record(
  {
    state: fc.oneof(oneOrMany([...STATE_NAMES, "done" as const, "working" as const]), fc.constant("any" as const)),
    kind: oneOrMany(KINDS),
    priority: oneOrMany(PRIORITIES),
    label: oneOrMany(LABELS),
    performer: oneOrMany(["agent" as const, "user" as const]),
    claimed_by: oneOrMany(AGENTS),
    created_by: oneOrMany(AGENTS),
    assignee: oneOrMany(AGENTS),
    name_contains: fc.constantFrom("a", "BET", "a g", "ÉTÉ", "本", "日本語", ".2", "zzz"),
    q: fc.constantFrom("alpha", "beta delta", "epsilon", "été", '"gamma"', "nowhere", "*"),
    ready: fc.boolean(),
    ids: fc.uniqueArray(fc.nat(40), { minLength: 1, maxLength: 12 }),
    ignore_ids: fc.uniqueArray(fc.nat(40), { minLength: 1, maxLength: 12 }),
  },
  { requiredKeys: [] },
);
export type RandomFilter = { ids?: number[]; ignore_ids?: number[] } & Record<string, unknown>;

/** Keeps at most three fields, since filters of many fields match nothing. */
export const smallFilter = fc.tuple(filter, fc.nat(1000)).map(([all, pick]) => {
  const names = Object.keys(all);
  const kept = names.filter((_, at) => (at + pick) % Math.max(1, Math.ceil(names.length / 2)) === 0).slice(0, 3);
  return Object.fromEntries(kept.map((field) => [field, (all as RandomFilter)[field]])) as RandomFilter;
});

export function withIds(random: RandomFilter, ids: readonly string[]): Record<string, unknown> {
  const out: Record<string, unknown> = { ...random };
  for (const field of ["ids", "ignore_ids"] as const) {
    const at = random[field];
    if (at) out[field] = at.map((position) => ids[position % ids.length]!);
  }
  return out;
}

/** The part of a task that filters look at, from the task itself. */
export function snapshotOf(of: Task): TaskSnapshot {
  return { ...of, ready: of.state === "pending" && of.held === null };
}

/** `q` by the plain reading of its promise: each word somewhere in name, description or payload, whatever its case. */
export function hasWords(q: Filter["q"], of: Task): boolean {
  if (q === undefined) return true;
  const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const wanted = words(q);
  const text = words(`${of.name} ${of.description} ${JSON.stringify(of.payload)}`);
  return wanted.length > 0 && wanted.every((word) => text.includes(word));
}
