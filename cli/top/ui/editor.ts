import { characters } from "../text.ts";
import type { Key } from "./keys.ts";

/** A text of several lines that is being written. `cursor` is a place in it, always between two characters. */
export interface Text {
  readonly text: string;
  readonly cursor: number;
}

export const EMPTY: Text = { text: "", cursor: 0 };

/** Control characters but the line break, and what is no character: a paste may hold anything. */
const UNWANTED = /[^\P{Cc}\n]|\p{Cs}/gu;

/**
 * The text after a key: arrows, Home and End move, typing and pasting insert, Backspace and Delete take one character, ^W the word before,
 * ^U the line up to the cursor, ^K the rest of it, ^A and ^E go to its ends. A text stays within `mostBytes` of UTF-8.
 */
export function edited(before: Text, input: string, key: Key, mostBytes: number): Text {
  const { text, cursor } = before;
  const lineStart = text.lastIndexOf("\n", cursor - 1) + 1;
  const lineEnd = text.indexOf("\n", cursor) === -1 ? text.length : text.indexOf("\n", cursor);
  if (key.leftArrow) return { text, cursor: previous(text, cursor) };
  if (key.rightArrow) return { text, cursor: following(text, cursor) };
  if (key.home || (key.ctrl && input === "a")) return { text, cursor: lineStart };
  if (key.end || (key.ctrl && input === "e")) return { text, cursor: lineEnd };
  if (key.upArrow)
    return { text, cursor: lineStart === 0 ? 0 : sameColumn(text, lineStart, cursor, text.lastIndexOf("\n", lineStart - 2) + 1) };
  if (key.downArrow) return { text, cursor: lineEnd === text.length ? lineEnd : sameColumn(text, lineStart, cursor, lineEnd + 1) };
  if (key.backspace) return without(text, previous(text, cursor), cursor);
  if (key.delete) return without(text, cursor, following(text, cursor));
  if (key.ctrl && input === "w") return without(text, text.slice(0, cursor).replace(/\S*\s*$/, "").length, cursor);
  if (key.ctrl && input === "u") return without(text, lineStart, cursor);
  if (key.ctrl && input === "k") return without(text, cursor, lineEnd);
  if (key.ctrl || key.meta || key.pageUp || key.pageDown) return before;
  const given = input
    .replace(/\r\n?|\p{Zl}|\p{Zp}/gu, "\n")
    .replaceAll("\t", "  ")
    .replace(UNWANTED, "");
  const longer = text.slice(0, cursor) + given + text.slice(cursor);
  return Buffer.byteLength(longer) > mostBytes ? before : { text: longer, cursor: cursor + given.length };
}

function previous(text: string, cursor: number): number {
  return cursor - (characters(text.slice(Math.max(0, cursor - 64), cursor)).at(-1)?.length ?? 0);
}

function following(text: string, cursor: number): number {
  return cursor + (characters(text.slice(cursor, cursor + 64))[0]?.length ?? 0);
}

function without(text: string, from: number, to: number): Text {
  return { text: text.slice(0, from) + text.slice(to), cursor: from };
}

/** As far into another line as the cursor is into its own, or that line's end. */
function sameColumn(text: string, lineStart: number, cursor: number, otherStart: number): number {
  const column = characters(text.slice(lineStart, cursor)).length;
  const end = text.indexOf("\n", otherStart);
  const other = characters(text.slice(otherStart, end === -1 ? text.length : end));
  return otherStart + other.slice(0, column).join("").length;
}
