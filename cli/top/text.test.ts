import fc from "fast-check";
import { expect, test } from "vitest";
import { cell, fit, safe, width, wrap } from "./text.ts";

test.each([
  ["plain", "fix the build", "fix the build"],
  ["clearing the screen", "a\x1b[2Jb", "a\\x1b[2Jb"],
  ["retitling the window", "\x1b]0;pwned\x07", "\\x1b]0;pwned\\x07"],
  ["C1 control", "a\u009b2Jb", "a\\x9b2Jb"],
  ["line breaks", "a\r\nb", "a\\r\\nb"],
  ["reversing the direction", "\u202egpj.exe", "\\u{202e}gpj.exe"],
  ["isolates", "\u2066a\u2069", "\\u{2066}a\\u{2069}"],
  ["zero-width", "a\u200bb\u200db\ufeff", "a\\u{200b}b\\u{200d}b\\u{feff}"],
  ["fillers", "\u3164x\u115f\u034f", "\\u{3164}x\\u{115f}\\u{34f}"],
  ["tags", "a\u{e0041}", "a\\u{e0041}"],
  ["joined emoji, side by side", "👩\u200d💻", "👩💻"],
  ["skin tones and glyph choice", "👍🏽 ❤\ufe0f", "👍 ❤"],
  ["stacked marks", `z${"\u0301".repeat(50)}`, "z\u0301\u0301\u0301"],
  ["wide", "日本語", "日本語"],
])("safe: %s", (_name, given, shown) => {
  expect(safe(given)).toBe(shown);
});

test("nothing that a terminal obeys, and nothing that cannot be seen, passes", () => {
  const text = fc.string({
    unit: fc.oneof(fc.constantFrom("\x1b", "\u202e", "\u200d", "\ufe0f", "👩", "字", "e\u0301"), fc.string({ unit: "binary" })),
  });
  fc.assert(
    fc.property(text, (given) => {
      expect(safe(given)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/u);
      expect(safe(given)).not.toMatch(/\p{Default_Ignorable_Code_Point}/u);
    }),
  );
});

test("a cell is exactly as wide as its column, whatever is in it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 600 }), fc.integer({ min: 0, max: 60 }), (given, columns) => {
      expect(width(cell(safe(given), columns))).toBe(columns);
    }),
  );
});

test("what is cut ends in an ellipsis, and a wide character is not cut in half", () => {
  expect(fit("日本語", 5)).toBe("日本…");
  expect(fit("日本語", 4)).toBe("日…");
  expect(cell("日本語", 4)).toBe("日… ");
  expect(fit("abc", 3)).toBe("abc");
});

test("wrapping breaks at spaces, keeps indents, and cuts what is too long", () => {
  expect(wrap("one two three", 8)).toEqual(["one two", "three"]);
  expect(wrap('    "a": 1', 20)).toEqual(['    "a": 1']);
  expect(wrap("abcdefghij", 4)).toEqual(["abcd", "efgh", "ij"]);
  expect(wrap("", 4)).toEqual([""]);
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), fc.integer({ min: 2, max: 40 }), (given, columns) => {
      for (const line of wrap(safe(given), columns)) expect(width(line)).toBeLessThanOrEqual(columns);
    }),
  );
});
