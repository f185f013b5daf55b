import { canMeasure, processorMs } from "../harness/processor.ts";
import { type Finding, noted } from "../harness/report.ts";
import { Session } from "../harness/session.ts";
import { interleaved, median, spread } from "../harness/statistics.ts";
import type { Case, Setting } from "./case.ts";

const WAITERS = 1_000;
/** Below this share of a core nothing is measurable: /proc counts in steps of 10 ms, which is 0.1 % of 10 s. */
const MOST_IDLE = 0.005;
const POSTS = 100;

/** What a thousand waiters cost while nothing concerns them. */
export const idle: Case = {
  name: "idle",
  about: "an idle server with 1,000 waiters: its processor time; then 1,000 posts that none of them waits for",
  async run(setting) {
    const { coord, say } = setting;
    const waiters = await Session.openMany(WAITERS, coord.url, "idle-crowd");
    const answers = waiters.map((waiter, at) => waiter.ask("tasks/wait", { filter: { kind: "ack", name_contains: `v1.${at} is stable` } }));
    await Promise.all(waiters.map((waiter) => waiter.call("events/list", { limit: 1 })));
    say(`idle with ${WAITERS} waiters`);
    const found = [await idleTime(setting), await nearMisses(setting, waiters)];
    for (const waiter of waiters) waiter.close();
    void answers;
    return found;
  },
};

async function idleTime({ coord, baseline, quick }: Setting): Promise<Finding> {
  const of = { case: "idle", what: "idle, 1,000 waiters: share of a core" };
  if (!canMeasure) return { ...of, figures: "needs /proc", value: null, shown: "", target: "≤ 0.5 %", met: null, details: {} };
  const seconds = quick ? 5 : 10;
  await pause(500);
  const before = [processorMs(coord.pid), processorMs(baseline.pid)];
  await pause(seconds * 1000);
  const [used, usedByBaseline] = [processorMs(coord.pid) - before[0]!, processorMs(baseline.pid) - before[1]!];
  const share = used / (seconds * 1000);
  const figures = `${used} ms in ${seconds} s; the bare server, without anybody waiting, ${usedByBaseline} ms`;
  const met = share <= MOST_IDLE;
  return {
    ...of,
    figures,
    value: share,
    shown: `${(share * 100).toFixed(2)} %`,
    target: "≤ 0.50 %",
    met,
    details: { used, usedByBaseline, seconds },
  };
}

/** Posts that come close to what each waiter asks for: its kind, and most of the name. */
async function nearMisses({ coord, quick, say }: Setting, waiters: readonly Session[]): Promise<Finding> {
  say("near misses");
  const crowd = await Session.open(coord.url, "idle-crowd");
  const nobody = await Session.open(coord.url, "idle-nobody");
  const frames = () => waiters.reduce((sum, { sent, received }) => sum + sent + received, 0);
  const before = frames();
  const rounds = quick ? 4 : 10;
  let number = 0;
  const post = async (session: Session) => {
    const began = performance.now();
    const used = canMeasure ? processorMs(coord.pid) : 0;
    for (let at = 0; at < POSTS; at += 1) await session.ask("tasks/send", { kind: "ack", name: `v1.${number++} is not quite stable` });
    return { each: (performance.now() - began) / POSTS, used: canMeasure ? processorMs(coord.pid) - used : Number.NaN };
  };
  await interleaved(
    1,
    () => post(crowd),
    () => post(nobody),
  );
  const [many, none] = await interleaved(
    rounds,
    () => post(crowd),
    () => post(nobody),
  );
  const exchanged = frames() - before;
  crowd.close();
  nobody.close();
  const each = { crowd: spread(many.map((r) => r.each)), nobody: spread(none.map((r) => r.each)) };
  const processor = [many, none].map((side) => side.reduce((sum, { used }) => sum + used, 0) / (rounds * POSTS));
  const figures = `a post ${each.crowd.median.toFixed(2)} ms (${processor[0]!.toFixed(2)} ms of processor), with no waiters ${each.nobody.median.toFixed(2)} ms (${processor[1]!.toFixed(2)} ms)`;
  const details = { exchanged, each, processor_ms: processor, ratio: median(many.map((r) => r.each)) / median(none.map((r) => r.each)) };
  const what = `${(rounds * POSTS).toLocaleString("en")} near misses: frames to or from waiters`;
  return {
    ...noted({ case: "idle", what, figures, details }),
    value: exchanged,
    shown: String(exchanged),
    target: "0",
    met: exchanged === 0,
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
