import type { Checkin } from "../protocol/index.ts";

/** What a check-in may cost its reader, in tokens: it is read on every waking. */
export const CHECKIN_TOKENS = 1_500;
/** Claude's and GPT's tokenizers make 3.8 to 4.2 characters of such texts into a token; 3.5 bytes leaves room. */
const BYTES_PER_TOKEN = 3.5;
const SHORT_NAME = 60;
const SHORT_BODY = 160;

/** How many tokens a model reads for this answer, rather too many than too few. */
export function tokens(answer: unknown): number {
  const text = typeof answer === "string" ? answer : JSON.stringify(answer);
  return Math.ceil(new TextEncoder().encode(text).length / BYTES_PER_TOKEN);
}

type Lists = Pick<Checkin, "holds" | "urgent" | "feedback" | "mentions" | "agents"> & { recent: Checkin["changes"]["recent"] };

/** What gives way first where there is too much: who is here can be asked again, what I hold cannot be missed. */
const GIVES_WAY = ["agents", "recent", "urgent", "mentions", "feedback", "holds"] as const satisfies readonly (keyof Lists)[];

/**
 * A check-in within its budget. What fits is left as it came; else texts are cut, and then the ends of lists, the least pressing list
 * first, down to one each; `left_out` says how many of which.
 */
export function fitted(seen: Checkin, most = CHECKIN_TOKENS): Record<string, unknown> {
  if (tokens(seen) <= most) return { ...seen };
  const short = (text: string, chars: number) =>
    text.length <= chars
      ? text
      : `${Array.from(text)
          .slice(0, chars - 1)
          .join("")}…`;
  const lists: Lists = {
    holds: seen.holds.map((task) => ({ ...task, name: short(task.name, SHORT_NAME) })),
    urgent: seen.urgent.map((task) => ({ ...task, name: short(task.name, SHORT_NAME) })),
    feedback: seen.feedback.map((one) => ({ ...one, task: short(one.task, SHORT_NAME), body: short(one.body, SHORT_BODY) })),
    mentions: seen.mentions.map((one) => ({ ...one, task: short(one.task, SHORT_NAME), body: short(one.body, SHORT_BODY) })),
    agents: [...seen.agents],
    recent: seen.changes.recent.map((line) => short(line, SHORT_BODY)),
  };
  const leftOut: Partial<Record<keyof Lists, number>> = {};
  const answer = () => {
    const { recent, ...rest } = lists;
    const missing = Object.keys(leftOut).length > 0 ? { left_out: leftOut } : {};
    return { agent: seen.agent, ...rest, changes: { ...seen.changes, recent }, cursor: seen.cursor, ...missing };
  };
  for (const least of [1, 0]) {
    for (const name of GIVES_WAY) {
      while (lists[name].length > least && tokens(answer()) > most) {
        lists[name].pop();
        leftOut[name] = (leftOut[name] ?? 0) + 1;
      }
    }
  }
  return answer();
}
