import type { LogLine } from "../model/log.ts";
import { clock } from "../model/times.ts";
import { safe } from "../text.ts";
import { type Column, type Line, line, row, rule, type Span, span, type Tone, titles } from "./line.ts";
import type { Picture } from "./picture.ts";

const TONES: Readonly<Record<string, Tone>> = {
  "task.created": "info",
  "task.claimed": "warn",
  "task.completed": "good",
  "task.submitted": "info",
  "task.failed": "bad",
  "task.lapsed": "bad",
  "task.late_result": "bad",
};

/** The event stream: a rule, titles, and the lines that are on the screen, the newest at the foot. */
export function logListLines(of: Picture): Line[] {
  const { layout, log, ui, top, index } = of;
  const width = layout.left;
  const visible = log.slice(top, top + layout.listRows);
  const digits = String(visible.at(-1)?.seq ?? 0).length;
  const columns: Column[] = [
    { title: "", width: 1 },
    { title: "SEQ", width: Math.max(4, digits), align: "right" },
    { title: "TIME", width: 8 },
    { title: "EVENT", width: 18 },
    { title: "AGENT", width: width >= 100 ? 20 : 14 },
    { title: "TASK", width: 0 },
  ];
  const follows = index === log.length - 1 ? "following" : "G follows";
  const filter = ui.filter === "" ? "" : `filter: ${safe(ui.filter)} · `;
  const lines = visible.map((entry, at): Line => {
    const isSelected = top + at === index;
    return { ...line(...row(columns, cellsOf(entry, isSelected), width)), isSelected };
  });
  const empty = line(span(ui.filter === "" ? "  nothing has happened yet" : "  nothing matches the filter; Esc drops it", "dim"));
  return [
    rule("log", `${filter}${log.length} newest · ${follows}`, width),
    titles(columns, width),
    ...(log.length === 0 ? [empty] : lines),
  ];
}

function cellsOf(entry: LogLine, isSelected: boolean): Span[] {
  const task = entry.number === null ? safe(entry.name) : `#${entry.number} ${safe(entry.name)}`;
  const text = entry.note === "" ? task : `${task} · ${safe(entry.note)}`;
  return [
    span(isSelected ? "›" : "", "strong"),
    span(String(entry.seq), "dim"),
    span(clock(entry.at), "dim"),
    span(entry.type, TONES[entry.type] ?? "plain"),
    span(safe(entry.agent ?? "")),
    span(text),
  ];
}
