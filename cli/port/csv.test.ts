import fc from "fast-check";
import { expect, test } from "vitest";
import { rowsOfCsv } from "./csv.ts";

const cells = (text: string) => [...rowsOfCsv(text)].map((row) => row.cells);

test("quotes, doubled quotes, breaks within them, and both kinds of line ends", () => {
  expect([...rowsOfCsv('\ufeffa,b\r\n"x, ""y""\nz",\n\nc,d')]).toEqual([
    { line: 1, cells: ["a", "b"] },
    { line: 2, cells: ['x, "y"\nz', ""] },
    { line: 5, cells: ["c", "d"] },
  ]);
});

test.each([
  ['a\n"b', "line 2: a quote is never closed"],
  ['"a"b\n', "line 1: something follows a closed quote"],
])("%j is refused with its line", (text, message) => {
  expect(() => cells(text)).toThrow(message);
});

test("whatever is written is read back", () => {
  const quote = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
  const row = fc.array(fc.string({ unit: "grapheme" }), { minLength: 2, maxLength: 4 });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
      expect(cells(rows.map((one) => one.map(quote).join(",")).join("\r\n"))).toEqual(rows);
    }),
  );
});

test("a long text takes a time in proportion to its length", () => {
  expect(cells(`${"a,".repeat(200_000)}b\n`)[0]).toHaveLength(200_001);
});
