import type { Operation } from "../history/operation.ts";
import { after, type Circumstances, keyOf, type Model, NOTHING } from "./model.ts";
import type { Violation } from "./violation.ts";

/** States looked at for one task before the search is given up, undecided. Histories of tasks here are short; it is never reached by good ones. */
export const MOST_STEPS = 400_000;

export type Verdict =
  | { readonly ok: true; readonly steps: number }
  | { readonly ok: false; readonly violation: Violation }
  | { readonly ok: "undecided" };

/**
 * Whether there is one order of a task's operations that explains every answer: the search of Wing and Gong (1993), with Lowe's memory
 * of what was tried (2017).
 *
 * An operation takes effect at one moment between its invocation and its completion. So the next one in the order must have been invoked
 * before any other that is still to come was completed; each such candidate is tried, its answer compared with what the model says,
 * and the search goes on behind it, or comes back. Where a way leads to a set of operations and a state that another way led to before,
 * it is cut off: what follows depends on nothing else.
 *
 * An operation whose answer nobody heard has no completion: it may come anywhere after its invocation, or be left out. The search is
 * over when every operation that was answered or refused has its place.
 */
export function linearize(operations: readonly Operation[], circumstances: Circumstances, mostSteps = MOST_STEPS): Verdict {
  const all = [...operations].sort((a, b) => a.invoked - b.invoked);
  const done = new Uint8Array(all.length);
  const must = all.map((operation) => operation.outcome !== "unknown");
  let left = must.filter(Boolean).length;
  const tried = new Set<string>();
  const path: { at: number; choices: Choice[]; next: number }[] = [];
  let best: Operation[] = [];
  let bestState = NOTHING;
  let steps = 0;

  const open = (state: Model) => path.push({ at: -1, choices: candidates(all, done, must, state, circumstances), next: 0 });
  open(NOTHING);
  while (left > 0) {
    const here = path.at(-1)!;
    const choice = here.choices[here.next];
    if (!choice) {
      path.pop();
      if (here.at === -1) return { ok: false, violation: tell(all, best, bestState) };
      done[here.at] = 0;
      if (must[here.at]) left += 1;
      continue;
    }
    here.next += 1;
    steps += 1;
    if (steps > mostSteps) return { ok: "undecided" };
    done[choice.at] = 1;
    const key = `${bits(done)}${keyOf(choice.state)}`;
    if (tried.has(key)) {
      done[choice.at] = 0;
      continue;
    }
    tried.add(key);
    if (must[choice.at]) left -= 1;
    path.push({ at: choice.at, choices: candidates(all, done, must, choice.state, circumstances), next: 0 });
    if (path.length - 1 > best.length) {
      best = path.slice(1).map(({ at }) => all[at]!);
      bestState = choice.state;
    }
  }
  return { ok: true, steps };
}

interface Choice {
  readonly at: number;
  readonly state: Model;
}

/**
 * What may come next: each operation that was invoked before any of those still to come was completed, with each state that it may lead
 * to. Those that must come stand first, since leaving an unheard one out is nearly always right.
 */
function candidates(
  all: readonly Operation[],
  done: Uint8Array,
  must: readonly boolean[],
  state: Model,
  circumstances: Circumstances,
): Choice[] {
  let earliest = Number.POSITIVE_INFINITY;
  for (let at = 0; at < all.length; at += 1) {
    const operation = all[at]!;
    if (operation.invoked > earliest) break;
    if (!done[at] && must[at]) earliest = Math.min(earliest, operation.completed);
  }
  const first: Choice[] = [];
  const second: Choice[] = [];
  for (let at = 0; at < all.length; at += 1) {
    const operation = all[at]!;
    if (operation.invoked > earliest) break;
    if (done[at]) continue;
    for (const next of after(state, operation, circumstances)) (must[at] ? first : second).push({ at, state: next });
  }
  return [...first, ...second];
}

function bits(done: Uint8Array): string {
  let text = "";
  for (let at = 0; at < done.length; at += 16) {
    let word = 0;
    for (let bit = 0; bit < 16 && at + bit < done.length; bit += 1) word |= done[at + bit]! << bit;
    text += String.fromCharCode(word);
  }
  return text;
}

/** The longest explanation that was found, and the operations that would have had to come next. */
function tell(all: readonly Operation[], explained: readonly Operation[], state: Model): Violation {
  const rest = all.filter((operation) => operation.outcome !== "unknown" && !explained.includes(operation));
  const earliest = Math.min(...rest.map((operation) => operation.completed));
  const stuck = rest.filter((operation) => operation.invoked <= earliest);
  const { state: name, holder, attempt, rev } = state;
  return {
    rule: "linearizable",
    what: `after ${explained.length} of ${all.length} operations the task is ${name ?? "not there"}${holder ? `, ${holder}'s` : ""} (attempt ${attempt}, rev ${rev}), and none of the ${stuck.length} that may come next was answered as such a task answers`,
    operations: [...explained.slice(-12), ...stuck],
  };
}
