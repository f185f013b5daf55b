import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { check } from "../../faults/checker/check.ts";
import { story } from "../../faults/checker/violation.ts";
import { Random } from "../../faults/random.ts";
import { PLANTED } from "../../faults/testing/planted/index.ts";
import { toyRun } from "../../faults/testing/toy-run.ts";

const SEEDS = Array.from({ length: 60 }, (_, n) => n + 1);

describe("the checker", () => {
  it("passes histories of a board that keeps every promise, whatever the seed", () => {
    let lost = 0;
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 10 }), (seed, clients) => {
        const history = toyRun(seed, { clients });
        const { violations, undecided } = check(history);
        lost += history.operations.filter((operation) => operation.outcome === "unknown").length;
        expect(violations.map(story)).toEqual([]);
        expect(undecided).toBe(0);
      }),
      { numRuns: 150 },
    );
    expect(lost, "histories in which nobody's answer was lost prove little").toBeGreaterThan(500);
  });

  it.each(PLANTED.map((planted) => [planted.what, planted] as const))("finds it when %s", (_what, planted) => {
    let planted_in = 0;
    for (const seed of SEEDS) {
      const broken = planted.plant(toyRun(seed), new Random(seed));
      if (!broken) continue;
      planted_in += 1;
      const { violations } = check(broken);
      const found = violations.map((violation) => violation.rule);
      expect(
        planted.breaks.some((rule) => found.includes(rule)),
        `seed ${seed}: ${planted.breaks} not among ${found}`,
      ).toBe(true);
      if (planted_in === 10) break;
    }
    expect(planted_in, "no history had a place for it").toBeGreaterThan(2);
  });
});
