import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { PROGRAM, temporaryFolder } from "../../tests/harness/server.ts";
import { check, type History } from "../checker/check.ts";
import type { Circumstances } from "../checker/model.ts";
import { story } from "../checker/violation.ts";
import { readRecordings } from "../history/recorder.ts";
import { Random } from "../random.ts";
import { Crowd, type CrowdOptions, signal } from "../workload/crowd.ts";
import { pause } from "../workload/door.ts";
import { Served } from "../workload/served.ts";

/** What may be done to a run, and how often each is chosen. */
export type Disturbance =
  | "kill workerd"
  | "kill serve"
  | "kill both"
  | "kill client"
  | "kill bridge"
  | "stop workerd"
  | "stop both"
  | "stop client"
  | "stop bridge"
  | "set clock";

export interface DisorderOptions {
  readonly seed: number;
  readonly ms: number;
  readonly weights: Readonly<Partial<Record<Disturbance, number>>>;
  readonly members: CrowdOptions["members"];
  /** Between two disturbances, in milliseconds. */
  readonly between: readonly [number, number];
  /** So many of them may come at one moment; 1 without it. */
  readonly atOnce?: number;
  /** How long something is stopped, in milliseconds; leases here last 1, 2 or 30 s. */
  readonly stopped?: readonly [number, number];
  /** Sets the clock of workerd to so many seconds ahead, for "set clock". */
  readonly clock?: { readonly program: string; set(seconds: number): void };
  readonly say?: (line: string) => void;
}

export interface DisorderReport {
  readonly counts: Record<string, number>;
  readonly operations: number;
  readonly unheard: number;
  readonly tasks: number;
  readonly waits: number;
  readonly events: number;
  readonly undecided: number;
  readonly stories: readonly string[];
  /** Bugs that the server logged. */
  readonly bugs: readonly string[];
}

/** How much longer a run may take than it was told, until each disturbance has come once. */
const EACH_ONCE_MS = 30_000;

/**
 * Where the clock is set to, in seconds ahead of the true one. Never 24 h from one to another: the answers to calls are remembered for
 * that long by it (domain §5), and a call that is asked again later is another call.
 */
const JUMPS = [0, 0, 5, -5, 60, -60, 3_600, -3_600, 72_000];

/** Sound words in a server's log that tell of a bug; what it says of being killed does not. */
const BUG = /"message":"bug"|uncaught exception|internal error/;

/**
 * A crowd of clients works while the server, its runtime, the clients and their bridges are killed or stopped at random; then everything
 * that anybody was told is held against the log, the board and the file.
 */
export async function disorder(options: DisorderOptions): Promise<DisorderReport> {
  const { seed, ms, weights, members, between, atOnce = 1, say = () => {} } = options;
  const random = new Random(seed);
  const folder = temporaryFolder();
  const histories = join(folder, "histories");
  mkdirSync(histories);
  const server = await Served.start(join(folder, "db"), options.clock ? { program: options.clock.program } : {});
  const crowd = new Crowd({ url: server.url, program: PROGRAM, folder: histories, members }, random.fork());
  const counts: Record<string, number> = {};
  try {
    await crowd.start();
    const until = performance.now() + ms;
    // each comes once before any comes twice, however short the run
    const first = new Set(Object.keys(weights) as Disturbance[]);
    while (performance.now() < until + (first.size > 0 ? EACH_ONCE_MS : 0)) {
      await pause(random.between(...between));
      const some = new Set<Disturbance>();
      for (let n = random.between(1, atOnce); n > 0; n -= 1)
        some.add(first.size > 0 ? random.pick([...first]) : random.weighted(weights as Record<Disturbance, number>));
      // nothing dies twice
      if (some.has("kill both")) for (const half of ["kill serve", "kill workerd"] as const) some.delete(half);
      await Promise.all(
        [...some].map(async (what) => {
          if (!(await disturb(what, server, crowd, random, options))) return;
          counts[what] = (counts[what] ?? 0) + 1;
          first.delete(what);
        }),
      );
      await server.revive();
    }
    await server.answers();
    await crowd.finish();
    const { logged, ...end } = await server.finish();
    const circumstances = { clockMs: options.clock ? Number.POSITIVE_INFINITY : 20, keeps: (agent: string) => agent.startsWith("mcp-") };
    return judge({ ...readRecordings(crowd.files), ...end }, circumstances, counts, logged, () => keep(folder, seed), say);
  } catch (error) {
    say(`seed ${seed} broke off: ${error}; kept at ${keep(folder, seed)}`);
    throw error;
  } finally {
    crowd.end();
    await server.stop();
  }
}

/** @returns whether it could be done */
async function disturb(what: Disturbance, server: Served, crowd: Crowd, random: Random, options: DisorderOptions): Promise<boolean> {
  const { stopped = [1_500, 3_500], clock } = options;
  const { workerdPid } = server;
  switch (what) {
    case "set clock":
      clock?.set(random.pick(JUMPS));
      return clock !== undefined;
    case "kill client":
      return crowd.killClient();
    case "kill bridge":
      return crowd.killBridge();
    case "stop client":
      return standStill(crowd.stopClient());
    case "stop bridge":
      return standStill(crowd.stopBridge());
    case "kill serve":
      await server.kill();
      return true;
    case "kill both":
      if (workerdPid === undefined || !signal(workerdPid, "SIGKILL")) return false;
      await server.kill();
      return true;
    case "kill workerd":
      return workerdPid !== undefined && signal(workerdPid, "SIGKILL");
    case "stop workerd":
      return standStill(stop(workerdPid));
    // as when the machine sleeps
    case "stop both":
      return standStill(stop(workerdPid, server.pid));
  }

  async function standStill(go: (() => void) | undefined): Promise<boolean> {
    await pause(random.between(...stopped));
    go?.();
    return go !== undefined;
  }
}

/** SIGSTOP to all of them; returns what lets them go on, or undefined where one is not there. */
function stop(...pids: (number | undefined)[]): (() => void) | undefined {
  const all = pids.filter((pid) => pid !== undefined && signal(pid, "SIGSTOP")) as number[];
  const go = () => {
    for (const pid of all) signal(pid, "SIGCONT");
  };
  if (all.length === pids.length) return go;
  go();
  return undefined;
}

function judge(
  history: History,
  circumstances: Circumstances,
  counts: Record<string, number>,
  logged: string,
  keepFolder: () => string,
  say: (line: string) => void,
): DisorderReport {
  const { violations, undecided, tasks, operations, waits } = check(history, circumstances);
  const stories = violations.slice(0, 20).map(story);
  const bugs = logged.split("\n").filter((line) => BUG.test(line));
  if (stories.length > 0 || bugs.length > 0)
    say(
      `${violations.length} violations, ${bugs.length} bugs; kept at ${keepFolder()}\n${stories.slice(0, 5).join("\n\n")}\n${bugs.slice(0, 3).join("\n")}`,
    );
  const unheard = history.operations.filter((operation) => operation.outcome === "unknown").length;
  return { counts, operations, unheard, tasks, waits, events: history.log.length, undecided, stories, bugs };
}

/** Keeps a run that went wrong for whoever looks into it. */
function keep(folder: string, seed: number): string {
  const kept = `${folder}-kept-${seed}`;
  cpSync(folder, kept, { recursive: true });
  return kept;
}
