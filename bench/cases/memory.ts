import { readFileSync } from "node:fs";
import { canMeasure } from "../harness/processor.ts";
import { type Finding, noted } from "../harness/report.ts";
import { type BenchServer, startServer } from "../harness/server.ts";
import { assertResult, Session } from "../harness/session.ts";
import { growth } from "../harness/statistics.ts";
import type { Case, Setting } from "./case.ts";

const BATCH = 20;
/** Jobs a second: as many as a short run needs to show anything, and as few as an hour's database has room for. */
const SHORT_PACE = 500;
const LONG_PACE = 50;
const MB = 1024;
/** Samples of the longer watch; each is taken after a piece of work. */
const SAMPLES = 60;

/** What workerd's memory is used for, on a server of its own: idle sessions first, then work for as long as was asked for. */
export const memory: Case = {
  name: "memory",
  about: "memory of a session that waits, and of a server that works for a while (--hours N: for that long)",
  async run({ worker, quick, hours, say }: Setting): Promise<Finding[]> {
    if (!canMeasure) return [noted({ case: "memory", what: "memory per session", figures: "needs /proc", details: {} })];
    await using server = await startServer("memory", worker);
    const found = [await sessions(server, quick ? 500 : 5_000, say)];
    found.push(await working(server, hours > 0 ? hours * 3_600 : quick ? 5 : 30, say));
    return found;
  },
};

/** Resident memory of a process in KB. */
function residentKb(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? Number.NaN);
}

async function sessions({ pid, url }: BenchServer, count: number, say: (text: string) => void): Promise<Finding> {
  say(`memory of ${count} sessions`);
  // what the first ones make the process take once is not a session's
  const first = await Session.openMany(50, url, "memory");
  await stand(first, 0);
  const before = residentKb(pid);
  const more = await Session.openMany(count, url, "memory");
  await stand(more, 50);
  const after = residentKb(pid);
  for (const session of [...first, ...more]) session.close();
  const each = (after - before) / count;
  const figures = `${(before / MB).toFixed(0)} MB, with ${count.toLocaleString("en")} more that wait ${(after / MB).toFixed(0)} MB`;
  const of = { case: "memory", what: "memory of a session with a wait", figures, details: { before, after, count } };
  return noted(of, `${each.toFixed(0)} KB`);
}

async function stand(waiters: readonly Session[], from: number): Promise<void> {
  for (const [at, waiter] of waiters.entries()) {
    void waiter.ask("tasks/wait", { filter: { kind: "ack", name_contains: `what ${from + at} waits for` } });
  }
  await Promise.all(waiters.map((waiter) => waiter.call("events/list", { limit: 1 })));
}

/** Jobs are posted, claimed and completed at a pace; the memory is looked at as the work goes on. */
async function working({ pid, url }: BenchServer, seconds: number, say: (text: string) => void): Promise<Finding> {
  say(`memory over ${seconds} s of work`);
  const session = await Session.open(url, "memory-work");
  const samples: number[] = [];
  const began = performance.now();
  const end = began + seconds * 1000;
  let done = 0;
  const pace = seconds > 60 ? LONG_PACE : SHORT_PACE;
  for (let next = began; performance.now() < end; ) {
    const early = began + (done * 1000) / pace - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    const names = Array.from({ length: BATCH }, (_, at) => ({ name: `job ${done + at}`, payload: { text: "x".repeat(200) } }));
    const ids = (await session.batch<{ id: string }>("tasks/send", names)).map(({ id }) => id);
    for (const id of ids) assertResult(await session.ask("tasks/claim", { id, agent_id: "worker" }));
    await session.batch(
      "tasks/complete",
      ids.map((id) => ({ id, agent_id: "worker" })),
    );
    done += ids.length;
    if (performance.now() < next) continue;
    samples.push(residentKb(pid));
    next += (seconds * 1000) / SAMPLES;
  }
  session.close();
  // the first tenth is warming up: the code is compiled, the heap finds its size
  const steady = samples.slice(Math.ceil(samples.length / 10));
  const grown = growth(steady) / MB;
  const figures = `${done.toLocaleString("en")} jobs posted, claimed and completed in ${seconds} s: ${(Math.min(...steady) / MB).toFixed(0)}–${(Math.max(...steady) / MB).toFixed(0)} MB; second half above the first by ${grown.toFixed(1)} MB`;
  const of = { case: "memory", what: `memory over ${duration(seconds)} of work`, figures, details: { samples, done, seconds } };
  return noted(of, `${grown >= 0 ? "+" : ""}${grown.toFixed(1)} MB`);
}

function duration(seconds: number): string {
  return seconds >= 3_600 ? `${(seconds / 3_600).toFixed(1)} h` : `${seconds} s`;
}
