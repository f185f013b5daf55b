import { type Finding, held, times } from "../harness/report.ts";
import { assertResult, type Params, Session } from "../harness/session.ts";
import { interleaved, pairedRatio, spread } from "../harness/statistics.ts";
import type { Case, Setting } from "./case.ts";

const FAN = 1_000;
const BATCH = 100;
const IN_FLIGHT = 4;
const MOST = 3;
/** Calls sent at once: what is timed is the work for a call, and not the way there and back. */
const AT_ONCE = 20;

/** What dependencies cost: a job that opens many at once, and the next job on a board of which half is held. */
export const jobs: Case = {
  name: "jobs",
  about: "a job that opens 1,000 others, and next on a board of 100,000 with half of it held",
  async run(setting) {
    return [await opening(setting), ...(await besideHeld(setting))];
  },
};

/**
 * Completing one job that 1,000 others wait for changes 1,000 rows and writes 1,000 lines of the log. So does completing 1,000 jobs that
 * nothing waits for, which is the flat case: ten batches of a hundred on one session.
 */
async function opening({ coord, quick, say }: Setting): Promise<Finding> {
  say(`a job that opens ${FAN} others`);
  const hub = await Session.open(coord.url, "jobs-hub");
  const flat = await Session.open(coord.url, "jobs-flat");
  const hubCost = async () => {
    const [{ id }] = (await hub.batch<{ id: string }>("tasks/send", [{ name: "the one that all wait for" }])) as [{ id: string }];
    await post(hub, FAN, (at) => ({ name: `waits ${at}`, depends_on: [id] }));
    await hub.call("tasks/claim", { id, agent_id: "holder" });
    const began = performance.now();
    assertResult(await hub.ask("tasks/complete", { id, agent_id: "holder" }));
    return performance.now() - began;
  };
  const flatCost = async () => {
    const ids = await post(flat, FAN, (at) => ({ name: `stands alone ${at}` }));
    await inBatches(flat, "tasks/claim", ids, "holder");
    const began = performance.now();
    await inBatches(flat, "tasks/complete", ids, "holder");
    return performance.now() - began;
  };
  await interleaved(1, hubCost, flatCost);
  const [one, many] = await interleaved(quick ? 3 : 8, hubCost, flatCost);
  hub.close();
  flat.close();
  const ratio = pairedRatio(one, many);
  const figures = `1 job that opens ${FAN} ${times(spread(one), 1)}, ${FAN} jobs that open none ${times(spread(many), 1)}`;
  const details = { opened: FAN, hub: spread(one), flat: spread(many), ratio };
  return held(
    { case: "jobs", what: `completion that opens ${FAN.toLocaleString("en")} jobs`, figures, details },
    ratio.median,
    { most: MOST },
    "×",
  );
}

const NEXTS: Readonly<Record<string, Params>> = { next: {}, "next, kind": { kind: "bug" }, "next, ready": { ready: true } };

/** On both boards the same jobs in the same order; on one of them every second waits for a job that nobody completes, the oldest first. */
async function besideHeld({ coord, quick, say }: Setting): Promise<Finding[]> {
  const size = quick ? 4_000 : 100_000;
  const heldJobs = size / 2;
  say(`filling a board with ${size.toLocaleString("en")} jobs, half of them held, and one with none held`);
  const half = await fill(coord.url, "jobs-half-held", size, true);
  const free = await fill(coord.url, "jobs-none-held", size, false);
  const found: Finding[] = [];
  for (const [what, filter] of Object.entries(NEXTS)) {
    say(what);
    const cost = (session: Session) => () => nextCost(session, filter);
    await interleaved(2, cost(half), cost(free));
    const [beside, flat] = await interleaved(quick ? 10 : 30, cost(half), cost(free));
    const ratio = pairedRatio(beside, flat);
    const details = { tasks: size, held: heldJobs, half: spread(beside), none: spread(flat), ratio };
    const figures = `${heldJobs.toLocaleString("en")} of ${size.toLocaleString("en")} held ${times(spread(beside), 3)}, none held ${times(spread(flat), 3)}`;
    found.push(held({ case: "jobs", what: `${what}, half of the board held`, figures, details }, ratio.median, { most: MOST }, "×"));
  }
  half.close();
  free.close();
  return found;
}

async function fill(url: string, workspace: string, size: number, isHalfHeld: boolean): Promise<Session> {
  const session = await Session.open(url, workspace);
  const { id } = await session.call<{ id: string }>("tasks/send", { name: "what half of them wait for", kind: "gate", priority: "low" });
  await session.call("tasks/claim", { id, agent_id: "gatekeeper", lease_seconds: 3_600 });
  await post(session, size, (at) => ({
    name: `job ${at}`,
    kind: at % 4 < 2 ? "bug" : "task",
    priority: at % 10 === 0 ? "high" : "normal",
    // the held ones are in front: whoever walks the queue past them walks past all of them
    ...(isHalfHeld && at < size / 2 ? { depends_on: [id] } : {}),
  }));
  return session;
}

async function nextCost(session: Session, filter: Params): Promise<number> {
  const began = performance.now();
  const answers = await Promise.all(
    Array.from({ length: AT_ONCE }, (_, at) => session.ask("tasks/next", { agent_id: `agent-${at}`, filter })),
  );
  const each = (performance.now() - began) / AT_ONCE;
  for (const answer of answers) assertResult(answer);
  await session.batch(
    "tasks/release",
    answers.map((answer) => ({ id: (JSON.parse(answer.toString()) as { result: { id: string } }).result.id })),
  );
  return each;
}

/** Posts so many tasks, some batches at a time; their ids in order. */
async function post(session: Session, count: number, task: (at: number) => Params): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) {
    const batches = Array.from({ length: Math.min(IN_FLIGHT, Math.ceil((count - ids.length) / BATCH)) }, (_, batch) => {
      const from = ids.length + batch * BATCH;
      return session.batch<{ id: string }>(
        "tasks/send",
        Array.from({ length: Math.min(BATCH, count - from) }, (_, at) => task(from + at)),
      );
    });
    for (const tasks of await Promise.all(batches)) for (const { id } of tasks) ids.push(id);
  }
  return ids;
}

async function inBatches(session: Session, method: string, ids: readonly string[], agent_id: string): Promise<void> {
  const batches = Array.from({ length: Math.ceil(ids.length / BATCH) }, (_, batch) => ids.slice(batch * BATCH, (batch + 1) * BATCH));
  await Promise.all(
    batches.map((some) =>
      session.batch(
        method,
        some.map((id) => ({ id, agent_id })),
      ),
    ),
  );
}
