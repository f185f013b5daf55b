import type { Worker } from "../model/agents.ts";
import type { Ui } from "./state.ts";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Where everything goes, in columns and rows of the terminal. */
export interface Layout {
  readonly isTooSmall: boolean;
  /** The detail has room beside the list. */
  readonly isWide: boolean;
  /** Width of the agents and the list. */
  readonly left: number;
  /** Width of the detail pane, or 0. */
  readonly pane: number;
  /** Agents on the screen: lines of the pane of agents below its two titles. */
  readonly agentRows: number;
  /** Lines of the list below its two titles. */
  readonly listRows: number;
  /** Everything between header and foot. */
  readonly bodyRows: number;
  readonly footRows: number;
  /** The agents that are shown at all, stale ones only on demand or while they hold something. */
  readonly shown: readonly Worker[];
}

export const LEAST: Size = { columns: 40, rows: 10 };
const HEADER_ROWS = 2;
const TITLE_ROWS = 2;
const WIDE_COLUMNS = 130;
const PANE_PART = 0.4;
const PANE_LEAST = 46;
const PANE_MOST = 84;
/** Of the body, at most this part for agents. */
const AGENTS_PART = 0.35;
/** A refusal with its remedy takes up to so many lines. */
export const MOST_NOTICE_ROWS = 3;

/** @param dialogRows lines that an open question takes at the foot, in place of the keys. */
export function layoutOf(size: Size, ui: Ui, workers: readonly Worker[], dialogRows = 1): Layout {
  const { columns, rows } = size;
  const isWide = columns >= WIDE_COLUMNS;
  const pane = isWide && ui.hasPane ? Math.min(PANE_MOST, Math.max(PANE_LEAST, Math.floor(columns * PANE_PART))) : 0;
  const left = pane === 0 ? columns : columns - pane - 1;
  const footRows = dialogRows + (ui.notice ? noticeRows(ui.notice.text, columns) : 0);
  const bodyRows = Math.max(0, rows - HEADER_ROWS - footRows);
  const shown = workers.filter((worker) => ui.showsStale || worker.status !== "stale" || worker.holds.length > 0);
  const mostAgents = Math.max(1, Math.floor((bodyRows - TITLE_ROWS * 2) * AGENTS_PART));
  const agentRows = Math.min(mostAgents, Math.max(1, shown.length));
  const listRows = Math.max(1, bodyRows - TITLE_ROWS * 2 - agentRows);
  return { isTooSmall: columns < LEAST.columns || rows < LEAST.rows, isWide, left, pane, agentRows, listRows, bodyRows, footRows, shown };
}

/** Roughly: a line more than needed leaves the list a line shorter, and nothing else. */
function noticeRows(text: string, columns: number): number {
  return Math.min(MOST_NOTICE_ROWS, Math.max(1, Math.ceil(text.length / Math.max(1, columns - 8))));
}
