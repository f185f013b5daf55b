import { STATES } from "../../../protocol/lifecycle.ts";
import type { Summary } from "../model/summary.ts";
import { clock, spanText } from "../model/times.ts";
import { safe } from "../text.ts";
import { apart, clip, type Line, type Span, span, type Tone } from "./line.ts";
import type { Picture } from "./picture.ts";
import { DOTS, STATUS_TONES } from "./tones.ts";

/** The two lines at the top: where this is and whether it is live; who is here and what there is. */
export function headerLines(of: Picture): Line[] {
  const { board, size, url } = of;
  const where = size.columns >= 100 ? [span(`  ${safe(url)}`, "dim")] : [];
  const title = [span(" coord", "title"), span(` ${safe(board.workspace || "…")}`, "strong"), ...where];
  return [apart(title, [...liveness(of), span(`  ${clock(of.now)} `)], size.columns), figures(of.summary, size.columns)];
}

function liveness(of: Picture): Span[] {
  if (of.ui.isPaused) return [span(`‖ paused, ${of.unshown} new`, "warn")];
  if (of.phase === "reconnecting") return [span(`↻ reconnecting for ${spanText(of.phaseMs)}`, "bad")];
  if (of.phase === "reading") return [span(`… reading the board, ${of.board.rows.size} tasks`, "info")];
  return [span("▸ live", "good"), span(` seq ${of.board.cursor}`, "dim")];
}

const TASK_FIGURES: readonly (readonly [keyof Summary["tasks"], string, Tone])[] = [
  ["ready", "ready", "plain"],
  ["held", "held", "dim"],
  ["claimed", STATES.claimed.label.toLowerCase(), "warn"],
  ["review", STATES.review.label.toLowerCase(), "info"],
  ["failed", STATES.failed.label.toLowerCase(), "bad"],
  ["completed", STATES.completed.label.toLowerCase(), "good"],
  ["backlog", STATES.backlog.label.toLowerCase(), "dim"],
  ["cancelled", STATES.cancelled.label.toLowerCase(), "dim"],
  ["idea", "ideas", "dim"],
];

/** What is always shown, even at nought; the others only where there are any. */
const ALWAYS = new Set<keyof Summary["tasks"]>(["ready", "claimed", "failed", "completed"]);

/** What goes first where there is no room for all. */
const LEFT_OUT_FIRST: readonly (keyof Summary["tasks"])[] = ["idea", "cancelled", "backlog", "held", "completed", "review"];

/** Agents by status, tasks by state; what does not fit is left out, the least needed first. */
function figures(summary: Summary, width: number): Line {
  const isRoomy = width >= 100;
  const gap = span(isRoomy ? "   " : " ");
  const agents = (["active", "idle", "stale"] as const).flatMap((status, index) => [
    ...(index === 0 ? [span(" ")] : [gap]),
    span(`${DOTS[status]} `, STATUS_TONES[status]),
    span(`${summary.agents[status]} ${status}`),
  ]);
  let tasks = TASK_FIGURES.filter(([key]) => ALWAYS.has(key) || summary.tasks[key] > 0);
  const spans = () => [
    ...agents,
    span(" │", "dim"),
    ...tasks.flatMap((figure, index) => [index === 0 ? span(" ") : gap, ...figureOf(summary, figure)]),
  ];
  const length = () => spans().reduce((sum, each) => sum + each.text.length, 0);
  for (const key of LEFT_OUT_FIRST) if (length() > width) tasks = tasks.filter(([each]) => each !== key);
  return clip({ spans: spans() }, width);
}

function figureOf(summary: Summary, [key, word, tone]: (typeof TASK_FIGURES)[number]): Span[] {
  const count = summary.tasks[key];
  return [span(String(count), count > 0 ? tone : "dim"), span(` ${word}`, "dim")];
}
