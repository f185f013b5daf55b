import { type Worker, workersOf } from "../model/agents.ts";
import type { BoardView } from "../model/board.ts";
import type { Detail } from "../model/detail.ts";
import type { LogLine } from "../model/log.ts";
import { type Summary, summaryOf } from "../model/summary.ts";
import { logLines, type TaskLine, taskLines } from "../model/views.ts";
import type { Phase } from "../source/source.ts";
import { type Dialogue, dialogLines } from "./dialog.ts";
import type { ActedOn, Surroundings } from "./keys.ts";
import { type Layout, layoutOf, type Size } from "./layout.ts";
import type { Line } from "./line.ts";
import type { Place, Ui } from "./state.ts";

/** Everything that one frame is drawn from. The same picture gives the same frame. */
export interface Picture {
  readonly ui: Ui;
  readonly size: Size;
  readonly layout: Layout;
  /** The time of the frame, in milliseconds since 1970; of a paused one, when it was paused. */
  readonly now: number;
  readonly phase: Phase;
  /** How long the phase has lasted, in milliseconds. */
  readonly phaseMs: number;
  /** Where the server is. */
  readonly url: string;
  /** Events that a paused screen does not show. */
  readonly unshown: number;
  readonly board: BoardView;
  readonly summary: Summary;
  readonly workers: readonly Worker[];
  readonly tasks: readonly TaskLine[];
  readonly log: readonly LogLine[];
  /** The selected line of the view's list; -1 where it has none. */
  readonly index: number;
  /** The first line of the list on the screen. */
  readonly top: number;
  /** The full record of the task in focus, as far as it has been read. */
  readonly detail: Detail | undefined;
  /** Who acts; null where nothing says who that is. */
  readonly me: string | null;
  /** The question that is open; empty where none is. */
  readonly dialog: readonly Line[];
}

export interface Given {
  readonly ui: Ui;
  readonly size: Size;
  readonly now: number;
  readonly phase: Phase;
  readonly phaseMs: number;
  readonly url: string;
  readonly unshown: number;
  readonly board: BoardView;
  readonly detailOf: (id: string | null) => Detail | undefined;
  readonly me?: string | null;
}

/** Puts a frame's picture together. `before`, the frame before it, saves sorting what has not changed and keeps the list from jumping. */
export function picture(given: Given, before?: Picture): Picture {
  const { ui, size, now, board, detailOf, ...rest } = given;
  const isSame = before !== undefined && before.board.version === board.version && before.board.rows === board.rows;
  const isSameSecond = isSame && Math.floor(before.now / 1000) === Math.floor(now / 1000);
  const workers = isSameSecond ? before.workers : workersOf(board.agents.values(), board.rows.values(), now);
  const summary = isSameSecond ? before.summary : summaryOf(board, workers);
  // Only what needs a person depends on the time as well.
  const isSameList = (ui.view === "attention" ? isSameSecond : isSame) && before?.ui.view === ui.view && before.ui.filter === ui.filter;
  const tasks = ui.view === "log" ? [] : isSameList ? before.tasks : taskLines(board, ui.view, ui.filter, now);
  const log = ui.view !== "log" ? [] : isSameList ? before.log : logLines(board, ui.filter);
  const length = ui.view === "log" ? log.length : tasks.length;
  const index =
    ui.view === "log"
      ? placed(ui.log, length, (at) => String(log[at]?.seq), "last")
      : placed(ui.tasks, length, (at) => tasks[at]?.row.id, "first");
  const focused = ui.story?.id ?? selectedId(ui, tasks, log, index);
  const detail = detailOf(dialogTarget(ui) ?? focused);
  const me = given.me ?? null;
  const asked: Dialogue = { ui, size, now, me, detail };
  const dialog = dialogLines(asked);
  const layout = layoutOf(size, ui, workers, Math.max(1, dialog.length));
  const top = topOf(before?.ui.view === ui.view ? before.top : 0, index, length, layout.listRows);
  return { ...rest, ui, size, now, board, layout, workers, summary, tasks, log, index, top, detail, me, dialog };
}

/** The task that an open question is about, which stays the same while the list moves under it. */
function dialogTarget({ dialog }: Ui): string | undefined {
  return dialog !== null && "id" in dialog ? dialog.id : undefined;
}

/** Where the place is now: with its line, or where that was when it is gone. */
function placed(place: Place, length: number, keyAt: (index: number) => string | undefined, whenNull: "first" | "last"): number {
  if (length === 0) return -1;
  if (place.key === null) return whenNull === "first" ? 0 : length - 1;
  if (keyAt(place.index) === place.key) return place.index;
  for (let at = 0; at < length; at++) if (keyAt(at) === place.key) return at;
  return Math.min(place.index, length - 1);
}

/** Scrolls as little as keeps the selected line on the screen. */
function topOf(before: number, index: number, length: number, rows: number): number {
  const most = Math.max(0, length - rows);
  const least = Math.max(0, index - rows + 1);
  return Math.min(most, Math.max(least, Math.min(before, Math.max(0, index))));
}

function selectedId(ui: Ui, tasks: readonly TaskLine[], log: readonly LogLine[], index: number): string | null {
  return (ui.view === "log" ? log[index]?.taskId : tasks[index]?.row.id) ?? null;
}

/** The task whose full record is wanted: what an open question is about, the story's, or the selected one; null where nobody looks. */
export function lookedAt(of: Picture): string | null {
  const { dialog, story, fullDetail } = of.ui;
  if (dialog?.kind === "approve" || dialog?.kind === "write") return dialog.id;
  if (story !== null) return story.id;
  return of.layout.pane > 0 || fullDetail !== null ? (selectedTask(of)?.id ?? null) : null;
}

/** The task that the keys act on: the one whose story is open, else the selected one. */
function actedOn(of: Picture): ActedOn | null {
  const task = of.ui.story ?? selectedTask(of);
  if (task === null) return null;
  const row = of.board.rows.get(task.id);
  return { id: task.id, number: task.number, name: task.name, state: row?.state ?? null, attempt: row?.attempt ?? null };
}

/** The task of the selected line. */
export function selectedTask(of: Picture): { id: string; number: number; name: string } | null {
  if (of.ui.view !== "log") {
    const row = of.tasks[of.index]?.row;
    return row ? { id: row.id, number: row.number, name: row.name } : null;
  }
  const entry = of.log[of.index];
  return entry?.taskId && entry.number !== null ? { id: entry.taskId, number: entry.number, name: entry.name } : null;
}

/** The picture as the keys need to know it. @param detailLength lines of the full detail. */
export function surroundings(of: Picture, detailLength: number): Surroundings {
  const { ui, tasks, log, index, layout } = of;
  return {
    keys: ui.view === "log" ? log.map((entry) => String(entry.seq)) : tasks.map((entry) => entry.row.id),
    index,
    task: actedOn(of),
    page: ui.fullDetail === null && ui.story === null ? layout.listRows : layout.bodyRows,
    detailEnd: Math.max(0, detailLength - layout.bodyRows),
    me: of.me,
    isWide: layout.isWide,
  };
}
