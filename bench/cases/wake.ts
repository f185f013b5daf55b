import { type Finding, held, times } from "../harness/report.ts";
import { Session } from "../harness/session.ts";
import { interleaved, median, pairedRatio, quantile, spread } from "../harness/statistics.ts";
import type { Case, Setting } from "./case.ts";

const WAITERS = 1_000;
const ONE_MATCH_MOST = 3;
const ALL_MATCH_MOST_MS = 60;

/** How fast a post reaches those who wait for it, each on a session of its own. */
export const wake: Case = {
  name: "wake",
  about: "a post with 1,000 waiters: the wake-up of the one that matches, and of all when all match",
  async run(setting) {
    return [await oneMatch(setting), await allMatch(setting)];
  },
};

async function oneMatch({ coord, quick, say }: Setting): Promise<Finding> {
  say(`one match among ${WAITERS} waiters`);
  const crowd = await board(coord.url, "wake-crowd", WAITERS);
  const alone = await board(coord.url, "wake-alone", 1);
  const rounds = quick ? 100 : 400;
  await interleaved(
    20,
    (round) => crowd.wakeOne(round),
    (round) => alone.wakeOne(round),
  );
  const [many, one] = await interleaved(
    rounds,
    (round) => crowd.wakeOne(round + 20),
    (round) => alone.wakeOne(round + 20),
  );
  crowd.close();
  alone.close();
  const ratio = median(many) / median(one);
  const wakeups = { crowd: quartiles(many), alone: quartiles(one), paired: pairedRatio(many, one).median };
  const figures = `${WAITERS} waiters ${times(wakeups.crowd)}, one waiter ${times(wakeups.alone)}; p99 ${quantile(many, 0.99).toFixed(1)} and ${quantile(one, 0.99).toFixed(1)} ms`;
  return held(
    { case: "wake", what: `wake-up, 1 match among ${WAITERS.toLocaleString("en")} waiters`, figures, details: wakeups },
    ratio,
    { most: ONE_MATCH_MOST },
    "×",
  );
}

async function allMatch({ coord, quick, say }: Setting): Promise<Finding> {
  say(`${WAITERS} matches`);
  const { waiters, poster, close } = await board(coord.url, "wake-all", WAITERS);
  const first: number[] = [];
  const last: number[] = [];
  for (let round = 0; round < (quick ? 4 : 12); round += 1) {
    const name = `everybody, round ${round}.`;
    const filter = { kind: "ack", name_contains: name };
    const arrivals = waiters.map((waiter) => waiter.ask("tasks/wait", { filter }).then(() => performance.now()));
    await settled(waiters);
    const posted = performance.now();
    await poster.call("tasks/send", { kind: "ack", name });
    const at = await Promise.all(arrivals);
    first.push(Math.min(...at) - posted);
    last.push(Math.max(...at) - posted);
  }
  close();
  const gaps = last.map((value, round) => value - first[round]!);
  const figures = `first after ${times(spread(first), 1)}, last after ${times(spread(last), 1)}`;
  const details = { first: spread(first), last: spread(last), gap: spread(gaps) };
  return held(
    { case: "wake", what: "all of 1,000 match: last after first", figures, details },
    median(gaps),
    { most: ALL_MATCH_MOST_MS },
    "ms",
  );
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
    close: () => {
      for (const session of [poster, ...waiters]) session.close();
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
