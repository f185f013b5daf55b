import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CliError } from "../../errors.ts";
import { json, list, seconds, taskRef, wholeNumber } from "./values.ts";

test.each([
  ["300", 300],
  ["90s", 90],
  ["10m", 600],
  ["1.5h", 5400],
  ["0", 0],
])("%s is %i seconds", (text, value) => {
  expect(seconds(text)).toBe(value);
});

test.each(["", "-1", "ten", "10 minutes", "1e3", "NaN"])("%j is no number of seconds", (text) => {
  expect(() => seconds(text)).toThrow(CliError);
});

test("whole numbers are digits", () => {
  expect(wholeNumber("42")).toBe(42);
  expect(() => wholeNumber("4.2")).toThrow(CliError);
});

test("lists grow by repetition and by commas", () => {
  expect(list("c", list("a, b,"))).toEqual(["a", "b", "c"]);
});

test.each([
  ["12", "#12"],
  ["#12", "#12"],
  ["8f3a", "8f3a"],
  ["12345678", "12345678"],
  ["8f3a0000-0000-4000-8000-000000000001", "8f3a0000-0000-4000-8000-000000000001"],
])("%s is asked for as %s", (word, ref) => {
  expect(taskRef(word)).toBe(ref);
});

test("JSON is taken from the line or from a file", () => {
  const folder = mkdtempSync(join(tmpdir(), "coord-values-"));
  const file = join(folder, "payload.json");
  writeFileSync(file, '{"a":[1]}');
  expect(json("--payload", '{"a":1}')).toEqual({ a: 1 });
  expect(json("--payload", `@${file}`)).toEqual({ a: [1] });
  rmSync(folder, { recursive: true });
  expect(() => json("--payload", `@${file}`)).toThrow(/cannot read/);
});

test("what is not JSON is refused with the way to write it", () => {
  expect(() => json("--result", "done")).toThrow(/--result '"done"'/);
});
