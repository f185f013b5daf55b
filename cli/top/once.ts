import type { Session, Target } from "../client/types.ts";
import { printJson } from "../output/print.ts";
import { hasColour } from "../output/terminal.ts";
import { pictureJson } from "./json.ts";
import { Board } from "./model/board.ts";
import type { ViewName } from "./model/view-names.ts";
import { Details } from "./source/details.ts";
import { readBoard } from "./source/snapshot.ts";
import type { Size } from "./ui/layout.ts";
import { type Given, picture, selectedTask } from "./ui/picture.ts";
import { initialUi } from "./ui/state.ts";

/** What one frame shows. */
export interface FrameOptions {
  readonly view: ViewName;
  readonly filter: string;
  readonly json: boolean;
  /** By default the terminal's, or 80×24 where there is none. */
  readonly size?: Size;
}

/** Reads the board, and prints the frame with which the live screen would begin, or its data. */
export async function printOnce(session: Session, target: Target, { view, filter, json, size }: FrameOptions): Promise<void> {
  const board = new Board();
  await readBoard(session, board);
  const details = new Details(session, () => {});
  const { isTTY, columns, rows } = process.stdout;
  const given: Given = {
    ui: initialUi(view, filter),
    // A line less than the terminal has: the prompt that follows must not push the header out.
    size: size ?? (isTTY && columns && rows ? { columns, rows: rows - 1 } : { columns: 80, rows: 24 }),
    now: Date.now(),
    phase: "live",
    phaseMs: 0,
    url: target.url,
    unshown: 0,
    board: board.view(),
    detailOf: (id) => details.of(id),
  };
  const before = picture(given);
  const selected = selectedTask(before);
  const row = selected ? board.rows.get(selected.id) : undefined;
  if (row && (json || before.layout.pane > 0)) await details.read(row);
  const of = picture(given);
  if (json) return printJson(pictureJson(of));
  const { frameText } = await import("./text-frame.tsx");
  process.stdout.write(`${frameText(of, hasColour())}\n`);
}
