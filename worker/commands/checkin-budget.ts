import type { Checkin } from "../../protocol/index.ts";
import { tokens } from "../../protocol/tokens.ts";

/** What a check-in may cost its reader, in tokens: it is read on every waking. */
export const CHECKIN_TOKENS = 1_500;
/** Characters that are left of a name and of what somebody said, step by step, before anything is left out altogether. */
const CUTS = [
  { name: 60, body: 160 },
  { name: 24, body: 80 },
] as const;

/** How many entries of which list are not in the answer. */
export type LeftOut = Readonly<Record<string, number>>;

type Lists = Pick<Checkin, "holds" | "urgent" | "feedback" | "mentions" | "agents"> & { recent: Checkin["changes"]["recent"] };

/** What gives way first where there is too much: who is here can be asked again, what I hold cannot be missed. */
const GIVES_WAY = ["agents", "recent", "urgent", "mentions", "feedback", "holds"] as const satisfies readonly (keyof Lists)[];

/**
 * A check-in within its budget. What fits is left as it came; else texts are cut, and then the ends of lists, the least pressing list
 * first, down to one each and then to none. `left_out` says how many of which, those that were never read (`before`) included.
 */
export function fitted(seen: Checkin, before: LeftOut = {}, most = CHECKIN_TOKENS): Checkin {
  const leftOut = new Map(Object.entries(before).filter(([, count]) => count > 0));
  const told = (lists: Lists): Checkin => {
    const { recent, ...rest } = lists;
    const { left_out: _none, ...answer } = seen;
    return {
      ...{ ...answer, ...rest, changes: { ...seen.changes, recent } },
      ...(leftOut.size === 0 ? {} : { left_out: Object.fromEntries(leftOut) }),
    };
  };
  let lists: Lists = { ...pick(seen), recent: seen.changes.recent };
  for (const cut of CUTS) {
    if (tokens(told(lists)) <= most) return told(lists);
    lists = shortened(lists, cut.name, cut.body);
  }
  for (const least of [1, 0]) {
    for (const name of GIVES_WAY) {
      while (lists[name].length > least && tokens(told(lists)) > most) {
        lists = { ...lists, [name]: lists[name].slice(0, -1) };
        leftOut.set(name, (leftOut.get(name) ?? 0) + 1);
      }
    }
  }
  return told(lists);
}

function pick({ holds, urgent, feedback, mentions, agents }: Checkin): Omit<Lists, "recent"> {
  return { holds, urgent, feedback, mentions, agents };
}

function shortened({ holds, urgent, feedback, mentions, agents, recent }: Lists, name: number, body: number): Lists {
  return {
    holds: holds.map((task) => ({ ...task, name: short(task.name, name) })),
    urgent: urgent.map((task) => ({ ...task, name: short(task.name, name) })),
    feedback: feedback.map((one) => ({ ...one, task: short(one.task, name), body: short(one.body, body) })),
    mentions: mentions.map((one) => ({ ...one, task: short(one.task, name), body: short(one.body, body) })),
    agents,
    recent: recent.map((line) => short(line, body)),
  };
}

/** By whole characters: half of a pair is no text. */
function short(text: string, most: number): string {
  if (text.length <= most) return text;
  const characters = Array.from(text);
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("")}…`;
}
