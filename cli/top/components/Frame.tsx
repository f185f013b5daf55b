import { Box } from "ink";
import { safe } from "../text.ts";
import { agentLines } from "../ui/agents.ts";
import { detailLines } from "../ui/detail.ts";
import { footLines } from "../ui/foot.ts";
import { headerLines } from "../ui/header.ts";
import { helpLines } from "../ui/help.ts";
import { LEAST } from "../ui/layout.ts";
import { type Line, line, rule, span } from "../ui/line.ts";
import { logListLines } from "../ui/log.ts";
import { type Picture, selectedTask } from "../ui/picture.ts";
import { storyViewLines } from "../ui/story.ts";
import { taskListLines } from "../ui/tasks.ts";
import { Lines } from "./Lines.tsx";

export interface FrameProps {
  readonly of: Picture;
  readonly hasColour: boolean;
}

/** The whole screen, drawn from a picture alone: header, body and foot, exactly as large as the terminal. */
export function Frame({ of, hasColour }: FrameProps) {
  const { columns, rows } = of.size;
  const { layout, ui } = of;
  if (layout.isTooSmall) {
    const text = `coord top needs ${LEAST.columns}×${LEAST.rows}; this is ${columns}×${rows}. q quits`;
    return <Lines lines={[line(text)]} width={columns} height={rows} hasColour={hasColour} />;
  }
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      <Lines lines={headerLines(of)} width={columns} height={2} hasColour={hasColour} />
      <Body of={of} hasColour={hasColour} />
      <Lines lines={footLines(ui, of.dialog, columns, layout.footRows)} width={columns} height={layout.footRows} hasColour={hasColour} />
    </Box>
  );
}

function Body({ of, hasColour }: FrameProps) {
  const { layout, ui } = of;
  const { columns } = of.size;
  const height = layout.bodyRows;
  if (ui.isHelp) {
    const remark = `${of.me === null ? "" : `you act as ${safe(of.me)} · `}any key goes back`;
    return <Lines lines={[rule("keys", remark, columns), ...helpLines()]} width={columns} height={height} hasColour={hasColour} />;
  }
  if (ui.story !== null) return <Lines lines={storyFrame(of, columns)} width={columns} height={height} hasColour={hasColour} />;
  if (ui.fullDetail !== null) return <Lines lines={fullDetailLines(of, columns)} width={columns} height={height} hasColour={hasColour} />;
  const list = ui.view === "log" ? logListLines(of) : taskListLines(of);
  const agents = agentLines(of);
  const left = [...agents, ...blanks(layout.agentRows + 2 - agents.length), ...list];
  if (layout.pane === 0) return <Lines lines={left} width={layout.left} height={height} hasColour={hasColour} />;
  const border = Array.from({ length: height }, () => line(span("│", "dim")));
  const pane = [rule("detail", "Enter: in full", layout.pane), ...selectedDetail(of, layout.pane - 1)];
  return (
    <Box height={height} flexShrink={0}>
      <Lines lines={left} width={layout.left} height={height} hasColour={hasColour} />
      <Lines lines={border} width={1} height={height} hasColour={hasColour} />
      <Lines lines={pane.map(indented)} width={layout.pane} height={height} hasColour={hasColour} />
    </Box>
  );
}

function indented(given: Line, index: number): Line {
  return index === 0 ? given : { ...given, spans: [span(" "), ...given.spans] };
}

function blanks(count: number): Line[] {
  return Array.from({ length: Math.max(0, count) }, () => line(""));
}

/** The selected task's detail in lines. */
function selectedDetail(of: Picture, width: number): Line[] {
  const selected = selectedTask(of);
  const row = selected ? of.board.rows.get(selected.id) : undefined;
  return detailLines(row, of.detail, of.board, of.now, width);
}

function fullDetailLines(of: Picture, width: number): Line[] {
  return scrolled(of, "detail", "Enter goes back", selectedDetail(of, width - 2), of.ui.fullDetail ?? 0, width);
}

function storyFrame(of: Picture, width: number): Line[] {
  return scrolled(of, "history", "Esc goes back", storyViewLines(of, width - 2), of.ui.story?.top ?? 0, width);
}

/** Lines under a title that says which of them are on the screen. */
function scrolled(of: Picture, title: string, back: string, all: readonly Line[], wanted: number, width: number): Line[] {
  const lines = all.map((each) => ({ ...each, spans: [span(" "), ...each.spans] }));
  const height = of.layout.bodyRows - 1;
  const top = Math.max(0, Math.min(wanted, lines.length - height));
  const part = lines.length > height ? `${top + 1}-${Math.min(lines.length, top + height)} of ${lines.length} · ` : "";
  return [rule(title, `${part}${back}`, width), ...lines.slice(top, top + height)];
}

/** How many lines stand in the way of the list now and can be scrolled; also what the keys need to know. */
export function scrollLength(of: Picture): number {
  const width = of.size.columns - 2;
  if (of.ui.story !== null) return storyViewLines(of, width).length + 1;
  return of.ui.fullDetail === null ? 0 : selectedDetail(of, width).length + 1;
}
