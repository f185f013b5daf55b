import type { Worker } from "../model/agents.ts";
import { left, spanText } from "../model/times.ts";
import { safe } from "../text.ts";
import { type Column, type Line, line, row, rule, type Span, span, titles } from "./line.ts";
import type { Picture } from "./picture.ts";
import { DOTS, STATUS_TONES } from "./tones.ts";

/** A lease with less than this left is shown as a warning. */
const SOON_MS = 30_000;

/** The pane of agents: a rule, the columns' titles, and as many agents as the layout gives room for. */
export function agentLines(of: Picture): Line[] {
  const { layout, summary, ui } = of;
  const width = layout.left;
  const columns = columnsOf(width);
  const all = layout.shown;
  const hidden = summary.agents.stale - all.filter((worker) => worker.status === "stale").length;
  const isCut = all.length > layout.agentRows;
  const visible = all.slice(0, isCut ? layout.agentRows - 1 : layout.agentRows);
  const remark = hidden > 0 ? `${hidden} stale, A shows` : ui.showsStale && summary.agents.stale > 0 ? "A hides stale" : "";
  const lines = [
    rule("agents", remark, width),
    titles(columns, width),
    ...visible.map((worker) => agentLine(worker, of.now, columns, width)),
  ];
  if (isCut) lines.push(line(span(`  and ${all.length - visible.length} more`, "dim")));
  if (all.length === 0) lines.push(line(span(`  ${nobody(of, hidden)}`, "dim")));
  return lines;
}

function nobody({ phase }: Picture, hidden: number): string {
  if (phase === "reading") return "reading…";
  return hidden > 0 ? "nobody has been seen for a minute" : "nobody has come yet: coord heartbeat, coord mcp, coord next";
}

function columnsOf(width: number): Column[] {
  const isRoomy = width >= 90;
  return [
    { title: "", width: 1 },
    { title: "AGENT", width: isRoomy ? 22 : 16 },
    { title: "STATUS", width: 6 },
    { title: "UP", width: 4, align: "right" },
    { title: "HELD", width: 4, align: "right" },
    { title: "LEFT", width: 6, align: "right" },
    { title: "DOING", width: 0 },
  ];
}

function agentLine(worker: Worker, now: number, columns: readonly Column[], width: number): Line {
  const { agent, status, holds } = worker;
  const [first, ...others] = holds;
  const remaining = first?.leaseUntil == null ? null : first.leaseUntil - now;
  const more = others.length > 0 ? ` and ${others.length} more` : "";
  const cells: Span[] = [
    span(DOTS[status], STATUS_TONES[status]),
    span(safe(agent.id), "strong"),
    span(status, STATUS_TONES[status]),
    span(spanText(now - agent.firstSeen), "dim"),
    span(first?.claimedAt == null ? "" : spanText(now - first.claimedAt)),
    remaining === null ? span(first ? "none" : "", "dim") : span(left(remaining), remaining < SOON_MS ? "bad" : "plain"),
    first ? span(`#${first.number} ${safe(first.name)}${more}`) : span(agent.type === "user" ? "· a person" : "·", "dim"),
  ];
  return line(...row(columns, cells, width));
}
