import { createHash } from "node:crypto";

/**
 * Our block in a Markdown file that belongs to somebody else. The first marker carries a digest of the body as we wrote it:
 * a body that still has its digest is ours to update; any other was edited by hand and is left alone unless forced.
 */
const BEGIN = /^<!-- coord:begin(?: ([0-9a-f]{12}))?[^\r\n]*-->[ \t]*$/gm;
const END = /^<!-- coord:end -->[ \t]*$/gm;

/** What the file needs: `kept` is a block edited by hand, `damaged` markers that do not pair up. */
export type BlockChange =
  | { action: "created" | "updated" | "unchanged"; text: string; replaced?: "edited" | "damaged" }
  | { action: "kept"; text: string }
  | { action: "damaged"; text: string; why: string };

/**
 * The file's text with our block in it. Nothing outside the markers changes, line ends included.
 * @param before the file's text, undefined where there is none
 * @param force replace a block that was edited by hand; where the markers do not pair up, drop them and append a new block
 */
export function withBlock(before: string | undefined, body: string, force = false): BlockChange {
  if (before === undefined || before.trim() === "") return { action: "created", text: `${block(body)}\n` };
  const newline = before.includes("\r\n") ? "\r\n" : "\n";
  const ours = block(body).replaceAll("\n", newline);
  const begins = [...before.matchAll(BEGIN)];
  const ends = [...before.matchAll(END)];
  const [begin] = begins;
  const [end] = ends;

  if (!begin && !end) return { action: "updated", text: append(before, ours, newline) };
  if (!begin || !end || begins.length > 1 || ends.length > 1 || end.index < begin.index) {
    if (!force) return { action: "damaged", text: before, why: describe(begins.length, ends.length) };
    const cleared = before.replace(BEGIN, "").replace(END, "");
    return { action: "updated", text: append(cleared, ours, newline), replaced: "damaged" };
  }

  const stop = end.index + end[0].length;
  const there = before.slice(begin.index, stop);
  if (there === ours) return { action: "unchanged", text: before };
  const inside = before.slice(begin.index + begin[0].length, end.index);
  const edited = begin[1] !== digest(inside);
  if (edited && !force) return { action: "kept", text: before };
  const text = before.slice(0, begin.index) + ours + before.slice(stop);
  return { action: "updated", text, ...(edited ? { replaced: "edited" as const } : {}) };
}

/** What taking the block out comes to: `kept` is one edited by hand, `damaged` markers that do not pair up. */
export interface BlockRemoval {
  readonly action: "removed" | "absent" | "kept" | "damaged";
  readonly text: string;
}

/**
 * The file's text without our block and the empty line that set it apart.
 * @param force take a block out that was edited by hand
 */
export function withoutBlock(before: string, force = false): BlockRemoval {
  const begins = [...before.matchAll(BEGIN)];
  const ends = [...before.matchAll(END)];
  const [begin] = begins;
  const [end] = ends;
  if (!begin && !end) return { action: "absent", text: before };
  if (!begin || !end || begins.length > 1 || ends.length > 1 || end.index < begin.index) return { action: "damaged", text: before };
  const inside = before.slice(begin.index + begin[0].length, end.index);
  if (begin[1] !== digest(inside) && !force) return { action: "kept", text: before };
  const newline = before.includes("\r\n") ? "\r\n" : "\n";
  const head = before.slice(0, begin.index).replace(/(\r?\n)(?:[ \t]*\r?\n)+$/, "$1");
  const tail = before.slice(end.index + end[0].length).replace(/^\r?\n/, "");
  const between = head.trim() === "" || tail.trim() === "" || /^\r?\n/.test(tail) ? "" : newline;
  return { action: "removed", text: head.trim() === "" ? tail.replace(/^(?:[ \t]*\r?\n)+/, "") : head + between + tail };
}

/** The block as it is written, without a newline at its end. */
export function block(body: string): string {
  const trimmed = body.trim();
  return `<!-- coord:begin ${digest(trimmed)} (by "coord init"; edit outside this block) -->\n${trimmed}\n<!-- coord:end -->`;
}

function digest(body: string): string {
  return createHash("sha256").update(body.replaceAll("\r\n", "\n").trim()).digest("hex").slice(0, 12);
}

function append(before: string, ours: string, newline: string): string {
  return `${before.trimEnd()}${newline}${newline}${ours}${newline}`;
}

function describe(begins: number, ends: number): string {
  if (begins === 1 && ends === 1) return "its coord:end marker stands before coord:begin";
  return `it has ${begins} coord:begin and ${ends} coord:end markers instead of one pair`;
}
