import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clean, cleanLines, fit, pad, terminalSafeJson, width, wrap } from "./text.ts";

const ESC = "\x1b";

describe("clean", () => {
  test.each([
    [`${ESC}[31mred${ESC}[0m`, "\\x1b[31mred\\x1b[0m"],
    ["two\nlines\r\tand a tab", "two\\nlines\\r\\tand a tab"],
    ["\x9b2J a C1 control", "\\x9b2J a C1 control"],
    ["a\u202egnp.exe", "a\\u{202e}gnp.exe"],
    ["zero\u200bwidth\ufeff", "zero\\u{200b}width\\u{feff}"],
    ["half a pair \ud800", "half a pair \\u{d800}"],
    ["日本語 👩‍💻 é ünï", "日本語 👩‍💻 é ünï"],
    ["\u2764\ufe0f\u200d\u{1f525} 👨🏽‍🚒", "\u2764\ufe0f\u200d\u{1f525} 👨🏽‍🚒"],
    ["a\u200db c\u200d", "a\\u{200d}b c\\u{200d}"],
    ["a\ufe0f\ufe0e\ufe01", "a\ufe0f\\u{fe0e}\\u{fe01}"],
    ["東\u3000京 20\u202f% de\u00a0plus", "東\u3000京 20\u202f% de\u00a0plus"],
    ["\u3000\u00a0", "\\u{3000}\\xa0"],
    ["\u00a0x\u202f \u3000y", "\\xa0x\\u{202f} \\u{3000}y"],
  ])("%j is shown as %j", (given, shown) => {
    expect(clean(given)).toBe(shown);
  });

  const INVISIBLE = [
    [0x00ad, 0x00ad],
    [0x034f, 0x034f],
    [0x0600, 0x0605],
    [0x061c, 0x061c],
    [0x06dd, 0x06dd],
    [0x115f, 0x1160],
    [0x17b4, 0x17b5],
    [0x1680, 0x1680],
    [0x180b, 0x180f],
    [0x2000, 0x200f],
    [0x2028, 0x202e],
    [0x205f, 0x205f],
    [0x2060, 0x206f],
    [0x2800, 0x2800],
    [0x3164, 0x3164],
    [0xfeff, 0xfeff],
    [0xffa0, 0xffa0],
    [0xfff9, 0xfffb],
    [0x1d159, 0x1d159],
    [0x1d173, 0x1d17a],
    [0xe0000, 0xe0fff],
  ] as const;

  test.each(INVISIBLE)("what takes no ink from %i to %i is seen, and JSON says it by number", (first, last) => {
    for (let code = first; code <= last; code++) {
      const text = `a${String.fromCodePoint(code)}b`;
      expect(clean(text)).toBe(`a${code < 256 ? `\\x${code.toString(16)}` : `\\u{${code.toString(16)}}`}b`);
      const json = terminalSafeJson(JSON.stringify({ [text]: [text] }, null, 2));
      expect(json).toMatch(/^[\x20-\x7e\n]*$/);
      expect(JSON.parse(json)).toEqual({ [text]: [text] });
    }
  });

  test("nothing that a terminal obeys is left of anything", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(clean(text)).not.toMatch(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
        expect(cleanLines(text).join("")).not.toMatch(/[\p{Cc}\u2028-\u202e]/u);
      }),
    );
  });

  test("JSON stays the same value without them", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const shown = terminalSafeJson(JSON.stringify(text));
        expect(shown).not.toMatch(/[\p{Cc}\u2028-\u202e]/u);
        expect(JSON.parse(shown)).toBe(text);
      }),
    );
  });
});

describe("width", () => {
  test.each([
    ["plain", 5],
    ["日本", 4],
    ["한국어", 6],
    ["e\u0301", 1],
    ["👩‍💻", 2],
    ["🇫🇷", 2],
    ["☂", 1],
    ["", 0],
  ])("%j takes %i columns", (text, columns) => {
    expect(width(text)).toBe(columns);
  });

  test("fit and pad hold the width that they are told", () => {
    expect(fit("日本語", 5)).toBe("日本…");
    expect(fit("日本語", 4)).toBe("日…");
    expect(fit("short", 5)).toBe("short");
    expect(pad("日本", 6)).toBe("日本  ");
    expect(pad("12", 4, "right")).toBe("  12");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 0, max: 40 }), (text, columns) => {
        const line = clean(text);
        expect(width(fit(line, columns))).toBeLessThanOrEqual(columns);
        for (const piece of wrap(line, columns + 2)) expect(width(piece)).toBeLessThanOrEqual(columns + 2);
      }),
    );
  });

  test("wrapping breaks at spaces, and a long word wherever it must", () => {
    expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
    expect(wrap("abcdefghij k", 4)).toEqual(["abcd", "efgh", "ij k"]);
  });
});
