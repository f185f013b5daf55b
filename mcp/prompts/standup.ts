import type { EventType } from "../../protocol/events.ts";
import { boardText } from "../resources/board.ts";
import { eventLine } from "../resources/log.ts";
import type { Prompt } from "./prompt.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const EVENTS = 60;
const ENDS: EventType[] = ["task.completed", "task.submitted", "task.failed", "task.cancelled", "task.lapsed"];

export const standup: Prompt = {
  name: "standup",
  title: "Standup",
  description: "Where the board stands: done, in progress, stuck, next",
  arguments: [{ name: "kind", description: "only tasks of this kind", completes: "kind" }],
  async text({ kind }, board, options) {
    const [state, { events }] = await Promise.all([
      boardText(board, { kind, options }),
      board.read("events/list", { limit: EVENTS, filter: { type: ENDS, ...(kind === undefined ? {} : { kind }) } }, options),
    ]);
    // by the log's own clock, as far as it says it: nothing happens after its last line
    const newest = Date.parse(events.at(-1)?.at ?? "");
    const lately = events.filter(({ at }) => Date.parse(at) > newest - DAY_MS).map((event) => `- ${eventLine(event, true)}`);
    return `Give me the standup of this board, in at most fifteen lines:
1. **Done**: what was finished or handed in lately, and by whom.
2. **In progress**: who holds what, and which lease is about to end.
3. **Stuck**: what failed and why, what waits for a review, what is held and by what. Say for each what would get it moving.
4. **Next**: what is ready to claim, the most urgent first.
Name tasks as #number and its name. Leave out a heading that has nothing. Say nothing that is not below; tasks_get has the details of a task, and checkin says what you hold yourself.

${state}
## Ended in the last day of activity

${lately.length > 0 ? lately.join("\n") : "Nothing."}
`;
  },
};
