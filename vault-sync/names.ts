import { createHash } from "node:crypto";

const SLUG_CHARACTERS = 48;
const SLUG_BYTES = 96;

/** Marks and letters that show nothing or change only the look of what stands before them. */
const INVISIBLE =
  /[\u0300-\u036f]|[\u20d0-\u20ff]|[\u115f\u1160]|[\u17b4\u17b5]|[\u180b-\u180f]|\u3164|[\ufe00-\ufe0f]|[\u{e0100}-\u{e01ef}]/gu;

/** As many whole characters as fit both bounds. */
function cut(text: string, characters: number, bytes: number): string {
  let taken = "";
  let size = 0;
  let count = 0;
  for (const character of text) {
    size += Buffer.byteLength(character);
    if (++count > characters || size > bytes) break;
    taken += character;
  }
  return taken;
}

/**
 * A name as part of a file name: letters and digits of any script in lower case, with hyphens between. What it holds is a file name
 * on every file system; that it is unique is its user's care. Empty where the name has neither letter nor digit.
 */
export function slug(name: string): string {
  const words = name
    .normalize("NFKD")
    .replace(INVISIBLE, "")
    .normalize("NFC")
    .toLowerCase()
    .normalize("NFC")
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, "-")
    .replace(/(^|-)\p{M}+/gu, "$1")
    .replace(/-{2,}/g, "-");
  const whole = words.replace(/^-+|-+$/g, "");
  const taken = cut(whole, SLUG_CHARACTERS, SLUG_BYTES);
  const lastWord = whole[taken.length] === undefined || whole[taken.length] === "-" ? -1 : taken.lastIndexOf("-");
  return (lastWord >= taken.length / 2 ? taken.slice(0, lastWord) : taken).replace(/-+$/, "");
}

/**
 * Where a task's note is, without its `.md`. Made of what never changes (creation time, first name, number), so that a renamed task
 * keeps its file and its links; the number makes it the only one.
 * @param at RFC 3339, UTC; the name holds it to the minute.
 */
export function taskPath(task: { at: string; name: string; kind: string; number: number }): string {
  const stamp = task.at.slice(0, 16).replace("T", "-").replace(":", "");
  const folder = task.kind === "decision" ? "decisions" : "tasks";
  return `${folder}/${stamp}-${slug(task.name) || "task"}-${task.number}`;
}

/** Names that Windows keeps for devices, whatever follows the first dot. */
const RESERVED = /^(con|prn|aux|nul|clock\$|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i;

/**
 * Where an agent's note is, without its `.md`. A handle that is a good file name is its own; in any other, what a file system or a
 * wikilink does not take becomes a hyphen. Handles that would share a file (`Bob` and `bob` do on many systems) are told apart by a
 * number, in the order in which the log first names them: the same order in every rebuild.
 * @param taken the names given so far, in lower case; the new one is added.
 */
export function agentPath(handle: string, taken: Set<string>): string {
  const safe = handle
    .normalize("NFC")
    .replace(/[^\p{L}\p{M}\p{N} ._@+-]+/gu, "-")
    .replace(INVISIBLE, "")
    .replace(/^[\s.\p{M}-]+|[\s.-]+$/gu, "");
  let base = cut(safe, 64, 128).replace(/[\s.]+$/, "");
  if (base === "") base = `agent-${createHash("sha256").update(handle).digest("hex").slice(0, 8)}`;
  if (RESERVED.test(base)) base = `agent-${base}`;
  const key = (name: string) => name.normalize("NFKC").toLowerCase().toUpperCase();
  let name = base;
  for (let next = 2; taken.has(key(name)); next++) name = `${base}-${next}`;
  taken.add(key(name));
  return `agents/${name}`;
}

/** A word as an Obsidian tag, which holds letters, digits, `_`, `-` and `/` and is not a number; undefined where nothing is left of it. */
export function tag(word: string): string | undefined {
  const clean = word
    .normalize("NFC")
    .replace(/[^\p{L}\p{M}\p{N}_/-]+/gu, "-")
    .replace(/\/[-/]*\/|\/-+|-+\//g, "/")
    .replace(/^[-/]+|[-/]+$/g, "");
  if (clean === "") return undefined;
  return /^[\p{N}/]+$/u.test(clean) ? `n${clean}` : clean;
}

/** The UTC day of a moment, as `2026-11-21`. */
export function dayOf(at: string): string {
  return at.slice(0, 10);
}
