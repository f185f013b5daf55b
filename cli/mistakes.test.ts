import { expect, test } from "vitest";
import { mistakesOf, typedAs } from "./mistakes.ts";

test.each([
  ["filter.state.0", "--state"],
  ["agent_id", "--as"],
  ["labels.3", "--label"],
  ["filter.name_contains", "--name-contains"],
  ["ack.name", "--ack"],
  ["ack.payload", "--ack-payload"],
  ["name", "the name"],
  ["constructor", undefined],
  ["", undefined],
])("the field %j was typed as %s", (path, typed) => {
  expect(typedAs(path)).toBe(typed);
});

test("issues come as paths of either form, and what has no form is shown as it is", () => {
  expect(mistakesOf([{ path: ["filter", "kind"], message: "empty" }, { field: "zzz", expected: "a number" }, 3])).toEqual([
    { where: "--kind", message: "empty" },
    { where: "zzz", message: "a number" },
    { where: "", message: "3" },
  ]);
  expect(mistakesOf("none")).toEqual([]);
});
