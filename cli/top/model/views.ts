import { isAnnouncement, isTerminal, priorityRank, STATES } from "../../../protocol/lifecycle.ts";
import { concernOf } from "./attention.ts";
import type { BoardView } from "./board.ts";
import { holdOf } from "./held.ts";
import type { LogLine } from "./log.ts";
import type { Row } from "./row.ts";
import type { ViewName } from "./view-names.ts";

/** One line of the list of tasks. */
export interface TaskLine {
  readonly row: Row;
  /** An announcement among the jobs: there for context. */
  readonly isContext: boolean;
}

/** Announcements below the jobs of the active view: the newest so many. */
const MOST_CONTEXT = 5;

/** What is worked on first, then what waits for somebody, then what can be taken, then what cannot yet. */
function activeRank(row: Row): number {
  switch (row.state) {
    case "claimed":
      return 0;
    case "review":
      return 1;
    case "failed":
      return 2;
    case "pending":
      return row.ready ? 3 : 4;
    case "backlog":
      return 5;
    default:
      return 6;
  }
}

/** The tasks of a view that match what was typed, in its order. Its cost is that of the board's rows: compute it once a version. */
export function taskLines(board: BoardView, view: Exclude<ViewName, "log">, filter: string, now: number): TaskLine[] {
  const match = matcher(filter);
  if (view === "attention") return attentionLines(board, match, now);
  const rows = [...board.rows.values()];
  const matching = match ? rows.filter((row) => match(rowText(row, board))) : rows;
  if (view === "all") return jobLines(matching.sort((a, b) => b.number - a.number));
  const jobs = matching.filter((row) => !isTerminal(row.state) && !isAnnouncement(row.kind));
  const announced = matching.filter((row) => isAnnouncement(row.kind)).sort((a, b) => b.number - a.number);
  return [...jobLines(inOrder(jobs, activeRank)), ...announced.slice(0, MOST_CONTEXT).map((row) => ({ row, isContext: true }))];
}

function attentionLines(board: BoardView, match: Matcher, now: number): TaskLine[] {
  const ranks = new Map<Row, number>();
  for (const row of board.rows.values()) {
    const concern = concernOf(row, board, now);
    if (concern && (!match || match(`${rowText(row, board)} ${concern.text}`))) ranks.set(row, concern.rank);
  }
  return jobLines(inOrder([...ranks.keys()], (row) => ranks.get(row) ?? 0));
}

function jobLines(rows: readonly Row[]): TaskLine[] {
  return rows.map((row) => ({ row, isContext: false }));
}

/** By rank, then by priority, then the oldest first. */
function inOrder(rows: readonly Row[], rankOf: (row: Row) => number): Row[] {
  const keyed = rows.map((row) => ({ row, key: rankOf(row) * 10 + priorityRank(row.priority) }));
  return keyed.sort((a, b) => a.key - b.key || a.row.number - b.row.number).map(({ row }) => row);
}

/** The log's lines that match, oldest first. */
export function logLines(board: BoardView, filter: string): readonly LogLine[] {
  const match = matcher(filter);
  if (!match) return board.log;
  return board.log.filter((line) => match(`#${line.number} ${line.type} ${line.name} ${line.kind} ${line.agent ?? ""} ${line.note}`));
}

/** The state as people read it: `Ready`, or `Held` where a ready job cannot be claimed yet. */
export function stateWord(row: Row): string {
  return row.state === "pending" && !row.ready ? "Held" : STATES[row.state].label;
}

/** Everything on a task's line, for the filter to look in. */
function rowText(row: Row, board: BoardView): string {
  const held = holdOf(row, board)?.reason ?? "";
  return `#${row.number} ${row.id} ${row.name} ${row.kind} ${row.priority} ${row.state} ${stateWord(row)} ${held} ${row.claimedBy ?? ""} ${row.assignee ?? ""} ${row.labels.join(" ")}`;
}

type Matcher = ((text: string) => boolean) | undefined;

/** Every word has to be there, whatever its case. Undefined where no word is given: then no line's text need be put together. */
function matcher(filter: string): Matcher {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return undefined;
  return (text) => {
    const folded = text.toLowerCase();
    return words.every((word) => folded.includes(word));
  };
}
