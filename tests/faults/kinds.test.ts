import { describe, expect, it } from "vitest";
import { KINDS } from "../../faults/kinds/index.ts";
import { earlier, nameOf, open } from "../../faults/kinds/upgrade.ts";

/** How long each kind goes on here, in milliseconds; `npm run faults` gives them minutes. Evictions have a test of their own in worker/. */
const SHORT = { kills: 5_000, stops: 1_000, clock: 3_000, twins: 1_500, disk: 0, sockets: 5_000 } as const;

/** What a run this short must have come to, so that it proves something. */
const LEAST: Readonly<Record<keyof typeof SHORT, Readonly<Record<string, number>>>> = {
  kills: {
    ...{ "kill workerd": 1, "kill serve": 1, "kill both": 1, "kill client": 1, "kill bridge": 1 },
    ...{ operations: 150, waits: 3, tasks: 25 },
  },
  stops: { "stop workerd": 1, "stop both": 1, "stop client": 1, "stop bridge": 1, operations: 150, waits: 3, tasks: 25 },
  clock: { "set clock": 2, "kill workerd": 1, operations: 100 },
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
  it.each(earlier().map((each) => [nameOf(each), each] as const))("opens %s, whole, and work goes on in it", async (_name, each) => {
    expect(await open(each)).toEqual([]);
  });
});
