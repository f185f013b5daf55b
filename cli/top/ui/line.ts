import { cell, width } from "../text.ts";

/** What a piece of text means; how that looks is decided where it is painted, and no meaning is told by it alone. */
export type Tone = "plain" | "dim" | "strong" | "title" | "good" | "warn" | "bad" | "info";

/** A piece of a line. Its text is safe (`text.ts`) already. */
export interface Span {
  readonly text: string;
  readonly tone?: Tone;
}

/** One line of the screen, at most as wide as the place it is for. */
export interface Line {
  readonly spans: readonly Span[];
  readonly isSelected?: boolean;
}

export function line(...spans: readonly (Span | string)[]): Line {
  return { spans: spans.map((span) => (typeof span === "string" ? { text: span } : span)) };
}

export function span(text: string, tone?: Tone): Span {
  return tone === undefined ? { text } : { text, tone };
}

export interface Column {
  readonly title: string;
  readonly width: number;
  readonly align?: "left" | "right";
}

const GAP = " ";

/** The cells of a row, each in its column; the last column takes what is left of the width. */
export function row(columns: readonly Column[], cells: readonly Span[], lineWidth: number): Span[] {
  const spans: Span[] = [];
  let used = 0;
  for (const [index, column] of columns.entries()) {
    const isLast = index === columns.length - 1;
    const room = isLast ? lineWidth - used : Math.min(column.width, lineWidth - used);
    if (room <= 0) break;
    const given = cells[index] ?? span("");
    spans.push({ ...given, text: cell(given.text, room, column.align) });
    used += room;
    if (!isLast && used < lineWidth) {
      spans.push(span(GAP));
      used += GAP.length;
    }
  }
  return spans;
}

export function titles(columns: readonly Column[], lineWidth: number): Line {
  return line(
    ...row(
      columns,
      columns.map((column) => span(column.title, "dim")),
      lineWidth,
    ),
  );
}

/** A rule across the width with a title at its left and a remark at its right: `── tasks ───────── 12 ──`. */
export function rule(title: string, remark: string, lineWidth: number): Line {
  const head = `── ${title} `;
  const tail = remark === "" ? "" : ` ${remark} ──`;
  const between = lineWidth - width(head) - width(tail);
  if (between < 1) return line(span(cell(`── ${title} · ${remark}`, lineWidth), "title"));
  return line(span("── ", "dim"), span(`${title} `, "title"), span(`${"─".repeat(between)}${tail}`, "dim"));
}

/** One text at the left and one at the right; where both do not fit, the right one goes. */
export function apart(left: readonly Span[], right: readonly Span[], lineWidth: number): Line {
  const taken = (spans: readonly Span[]) => spans.reduce((sum, { text }) => sum + width(text), 0);
  const between = lineWidth - taken(left) - taken(right);
  if (between < 1) return clip(line(...left), lineWidth);
  return line(...left, span(" ".repeat(between)), ...right);
}

/** The line, cut to a width. */
export function clip(given: Line, lineWidth: number): Line {
  const spans: Span[] = [];
  let used = 0;
  for (const each of given.spans) {
    const wide = width(each.text);
    if (used + wide <= lineWidth) {
      spans.push(each);
      used += wide;
      continue;
    }
    spans.push({ ...each, text: cell(each.text, lineWidth - used) });
    break;
  }
  return { ...given, spans };
}
