import { type Finding, held, noted, times } from "../harness/report.ts";
import { Session } from "../harness/session.ts";
import { inTurn, median, pairedRatio, quantile, spread } from "../harness/statistics.ts";
import type { Case, Setting } from "./case.ts";

const COUNTS = [1, 100, 1_000, 5_000] as const;
const QUICK_COUNTS = [1, 100, 1_000] as const;
const ONE_MATCH_MOST = 2;
/** For the last of a thousand that all match, after the first. */
const ALL_MATCH_MOST_MS = 60;
const HELD_AT = 1_000;
/** Within this the server notices that sessions are gone, in milliseconds. */
const CLOSED_MS = 120_000;

/** How fast a post reaches those who wait for it, each on a session of its own. */
export const wake: Case = {
  name: "wake",
  about: "a post with 1 to 5,000 waiters: the wake-up of the one that matches, of a tenth, and of all",
  async run(setting) {
    const counts = setting.quick ? QUICK_COUNTS : COUNTS;
    const found = await oneMatch(setting, counts);
    for (const count of counts) {
      if (count === 1) continue;
      for (const every of [10, 1]) found.push(await manyMatch(setting, count, every));
    }
    return found;
  },
};

async function oneMatch({ coord, quick, say }: Setting, counts: readonly number[]): Promise<Finding[]> {
  const boards: Awaited<ReturnType<typeof board>>[] = [];
  for (const count of counts) {
    say(`${count} waiters`);
    boards.push(await board(coord.url, `wake-${count}`, count));
  }
  say("one match among the waiters");
  const sides = (from: number) => boards.map((one) => (round: number) => one.wakeOne(from + round));
  await inTurn(20, sides(0));
  const measured = await inTurn(quick ? 60 : 300, sides(20));
  for (const one of boards) await one.close();
  const alone = measured[0]!;
  return counts.slice(1).map((count, at) => {
    const many = measured[at + 1]!;
    const ratio = median(many) / median(alone);
    const details = { crowd: quartiles(many), alone: quartiles(alone), paired: pairedRatio(many, alone).median };
    const p99 = `p99 ${quantile(many, 0.99).toFixed(1)} and ${quantile(alone, 0.99).toFixed(1)} ms`;
    const figures = `${count.toLocaleString("en")} waiters ${times(details.crowd)}, one waiter ${times(details.alone)}; ${p99}`;
    const of = { case: "wake", what: `wake-up, 1 match among ${count.toLocaleString("en")} waiters`, figures, details };
    return held(of, ratio, { most: ONE_MATCH_MOST }, "×");
  });
}

/** @param every each so manieth waiter matches; 1: all of them */
async function manyMatch({ coord, quick, say }: Setting, count: number, every: number): Promise<Finding> {
  const matching = Math.ceil(count / every);
  say(`${matching} matches among ${count} waiters`);
  const { waiters, poster, close } = await board(coord.url, `wake-${count}-${every}`, count);
  const others = waiters.filter((_, at) => at % every !== 0);
  const standing = others.map((waiter) => waiter.ask("tasks/wait", { filter: { kind: "ack", name_contains: "what never comes" } }));
  const chosen = waiters.filter((_, at) => at % every === 0);
  const first: number[] = [];
  const last: number[] = [];
  for (let round = 0; round < (quick ? 2 : 6); round += 1) {
    const name = `everybody, round ${round}.`;
    const filter = { kind: "ack", name_contains: name };
    const arrivals = chosen.map((waiter) => waiter.ask("tasks/wait", { filter }).then(() => performance.now()));
    await settled(waiters);
    const posted = performance.now();
    await poster.call("tasks/send", { kind: "ack", name });
    const at = await Promise.all(arrivals);
    first.push(Math.min(...at) - posted);
    last.push(Math.max(...at) - posted);
  }
  await close();
  void standing;
  const gaps = last.map((value, round) => value - first[round]!);
  const figures = `first after ${times(spread(first), 1)}, last after ${times(spread(last), 1)}`;
  const details = { waiters: count, matching, first: spread(first), last: spread(last), gap: spread(gaps) };
  const share = every === 1 ? "all" : "a tenth";
  const of = { case: "wake", what: `${share} of ${count.toLocaleString("en")} match: last after first`, figures, details };
  return count === HELD_AT && every === 1
    ? held(of, median(gaps), { most: ALL_MATCH_MOST_MS }, "ms")
    : noted(of, `${median(gaps).toFixed(1)} ms`);
}

/** A workspace where each of `count` sessions waits for its own announcement; all wait for the same kind, by names that are alike. */
async function board(url: string, workspace: string, count: number) {
  const poster = await Session.open(url, workspace);
  const waiters = await Session.openMany(count, url, workspace);
  const name = (at: number, turn: number) => `release ${at}.${turn}.0 is stable`;
  const standing = new Map<number, { turn: number; answer: Promise<number> }>();
  const stand = (at: number, turn: number) => {
    const answer = waiters[at]!.ask("tasks/wait", { filter: { kind: "ack", name_contains: name(at, turn) }, agent_id: `waiter-${at}` });
    standing.set(at, { turn, answer: answer.then(() => performance.now()) });
  };
  return {
    poster,
    waiters,
    /** Milliseconds from the post's sending to the waiter's answer. */
    wakeOne: async (round: number): Promise<number> => {
      if (standing.size === 0) {
        for (let at = 0; at < count; at += 1) stand(at, 0);
        await settled(waiters);
      }
      const at = (round * 37) % count;
      const { turn, answer } = standing.get(at)!;
      const posted = performance.now();
      const post = poster.call("tasks/send", { kind: "ack", name: name(at, turn) });
      const woken = await answer;
      await post;
      stand(at, turn + 1);
      await settled([waiters[at]!]);
      return woken - posted;
    },
    /** Resolves when the server has noticed, so that what it does about it does not fall into what is measured next. */
    close: async () => {
      for (const waiter of waiters) waiter.close();
      const limit = performance.now() + CLOSED_MS;
      while ((await poster.call<{ sessions: number }>("workspace/info", {})).sessions > 1) {
        if (performance.now() > limit) throw new Error(`the sessions of ${workspace} were not closed within ${CLOSED_MS / 1000} s`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      poster.close();
    },
  };
}

/** Every wait sent before this is filed when it resolves: a session's frames are applied in order. */
async function settled(sessions: readonly Session[]): Promise<void> {
  await Promise.all(sessions.map((session) => session.call("events/list", { limit: 1 })));
}

function quartiles(values: readonly number[]) {
  return { median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}
