import { type Caller, openCaller, type Peer, type Transport } from "../harness/peer.ts";
import { type Finding, noted } from "../harness/report.ts";
import { assertResult, type Params } from "../harness/session.ts";
import { inTurn, type Latency, latency, median, pairedRatio, type Spread } from "../harness/statistics.ts";
import type { Case, Setting } from "./case.ts";

/** Callers at once, and the calls of a slice: enough in all rounds for a p99.9, and short enough that the servers take turns quickly. */
const SLICES: readonly (readonly [callers: number, calls: number])[] = [
  [1, 200],
  [8, 240],
  [32, 320],
  [128, 640],
];
const QUICK_SLICES: typeof SLICES = [
  [1, 20],
  [32, 96],
];

const METHODS = ["send", "claim", "complete", "next", "list"] as const;
type Method = (typeof METHODS)[number];

const LEASE_SECONDS = 600;

/** What one server did in one slice of calls of one method. */
interface Slice {
  /** Calls answered a second. */
  readonly rate: number;
  /** Milliseconds, one for each call. */
  readonly took: readonly number[];
}
type Slices = Readonly<Record<Method, readonly Slice[]>>;

/** The five calls that agents live by, on every server, in the words that all of them know. */
export const calls: Case = {
  name: "calls",
  about: "claim, send, next, complete and list at 1 to 128 callers, over HTTP and sessions, on every server",
  async run(setting) {
    const found: Finding[] = [];
    for (const over of ["HTTP", "sessions"] as const) {
      const peers = setting.peers.filter((peer) => over === "HTTP" || peer.sessions);
      const measured = new Map<number, Slices[][]>();
      for (const [callers, count] of setting.quick ? QUICK_SLICES : SLICES) {
        setting.say(`calls over ${over}, ${callers} at once`);
        measured.set(callers, await measure(setting, peers, over, callers, count));
      }
      for (const method of METHODS) found.push(finding(method, over, peers, measured));
    }
    return found;
  },
};

async function measure({ quick }: Setting, peers: readonly Peer[], over: Transport, callers: number, count: number): Promise<Slices[][]> {
  const opened = await Promise.all(
    peers.map(async (peer) => ({ peer, callers: await Promise.all(Array.from({ length: callers }, () => openCaller(peer, over))) })),
  );
  try {
    const sides = opened.map(
      ({ peer, callers: own }) =>
        (round: number) =>
          slices(peer, own, count, `${over} ${callers} ${round}`),
    );
    await inTurn(
      1,
      sides.map((side) => () => side(-1)),
    );
    return await inTurn(quick ? 2 : 5, sides);
  } finally {
    for (const caller of opened.flatMap((one) => one.callers)) caller.close();
  }
}

/** A turn of one server: jobs are posted, claimed, completed; posted, taken with next, completed; then the board is listed. Nothing is left open. */
async function slices({ methods }: Peer, callers: readonly Caller[], count: number, label: string): Promise<Slices> {
  const agent = (caller: number) => `caller-${caller}`;
  const found: Record<Method, Slice[]> = { send: [], claim: [], complete: [], next: [], list: [] };
  const post = async (): Promise<string[]> => {
    const { slice, answers } = await timed(callers, "tasks/send", count, (at) => ({
      name: `job ${label}.${at}`,
      kind: "task",
      priority: "normal",
      payload: { part: at },
    }));
    found.send.push(slice);
    return answers.map(idOf);
  };
  const complete = async (ids: readonly string[]) => {
    found.complete.push((await timed(callers, "tasks/complete", ids.length, (at) => ({ id: ids[at]!, result: { ok: true } }))).slice);
  };
  const posted = await post();
  found.claim.push(
    (await timed(callers, "tasks/claim", count, (at, by) => ({ id: posted[at]!, agentId: agent(by), leaseSeconds: LEASE_SECONDS }))).slice,
  );
  await complete(posted);
  const again = await post();
  if (methods.has("tasks/next")) {
    const { slice, answers } = await timed(callers, "tasks/next", count, (_, by) => ({ agentId: agent(by), leaseSeconds: LEASE_SECONDS }));
    found.next.push(slice);
    await complete(answers.map(idOf));
  } else {
    for (const [at, id] of again.entries())
      assertResult(await callers[at % callers.length]!.ask("tasks/claim", { id, agentId: agent(0), leaseSeconds: LEASE_SECONDS }));
    await complete(again);
  }
  found.list.push((await timed(callers, "tasks/list", count, () => ({ limit: 10, kind: "task", state: "completed" }))).slice);
  return found;
}

/** Each caller makes the next call as soon as its last one is answered. Throws where one is refused. */
async function timed(callers: readonly Caller[], method: string, count: number, params: (at: number, by: number) => Params) {
  const took: number[] = [];
  const answers: Buffer[] = [];
  let taken = 0;
  const work = async (caller: Caller, by: number) => {
    for (let at = taken++; at < count; at = taken++) {
      const asked = performance.now();
      const answer = await caller.ask(method, params(at, by));
      took.push(performance.now() - asked);
      assertResult(answer);
      answers[at] = answer;
    }
  };
  const began = performance.now();
  await Promise.all(callers.map(work));
  const slice: Slice = { rate: (count * 1000) / (performance.now() - began), took };
  return { slice, answers };
}

function idOf(answer: Buffer): string {
  return (JSON.parse(answer.toString()) as { result: { id: string } }).result.id;
}

function finding(method: Method, over: Transport, peers: readonly Peer[], measured: ReadonlyMap<number, Slices[][]>): Finding {
  const rows: { callers: number; peer: string; rate: Spread; latency: Latency; ratio: Spread | null }[] = [];
  for (const [callers, sides] of measured) {
    const rates = (side: number) => sides[side]!.flatMap((slices) => slices[method].map((slice) => slice.rate));
    for (const [side, { name }] of peers.entries()) {
      const own = rates(side);
      if (own.length === 0) continue;
      const all = sides[side]!.flatMap((slices) => slices[method].flatMap((slice) => slice.took));
      const spread = pairedRatio(
        own,
        own.map(() => 1),
      );
      rows.push({ callers, peer: name, rate: spread, latency: latency(all), ratio: side === 0 ? null : pairedRatio(rates(0), own) });
    }
  }
  const whole = (rate: number) => Math.round(rate).toLocaleString("en");
  const figures = rows.map(({ callers, peer, rate, latency: { p50, p99, p999 }, ratio }) => {
    const of = ratio === null ? "" : `; coord ${ratio.median.toFixed(2)}× (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)})`;
    return `${callers} on ${peer}: ${whole(rate.median)}/s, ${p50.toFixed(2)} / ${p99.toFixed(1)} / ${p999.toFixed(1)} ms${of}`;
  });
  const grid = {
    head: ["callers", "server", "a second (low–high)", "p50 ms", "p99 ms", "p99.9 ms", "coord, of it"],
    rows: rows.map(({ callers, peer, rate, latency: { p50, p99, p999 }, ratio }) => [
      String(callers),
      peer,
      `${whole(rate.median)} (${whole(rate.low)}–${whole(rate.high)})`,
      p50.toFixed(2),
      p99.toFixed(1),
      p999.toFixed(1),
      ratio === null ? "" : `${ratio.median.toFixed(2)}× (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)})`,
    ]),
  };
  const what = `${method} over ${over}`;
  const best = Math.max(...rows.filter((row) => row.ratio === null).map((row) => row.rate.median));
  const ratios = rows.filter((row) => row.ratio !== null).map((row) => row.ratio!.median);
  const shown = ratios.length > 0 ? `${median(ratios).toFixed(2)}×` : `${whole(best)}/s`;
  return { ...noted({ case: "calls", what, figures: figures.join("\n    "), details: { rows } }, shown), grid };
}
