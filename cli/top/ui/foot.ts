import { cell, fit, safe, width as widthOf, wrap } from "../text.ts";
import { helpLine } from "./help.ts";
import { typedText } from "./keys.ts";
import { MOST_NOTICE_ROWS } from "./layout.ts";
import { type Line, line, span } from "./line.ts";
import type { Dialog, Ui } from "./state.ts";

/** The lines at the foot: what was just done or refused, then the question that is open, or the keys. */
export function footLines(ui: Ui, width: number, rows: number): Line[] {
  const lines: Line[] = [];
  if (ui.notice) {
    const { tone } = ui.notice;
    const marks = { good: "✓", bad: "✗", info: "·" } as const;
    const texts = wrap(safe(ui.notice.text), width - 4).slice(0, MOST_NOTICE_ROWS);
    lines.push(...texts.map((text, index) => line(span(` ${index === 0 ? marks[tone] : " "} ${text}`, tone))));
  }
  lines.push(ui.dialog ? dialogLine(ui.dialog, ui.typed, width) : helpLine(width));
  while (lines.length < rows) lines.unshift(line(""));
  return lines.slice(-rows);
}

function dialogLine(dialog: Dialog, typed: string, width: number): Line {
  switch (dialog.kind) {
    case "filter":
      return asked(" filter: ", typed, "   Enter keeps it, Esc drops it", width);
    case "send": {
      const sofar = dialog.field === "name" ? "" : ` ${fit(safe(dialog.given.name), 24)},`;
      const hint = dialog.field === "name" ? "   Enter goes on, Esc leaves it" : `   Enter: ${dialog.given[dialog.field]}`;
      return asked(` send${sofar} ${dialog.field}: `, typed, typed === "" || dialog.field === "name" ? hint : "", width);
    }
    case "cancel":
      return line(
        span(fit(` cancel #${dialog.number} ${safe(dialog.name)}`, width - 22), "strong"),
        span(" for ever? y / any key no", "bad"),
      );
  }
}

/** A question with what has been typed so far: of a long text its end, where the typing goes on. */
function asked(label: string, typed: string, hint: string, width: number): Line {
  const room = Math.max(1, width - widthOf(label) - 2);
  let text = typedText(typed);
  while (widthOf(text) > room) text = text.slice(Math.max(1, text.length - room));
  const after = width - widthOf(label) - widthOf(text) - 1;
  return line(span(label, "strong"), span(text), span("▏", "info"), span(cell(hint, Math.max(0, after)), "dim"));
}
