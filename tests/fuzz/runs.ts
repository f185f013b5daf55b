import fc from "fast-check";

/** How many times as many examples as `npm test` draws; `COORD_FUZZ_RUNS=100` takes minutes, with `COORD_SEED=random` each time others. */
const TIMES = Number(process.env.COORD_FUZZ_RUNS ?? 1) || 1;

/** A test's time for its `examples`, in milliseconds. */
export const LIMIT_MS = 30_000 + TIMES * 20_000;

/** Draws so many examples and checks each; what fails is shrunk and shown with its seed. */
export async function check<T>(examples: number, arbitrary: fc.Arbitrary<T>, property: (value: T) => Promise<void>): Promise<void> {
  await fc.assert(fc.asyncProperty(arbitrary, property), {
    numRuns: Math.ceil(examples * TIMES),
    // a failing example that takes long to shrink is told as it is
    interruptAfterTimeLimit: LIMIT_MS - 10_000,
    markInterruptAsFailure: false,
  });
}
