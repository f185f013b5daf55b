import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { check, type History } from "../../faults/checker/check.ts";
import { holders } from "../../faults/checker/holders.ts";
import { story } from "../../faults/checker/violation.ts";
import type { Operation } from "../../faults/history/operation.ts";
import { Random } from "../../faults/random.ts";
import { PLANTED } from "../../faults/testing/planted/index.ts";
import { toyRun } from "../../faults/testing/toy-run.ts";

const SEEDS = Array.from({ length: 60 }, (_, n) => n + 1);

/** Each made once: a fault is planted into a copy. */
const made = new Map<number, History>();
function history(seed: number): History {
  const there = made.get(seed) ?? toyRun(seed);
  made.set(seed, there);
  return there;
}

describe("the checker", () => {
  it("passes histories of a board that keeps every promise, whatever the seed", { timeout: 90_000 }, () => {
    let lost = 0;
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 10 }), (seed, clients) => {
        const history = toyRun(seed, { clients });
        const { violations, undecided } = check(history);
        lost += history.operations.filter((operation) => operation.outcome === "unknown").length;
        expect(violations.map(story)).toEqual([]);
        expect(undecided).toBe(0);
      }),
      { numRuns: 100 },
    );
    expect(lost, "histories in which nobody's answer was lost prove little").toBeGreaterThan(400);
  });

  it("passes them where the clock was set, and where a bridge extends leases that nobody records", { timeout: 90_000 }, () => {
    fc.assert(
      fc.property(fc.nat(), fc.boolean(), fc.constantFrom("", "agent-0"), (seed, clock, keeper) => {
        const circumstances = { clockMs: clock ? Number.POSITIVE_INFINITY : 20, keeps: (agent: string) => agent === keeper };
        const { violations, undecided } = check(toyRun(seed, { clock, keeper }), circumstances);
        expect(violations.map(story)).toEqual([]);
        expect(undecided).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it("takes a hold for over that a call ended which was under way at once with its claim", () => {
    const lease_until = new Date(60_000).toISOString();
    const call = (client: string, method: string, invoked: number, completed: number, claim_id?: string): Operation => {
      const result = { id: "job", state: "claimed", claim: { claim_id, attempt: 1, lease_until } };
      const times = { invoked, completed, invokedAt: 0, completedAt: 0 };
      return { key: invoked, client, method, params: { id: "job", agent_id: "ada" }, ...times, outcome: "answered", result };
    };
    // one batch of both is such a call; so are two tabs of one person
    const [first, release, second] = [
      call("a", "tasks/claim", 1, 30, "x"),
      call("b", "tasks/release", 2, 20),
      call("a", "tasks/claim", 40, 50, "y"),
    ];
    expect(holders([first, release, second], 20)).toEqual([]);
    expect(holders([first, second], 20).map(({ rule }) => rule)).toEqual(["one-holder"]);
    expect(holders([first, { ...release, outcome: "refused" }, second], 20)).toHaveLength(1);
    expect(holders([first, { ...release, params: { id: "job", agent_id: "bob" } }, second], 20)).toHaveLength(1);
  });

  it.each(PLANTED.map((planted) => [planted.what, planted] as const))("finds it when %s", (_what, planted) => {
    let planted_in = 0;
    for (const seed of SEEDS) {
      const broken = planted.plant(history(seed), new Random(seed));
      if (!broken) continue;
      planted_in += 1;
      const { violations } = check(broken);
      const found = violations.map((violation) => violation.rule);
      expect(
        planted.breaks.some((rule) => found.includes(rule)),
        `seed ${seed}: ${planted.breaks} not among ${found}`,
      ).toBe(true);
      if (planted_in === 6) break;
    }
    expect(planted_in, "no history had a place for it").toBeGreaterThan(2);
  });
});
