import type { Caller } from "../harness/peer.ts";
import { canMeasure, clientLoad, processorMs } from "../harness/processor.ts";
import type { BenchServer } from "../harness/server.ts";
import { assertResult, type Params, Session } from "../harness/session.ts";
import { latency } from "../harness/statistics.ts";

export const CALLERS = 32;
const BATCH = 100;

/** What one round of claims gave. */
export interface Round {
  /** Claims answered a second. */
  readonly rate: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly p999_ms: number;
  /** Processor time of workerd for a claim, in microseconds: it depends less on what else the machine does. NaN where it cannot be told. */
  readonly processor_us: number;
  /** Share of one core that the load generator used: near 1, it would be what is measured. */
  readonly load: number;
}

/** One server and those who claim on it. */
export interface Side {
  /** Posts so many jobs, untimed, and has them claimed by all callers. */
  round(size: number): Promise<Round>;
  close(): void;
}

export interface SideOptions {
  readonly workspace?: string;
  /** How many claim at once; `CALLERS` by default. */
  readonly count?: number;
  /** More parameters of the claim of a job. */
  readonly extra?: (id: string) => Params;
}

export async function openSide(
  server: BenchServer,
  open: (server: BenchServer, workspace: string) => Promise<Caller>,
  { workspace = "default", count = CALLERS, extra = () => ({}) }: SideOptions = {},
): Promise<Side> {
  const poster = await Session.open(server.url, workspace);
  const callers = await Promise.all(Array.from({ length: count }, () => open(server, workspace)));
  return {
    round: async (size) => claimAll(server.pid, callers, await post(poster, size), extra),
    close: () => {
      for (const caller of [poster, ...callers]) caller.close();
    },
  };
}

async function post(poster: Session, count: number): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) {
    const some = Array.from({ length: Math.min(BATCH, count - ids.length) }, (_, at) => ({ name: `job ${ids.length + at}` }));
    for (const task of await poster.batch<{ id: string }>("tasks/send", some)) ids.push(task.id);
  }
  return ids;
}

/** Each caller takes the next job of the list as soon as its last one is answered. Throws where a claim is refused. */
async function claimAll(pid: number, callers: readonly Caller[], ids: readonly string[], extra: (id: string) => Params): Promise<Round> {
  const latencies: number[] = [];
  let taken = 0;
  const work = async (caller: Caller, agent_id: string) => {
    for (let at = taken++; at < ids.length; at = taken++) {
      const id = ids[at]!;
      const asked = performance.now();
      const answer = await caller.ask("tasks/claim", { id, agent_id, ...extra(id) });
      latencies.push(performance.now() - asked);
      assertResult(answer);
    }
  };
  const used = canMeasure ? processorMs(pid) : Number.NaN;
  const began = performance.now();
  const { load } = await clientLoad(() => Promise.all(callers.map((caller, at) => work(caller, `agent-${at}`))));
  const took = performance.now() - began;
  const processor_us = canMeasure ? ((processorMs(pid) - used) * 1000) / ids.length : Number.NaN;
  const { p50, p99, p999 } = latency(latencies);
  return { rate: (ids.length * 1000) / took, p50_ms: p50, p99_ms: p99, p999_ms: p999, processor_us, load };
}
