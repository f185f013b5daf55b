import { expect, test } from "vitest";
import { backoffMs } from "./backoff.ts";

test("pauses double from 0.1 s to 5 s, less a random half", () => {
  expect([0, 1, 2, 6, 50].map((failures) => backoffMs(failures, () => 0))).toEqual([100, 200, 400, 5_000, 5_000]);
  expect(backoffMs(50, () => 1)).toBe(2_500);
});
