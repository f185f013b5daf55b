import fc from "fast-check";

/** How many times as many examples as `npm test` draws; `COORD_FUZZ_RUNS=100` takes minutes, with `COORD_SEED=random` each time others. */
const TIMES = Number(process.env.COORD_FUZZ_RUNS ?? 1) || 1;

/** Time for drawing and checking a test's examples, in milliseconds. */
const DRAWING_MS = 20_000 + TIMES * 20_000;

/** A test's time: afterwards a session may take a minute to be given up. */
export const LIMIT_MS = DRAWING_MS + 90_000;

/** Draws so many examples and checks each; what fails is shrunk and shown with its seed. */
export async function check<T>(examples: number, arbitrary: fc.Arbitrary<T>, property: (value: T) => Promise<void>): Promise<void> {
  await fc.assert(fc.asyncProperty(arbitrary, property), {
    numRuns: Math.ceil(examples * TIMES),
    // a failing example that takes long to shrink is told as it is
    interruptAfterTimeLimit: DRAWING_MS,
    markInterruptAsFailure: false,
  });
}
