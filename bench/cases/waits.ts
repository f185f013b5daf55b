import { HttpCaller } from "../harness/http.ts";
import type { Peer } from "../harness/peer.ts";
import { canMeasure, processorMs } from "../harness/processor.ts";
import { type Finding, noted, times } from "../harness/report.ts";
import { assertResult, type Params } from "../harness/session.ts";
import { inTurn, pairedRatio, quantile, spread } from "../harness/statistics.ts";
import type { Case, Setting } from "./case.ts";

const WAIT_MS = 60_000;
/** A held request says nothing of having arrived: whoever posts lets so much time pass. One that comes later is answered all the same. */
const ARRIVAL_MS = 100;
const NEAR_MISSES = 1_000;

/**
 * Waits as any client can make them: a request that is held open, by HTTP, on every server. What is waited for is a kind of its own, since
 * that is the one field by which all of them filter.
 */
export const waits: Case = {
  name: "waits",
  about: "waits over HTTP on every server: wake-up, and what one costs that nothing matches",
  async run(setting) {
    const peers = setting.peers.filter(({ methods }) => methods.has("tasks/wait") || methods.has("tasks/list"));
    const found: Finding[] = [];
    for (const count of setting.quick ? [1, 20] : [1, 100]) found.push(...(await wakeUps(setting, peers, count)));
    for (const peer of peers) found.push(await unmatched(setting, peer));
    return found;
  },
};

type Ask = (method: string, params: Params) => Promise<Buffer>;

/** Asks until there is an answer that is not empty, or it is told to stop. */
async function waitFor(peer: Peer, ask: Ask, kind: string, stop: { over: boolean }): Promise<void> {
  const [method, params]: [string, Params] = peer.methods.has("tasks/wait")
    ? ["tasks/wait", { filter: { kind }, wait_ms: WAIT_MS, timeout_ms: WAIT_MS }]
    : ["tasks/list", { kind, limit: 1, wait_ms: WAIT_MS }];
  while (!stop.over) {
    const answer = JSON.parse((await ask(method, params)).toString()) as { result?: unknown; error?: { message: string } };
    if (answer.error) throw new Error(`${peer.name}: ${method}: ${answer.error.message}`);
    if (isThere(answer.result)) return;
  }
}

/** Whether a wait's answer has a task in it, in whichever shape. */
export function isThere(result: unknown): boolean {
  if (result === null || result === undefined) return false;
  if (Array.isArray(result)) return result.length > 0;
  const { id, task, tasks } = result as { id?: unknown; task?: unknown; tasks?: unknown[] };
  return typeof id === "string" || (task !== null && task !== undefined) || (tasks?.length ?? 0) > 0;
}

async function wakeUps({ quick, say }: Setting, peers: readonly Peer[], count: number): Promise<Finding[]> {
  say(`${count} waits over HTTP`);
  const boards = peers.map((peer) => openBoard(peer, count));
  try {
    const measured = await inTurn(
      quick ? 5 : 30,
      boards.map((board) => (round: number) => board.wakeOne(round)),
    );
    return peers.map((peer, side) => {
      const took = measured[side]!;
      const ratio = pairedRatio(measured[0]!, took);
      const figures = `${times({ median: quantile(took, 0.5), low: quantile(took, 0.25), high: quantile(took, 0.75) })}, p99 ${quantile(took, 0.99).toFixed(1)} ms`;
      const compared =
        side === 0 ? "" : `; coord takes ${ratio.median.toFixed(2)}× of it (${ratio.low.toFixed(2)}–${ratio.high.toFixed(2)})`;
      const of = {
        case: "waits",
        what: `wake-up over HTTP, ${count} waiting, ${peer.name}`,
        figures: figures + compared,
        details: { took: spread(took), ratio },
      };
      return noted(of, `${quantile(took, 0.5).toFixed(2)} ms`);
    });
  } finally {
    for (const board of boards) await board.close();
  }
}

function openBoard(peer: Peer, count: number) {
  const poster = new HttpCaller(peer.url);
  const waiters = Array.from({ length: count }, () => new HttpCaller(peer.url));
  const standing = new Map<number, { kind: string; answer: Promise<number> }>();
  const stop = { over: false };
  const label = `${Date.now().toString(36)}-${count}`;
  const stand = (at: number, turn: number) => {
    const kind = `wait-${label}-${at}-${turn}`;
    const answer = waitFor(peer, (method, params) => waiters[at]!.ask(method, params), kind, stop).then(() => performance.now());
    // one that is cut off at the end has nobody to tell
    answer.catch(() => {});
    standing.set(at, { kind, answer });
  };
  return {
    wakeOne: async (round: number): Promise<number> => {
      if (standing.size === 0) for (let at = 0; at < count; at += 1) stand(at, 0);
      await pause(ARRIVAL_MS);
      const at = (round * 37) % count;
      const { kind, answer } = standing.get(at)!;
      const posted = performance.now();
      const post = poster.ask("tasks/send", { name: "what one waits for", kind });
      const woken = await answer;
      assertResult(await post);
      stand(at, round + 1);
      return woken - posted;
    },
    close: async () => {
      stop.over = true;
      for (const caller of [poster, ...waiters]) caller.close();
    },
  };
}

/** One wait that nothing matches: on a board where nothing happens, then beside a thousand posts that nearly match. */
async function unmatched({ quick, say }: Setting, peer: Peer): Promise<Finding> {
  say(`a wait that nothing matches, ${peer.name}`);
  const waiter = new HttpCaller(peer.url);
  const poster = new HttpCaller(peer.url);
  const kind = `never-${Date.now().toString(36)}`;
  const stop = { over: false };
  let requests = 0;
  const counted: Ask = (method, params) => {
    requests += 1;
    return waiter.ask(method, params);
  };
  const used = () => (peer.pid !== undefined && canMeasure ? processorMs(peer.pid) : Number.NaN);
  // cut off at the end, which is how it ends
  const end = waitFor(peer, counted, kind, stop).catch(() => undefined);
  await pause(ARRIVAL_MS);
  const seconds = quick ? 2 : 10;
  const before = { requests, used: used() };
  await pause(seconds * 1000);
  const quiet = { requests: requests - before.requests, used: used() - before.used };
  const misses = quick ? NEAR_MISSES / 10 : NEAR_MISSES;
  const start = { requests, used: used() };
  for (let at = 0; at < misses; at += 1) assertResult(await poster.ask("tasks/send", { name: kind, kind: `${kind}-${at}` }));
  const busy = { requests: requests - start.requests, used: used() - start.used };
  stop.over = true;
  waiter.close();
  poster.close();
  await end;
  const cpu = (ms: number) => (Number.isNaN(ms) ? "" : `, ${ms} ms of processor`);
  const figures = [
    `in ${seconds} s of quiet ${quiet.requests} further requests${cpu(quiet.used)}`,
    `beside ${misses.toLocaleString("en")} near misses ${busy.requests}${cpu(busy.used)} (which posting them took as well)`,
  ].join("; ");
  const of = { case: "waits", what: `a wait that nothing matches, ${peer.name}`, figures, details: { quiet, busy, misses } };
  return noted(of, `${quiet.requests + busy.requests} more`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
