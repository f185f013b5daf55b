import { describe, expect, it } from "vitest";
import { KINDS } from "../../faults/kinds/index.ts";
import { fixtures, open } from "../../faults/kinds/upgrade.ts";

/** How long each kind goes on here, in milliseconds; `npm run faults` gives them minutes. Evictions have a test of their own in worker/. */
const SHORT = { kills: 8_000, stops: 5_000, clock: 4_000, twins: 2_500, disk: 0, sockets: 5_000 } as const;

/** What a run this short must have come to, so that it proves something. */
const LEAST: Readonly<Record<keyof typeof SHORT, Readonly<Record<string, number>>>> = {
  kills: { operations: 300, waits: 3, tasks: 50 },
  stops: { operations: 300, waits: 3, tasks: 50 },
  clock: { operations: 200, "set clock": 2 },
  twins: { refused: 1 },
  disk: { acknowledged: 3, "acknowledged afterwards": 10 },
  sockets: { "half-open sockets": 20, "events beside a subscriber that never reads": 1_000 },
};

describe("promises that are kept whatever happens", () => {
  for (const [name, ms] of Object.entries(SHORT) as [keyof typeof SHORT, number][]) {
    const kind = KINDS[name]!;
    const impossible = kind.impossible?.();
    it.skipIf(impossible !== undefined)(
      `${name}: ${kind.promise}${impossible ? ` (${impossible})` : ""}`,
      { timeout: 120_000 },
      async () => {
        const said: string[] = [];
        const { counts, findings } = await kind.run({ seed: 20_261_121, ms, say: (line) => said.push(line) });
        expect(findings, said.join("\n")).toEqual([]);
        for (const [what, least] of Object.entries(LEAST[name])) expect(counts[what], what).toBeGreaterThanOrEqual(least);
      },
    );
  }
});

describe("an upgrade", () => {
  it.each(fixtures())("opens what %s left behind, whole, and work goes on in it", async (name) => {
    expect(await open(name)).toEqual([]);
  });

  it("has a fixture of each schema that was ever shipped", () => {
    expect(fixtures()).toEqual(expect.arrayContaining(["schema-1", "schema-2"]));
  });
});
