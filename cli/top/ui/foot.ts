import { safe, wrap } from "../text.ts";
import { helpLine } from "./help.ts";
import { MOST_NOTICE_ROWS } from "./layout.ts";
import { type Line, line, span } from "./line.ts";
import type { Ui } from "./state.ts";

/** The lines at the foot: what was just done or refused, then the question that is open, or the keys. */
export function footLines(ui: Ui, dialog: readonly Line[], width: number, rows: number): Line[] {
  const lines: Line[] = [];
  if (ui.notice) {
    const { tone } = ui.notice;
    const marks = { good: "✓", bad: "✗", info: "·" } as const;
    const texts = wrap(safe(ui.notice.text), width - 4).slice(0, MOST_NOTICE_ROWS);
    lines.push(...texts.map((text, index) => line(span(` ${index === 0 ? marks[tone] : " "} ${text}`, tone))));
  }
  lines.push(...(dialog.length > 0 ? dialog : [helpLine(width)]));
  while (lines.length < rows) lines.unshift(line(""));
  return lines.slice(-rows);
}
