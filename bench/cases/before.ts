import { join } from "node:path";
import { programEnv, run } from "../harness/processes.ts";
import { type Finding, noted, rates, times } from "../harness/report.ts";
import { type BenchServer, startServer } from "../harness/server.ts";
import { assertResult, type Params, Session } from "../harness/session.ts";
import { interleaved, median, spread } from "../harness/statistics.ts";
import { fillBoard } from "./board-data.ts";
import type { Case, Setting } from "./case.ts";
import { openSide } from "./claiming.ts";

/** What profiles showed to be the largest costs, with the build of before and with this one, in turn. */
export const before: Case = {
  name: "before",
  about: "what profiles showed to be the largest costs, in another build (--before DIST) and in this one",
  async run(setting) {
    if (setting.before === undefined) return [];
    await using earlier = await startServer("before", join(setting.before, "worker/index.js"));
    return [
      await keyed(setting, earlier),
      await filteredNext(setting, earlier),
      await endings(setting, earlier),
      ...(await claimProcess(setting, earlier, join(setting.before, "cli/coord.js"))),
    ];
  },
};

function compared(what: string, unit: (values: readonly number[]) => string, was: readonly number[], is: readonly number[]): Finding {
  const details = { before: spread(was), now: spread(is) };
  return noted(
    { case: "before", what, figures: `before ${unit(was)}, now ${unit(is)}`, details },
    `${(median(is) / median(was)).toFixed(2)}×`,
  );
}

const inMs = (digits: number) => (values: readonly number[]) => times(spread(values), digits);

/** Claims a second under an idempotency key: what is remembered of each call and its answer. */
async function keyed({ coord, quick, say }: Setting, earlier: BenchServer): Promise<Finding> {
  say("claims under an idempotency key, before and now");
  const open = ({ url }: BenchServer, workspace: string) => Session.open(url, workspace);
  const options = { workspace: "before-keyed", extra: (id: string) => ({ idempotency_key: id }) };
  const [was, is] = [await openSide(earlier, open, options), await openSide(coord, open, options)];
  const size = quick ? 500 : 2_000;
  await interleaved(
    1,
    () => was.round(size),
    () => is.round(size),
  );
  const [a, b] = await interleaved(
    quick ? 3 : 10,
    () => was.round(size),
    () => is.round(size),
  );
  was.close();
  is.close();
  const rate = (rounds: readonly { rate: number }[]) => rounds.map((round) => round.rate);
  return compared("claims a second with an idempotency key", (values) => rates(spread(values)), rate(a), rate(b));
}

/** `tasks/next` by a label that only jobs at the end of the queue have. */
async function filteredNext({ coord, quick, say }: Setting, earlier: BenchServer): Promise<Finding> {
  say("next by a rare label, before and now");
  const size = quick ? 2_000 : 20_000;
  const [was, is] = [await fillBoard(earlier.url, "before-next", size), await fillBoard(coord.url, "before-next", size)];
  const cost =
    ({ session }: { session: Session }) =>
    async () => {
      const began = performance.now();
      const answer = await session.ask("tasks/next", { agent_id: "taker", filter: { label: ["zebra"] } });
      const took = performance.now() - began;
      assertResult(answer);
      const { id } = (JSON.parse(answer.toString()) as { result: { id: string } }).result;
      await session.call("tasks/release", { id });
      return took;
    };
  await interleaved(20, cost(was), cost(is));
  const [a, b] = await interleaved(quick ? 30 : 200, cost(was), cost(is));
  was.session.close();
  is.session.close();
  return compared(`next by a rare label among ${size.toLocaleString("en")} tasks`, inMs(2), a, b);
}

/** How long a call waits that comes as many sessions end at once, each with an agent of its own. */
async function endings({ coord, quick, say }: Setting, earlier: BenchServer): Promise<Finding> {
  const count = quick ? 100 : 1_000;
  say(`${count} sessions that end at once, before and now`);
  const cost =
    ({ url }: BenchServer) =>
    async () => {
      const asker = await Session.open(url, "before-endings");
      const sessions = await Session.openMany(count, url, "before-endings");
      const beat = (at: number): Params => ({ id: `agent-${at}` });
      await Promise.all(sessions.map((session, at) => session.call("agents/heartbeat", beat(at))));
      const began = performance.now();
      for (const session of sessions) session.close();
      // the server has seen all of them go when they are no longer counted
      while ((await asker.call<{ sessions: number }>("workspace/info", {})).sessions > 1) await new Promise(setImmediate);
      await asker.call("tasks/send", { name: "after them" });
      const took = performance.now() - began;
      asker.close();
      return took;
    };
  const [a, b] = await interleaved(quick ? 2 : 5, cost(earlier), cost(coord));
  return compared(`${count.toLocaleString("en")} sessions end at once: until all are gone`, inMs(0), a, b);
}

async function claimProcess({ coord, program, quick, say }: Setting, earlier: BenchServer, earlierProgram: string): Promise<Finding[]> {
  if (program === undefined) return [];
  say("coord claim, before and now");
  const cost = async ({ url }: BenchServer, file: string) => {
    const poster = await Session.open(url, "before-claim");
    const env = programEnv(url, "before-claim");
    return async () => {
      const { id } = await poster.call<{ id: string }>("tasks/send", { name: "a job" });
      return (await run(process.execPath, [file, "claim", id, "--as", "bench"], env)).took;
    };
  };
  const [was, is] = [await cost(earlier, earlierProgram), await cost(coord, program)];
  await interleaved(2, was, is);
  const [a, b] = await interleaved(quick ? 5 : 20, was, is);
  return [compared(`coord claim as a process, Node ${process.versions.node}`, inMs(0), a, b)];
}
