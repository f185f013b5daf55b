import { describe, expect, it } from "vitest";
import { narrator, wrap } from "./narrator.ts";

function told(colour: boolean, texts: readonly string[]): string {
  let out = "";
  const narrate = narrator(
    (text) => {
      out += text;
    },
    colour,
    1_000,
  );
  for (const text of texts) narrate.tell(2_500, "harbor-lynx", text);
  return out;
}

describe("the narrator", () => {
  it("says when, who and what", () => {
    expect(told(false, ["$ git log", "green"])).toBe("  1.500 s  harbor-lynx  $ git log\n  1.500 s  harbor-lynx    green\n");
  });

  it("stays within 80 columns, whatever is said", () => {
    const long = `$ coord complete 0123abcd --ack-payload '${JSON.stringify({ commit: "c".repeat(90), text: "word ".repeat(30) })}'`;
    const lines = told(false, [long, long.slice(2)]).split("\n");
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.length).toBeGreaterThan(8);
  });

  it("colours only where it is told to", () => {
    expect(told(false, ["x"])).not.toContain("\u001b");
    expect(told(true, ["x"])).toContain("\u001b[");
  });
});

describe("wrap", () => {
  it("breaks at spaces and cuts what has none", () => {
    expect(wrap("one two three", 8, "  ")).toEqual(["one two", "  three"]);
    expect(wrap("abcdefghij", 4, "")).toEqual(["abcd", "efgh", "ij"]);
    expect(wrap("", 4, "")).toEqual([]);
  });
});
