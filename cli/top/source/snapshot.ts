import type { ParamsIn, Result } from "../../../protocol/index.ts";
import { isTerminal, STATE_NAMES } from "../../../protocol/lifecycle.ts";
import type { Task } from "../../../protocol/records.ts";
import type { Session } from "../../client/types.ts";
import { BOARD_LIMITS, type Board } from "../model/board.ts";

/** Tasks come with their payloads, each up to half a megabyte with its result: a page of these stays below what one frame may hold. */
const PAGE_ROWS = 50;
/** Of what is over, the newest so many: history is for `coord tasks`, the screen shows what is going on. */
const MOST_OVER = 2_000;
const MOST_OPEN = BOARD_LIMITS.rows - MOST_OVER;
/** Lines of the log from before the screen was opened. */
const RECENT_EVENTS = 500;

const OPEN = STATE_NAMES.filter((state) => !isTerminal(state));
const OVER = STATE_NAMES.filter((state) => isTerminal(state));

/**
 * Reads the board into an empty model. The log's head is taken first: whatever changes while the pages are read comes again as an event
 * after it, and the model tells the two apart by `rev`. Follow the log from `board.cursor` afterwards.
 * @throws CliError as the session's calls do.
 */
export async function readBoard(session: Session, board: Board, onPage: () => void = () => {}): Promise<void> {
  board.begin(await session.call("workspace/info", {}));
  board.meet(await session.call("agents/list", {}));
  const page = (tasks: Task[]) => {
    board.put(tasks);
    onPage();
  };
  await readPages(session, { state: OPEN }, MOST_OPEN, page);
  await readPages(session, { state: OVER }, MOST_OVER, page);
  board.remember((await session.call("events/list", { limit: RECENT_EVENTS })).events);
  onPage();
}

async function readPages(session: Session, filter: ParamsIn<"tasks/list">, most: number, onPage: (tasks: Task[]) => void): Promise<void> {
  let cursor: string | undefined;
  for (let read = 0; read < most; ) {
    const answer = await session.call("tasks/list", {
      ...filter,
      limit: PAGE_ROWS,
      page: true,
      ...(cursor === undefined ? {} : { cursor }),
    });
    const { tasks, next } = answer as Exclude<Result<"tasks/list">, Task[]>;
    onPage(tasks);
    read += tasks.length;
    if (next === null) return;
    cursor = next;
  }
}
