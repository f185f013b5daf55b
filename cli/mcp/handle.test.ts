import { expect, test } from "vitest";
import { generateHandle } from "./handle.ts";

test("a handle is two words that a person can type", () => {
  expect(generateHandle(() => 0)).toBe("amber-badger");
  expect(generateHandle((below) => below - 1)).toBe("zephyr-zebra");
  for (let i = 0; i < 100; i++) expect(generateHandle()).toMatch(/^[a-z]+-[a-z]+$/);
});
