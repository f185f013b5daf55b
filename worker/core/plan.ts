import { conflict, type Refusal, refuse, type Task } from "../../protocol/index.ts";
import { OF_ANOTHER } from "../../protocol/siblings.ts";
import type { Call } from "./parse.ts";
import type { Transaction } from "./sql.ts";
import { type Outcome, refused, type Turn } from "./turn.ts";

/**
 * The `tasks/send` calls of one batch of which any has a `ref`: a plan, posted whole or not at all. A sibling is named in `depends_on` as
 * `@ref`, in any order. The calls keep their places and answers in the batch; the first that is reached posts them all.
 */
export class Plan {
  readonly #calls: readonly Call[];
  #outcomes: Map<Call, Outcome<unknown>> | undefined;

  private constructor(calls: readonly Call[]) {
    this.#calls = calls;
  }

  /** The plan in a batch, by its calls; empty where no call has a `ref`. */
  static of(calls: readonly Call[]): Map<Call, Plan> {
    const sends = calls.filter((call) => call.method === "tasks/send");
    if (!sends.some((call) => call.params.ref !== undefined && call.params.ref !== null)) return new Map();
    const plan = new Plan(sends);
    return new Map(sends.map((call) => [call, plan]));
  }

  /** @param post runs one call whose references have been replaced by ids */
  outcome(call: Call, turn: Turn, transaction: Transaction, post: (params: Record<string, unknown>) => Outcome<unknown>): Outcome<unknown> {
    this.#outcomes ??= this.#run(turn, transaction, post);
    return this.#outcomes.get(call)!;
  }

  #run(turn: Turn, transaction: Transaction, post: (params: Record<string, unknown>) => Outcome<unknown>): Map<Call, Outcome<unknown>> {
    const outcomes = new Map<Call, Outcome<unknown>>();
    const ordered = inOrder(this.#calls);
    if (!Array.isArray(ordered)) return this.#allRefused(ordered.call, ordered.refusal);
    const logged = turn.log.length;
    let failed: { call: Call; refusal: Refusal } | undefined;
    try {
      transaction(() => {
        const ids = new Map<string, string>();
        for (const call of ordered) {
          const { dependsOn: _camel, ...params } = call.params;
          const depends_on = dependsOn(call).map((on) => (typeof on === "string" ? (ids.get(on) ?? on) : on));
          const outcome = post({ ...params, depends_on });
          if (!outcome.ok) {
            failed = { call, refusal: outcome.refusal };
            throw new Undo();
          }
          outcomes.set(call, outcome);
          if (typeof call.params.ref === "string") ids.set(`@${call.params.ref}`, (outcome.value as Task).id);
        }
      });
    } catch (error) {
      if (!(error instanceof Undo)) throw error;
      turn.undo(logged);
      turn.presence.forget();
      return this.#allRefused(failed!.call, failed!.refusal);
    }
    return outcomes;
  }

  /** The one that was wrong is told why; the others, that nothing was posted because of it. */
  #allRefused(culprit: Call, refusal: Refusal): Map<Call, Outcome<unknown>> {
    const at = this.#calls.indexOf(culprit);
    const name = typeof culprit.params.ref === "string" ? `@${culprit.params.ref}` : `task ${at + 1}`;
    return new Map(
      this.#calls.map((call) => {
        if (call === culprit) return [call, refused(refusal)];
        return [
          call,
          refused(
            refuse("invalid_params", `${OF_ANOTHER}: ${name} was refused: ${refusal.message}`, {
              issues: [],
              refused: name,
            }),
          ),
        ];
      }),
    );
  }
}

/** Undoes the plan's transaction; caught where it was begun. */
class Undo extends Error {}

function dependsOn(call: Call): unknown[] {
  const given = call.params.depends_on ?? call.params.dependsOn;
  return Array.isArray(given) ? given : [];
}

/** The calls with each after those it depends on, or the one that cannot be placed. */
function inOrder(calls: readonly Call[]): Call[] | { call: Call; refusal: Refusal } {
  const byRef = new Map<string, Call>();
  for (const call of calls) {
    const { ref } = call.params;
    if (typeof ref !== "string") continue;
    if (byRef.has(`@${ref}`))
      return {
        call,
        refusal: refuse("invalid_params", `tasks/send: ref: @${ref} is used twice in this batch`, {
          issues: [{ path: "ref", message: "used twice" }],
        }),
      };
    byRef.set(`@${ref}`, call);
  }
  const placed = new Set<Call>();
  const path: Call[] = [];
  let wrong: { call: Call; refusal: Refusal } | undefined;
  const place = (call: Call): void => {
    if (placed.has(call) || wrong) return;
    if (path.includes(call)) {
      const circle = [...path.slice(path.indexOf(call)), call].map((one) => `@${one.params.ref}`);
      wrong = { call, refusal: conflict("cycle", `that closes a circle: ${circle.join(" → ")}`, { path: circle }) };
      return;
    }
    path.push(call);
    for (const on of dependsOn(call)) {
      if (typeof on !== "string" || !on.startsWith("@")) continue;
      const sibling = byRef.get(on);
      if (sibling) place(sibling);
      else
        wrong ??= {
          call,
          refusal: refuse("invalid_params", `tasks/send: depends_on: no task in this batch has the ref ${on}`, {
            issues: [{ path: "depends_on", message: `unknown ${on}` }],
          }),
        };
    }
    path.pop();
    placed.add(call);
  };
  for (const call of calls) place(call);
  return wrong ?? [...placed];
}
