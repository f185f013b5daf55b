import { expect, test } from "vitest";
import { EMPTY, edited, type Text } from "./editor.ts";
import type { Key } from "./keys.ts";

/** A text with its cursor marked as `|`. */
function text(marked: string): Text {
  return { text: marked.replace("|", ""), cursor: marked.indexOf("|") };
}

function shown({ text, cursor }: Text): string {
  return `${text.slice(0, cursor)}|${text.slice(cursor)}`;
}

test.each<[string, Key, string, string]>([
  ["left over one picture", { leftArrow: true }, "a👩‍💻|b", "a|👩‍💻b"],
  ["right over one picture", { rightArrow: true }, "a|👩‍💻b", "a👩‍💻|b"],
  ["left at the beginning", { leftArrow: true }, "|a", "|a"],
  ["right at the end", { rightArrow: true }, "a|", "a|"],
  ["left over a line break", { leftArrow: true }, "a\n|b", "a|\nb"],
  ["up keeps the column", { upArrow: true }, "abc\nde|f", "ab|c\ndef"],
  ["up to a shorter line", { upArrow: true }, "a\nde|f", "a|\ndef"],
  ["up on the first line goes to its beginning", { upArrow: true }, "ab|c\nd", "|abc\nd"],
  ["up over an empty line", { upArrow: true }, "a\n\nb|", "a\n|\nb"],
  ["down keeps the column", { downArrow: true }, "ab|c\ndef", "abc\nde|f"],
  ["down on the last line goes to its end", { downArrow: true }, "a\nb|c", "a\nbc|"],
  ["Home", { home: true }, "a\nbc|d", "a\n|bcd"],
  ["End", { end: true }, "a|b\nc", "ab|\nc"],
  ["Backspace", { backspace: true }, "ané|b", "an|b"],
  ["Backspace joins lines", { backspace: true }, "a\n|b", "a|b"],
  ["Delete", { delete: true }, "a|\nb", "a|b"],
])("%s", (_name, key, before, after) => {
  expect(shown(edited(text(before), "", key, 100))).toBe(after);
});

test.each([
  ["w", "one two |three", "one |three"],
  ["u", "a\none two| three", "a\n| three"],
  ["k", "one| two\nb", "one|\nb"],
  ["a", "a\nbc|", "a\n|bc"],
  ["e", "|ab\nc", "ab|\nc"],
  ["x", "a|b", "a|b"],
])("^%s", (letter, before, after) => {
  expect(shown(edited(text(before), letter, { ctrl: true }, 100))).toBe(after);
});

test("a paste keeps its lines and loses what a terminal obeys", () => {
  expect(shown(edited(text("a|d"), "b\r\n\tc\x1b[2J\x07\u2028", {}, 100))).toBe("ab\n  c[2J\n|d");
});

test("what would make it too long is not taken, and nothing is cut", () => {
  expect(edited(text("日|"), "本語", {}, 9)).toEqual(text("日本語|"));
  expect(edited(text("日|"), "本語字", {}, 9)).toEqual(text("日|"));
  expect(edited(EMPTY, "日", {}, 2)).toBe(EMPTY);
});
