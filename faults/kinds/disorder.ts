import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { PROGRAM, temporaryFolder } from "../../tests/harness/server.ts";
import { check, type History } from "../checker/check.ts";
import type { Circumstances } from "../checker/model.ts";
import { story } from "../checker/violation.ts";
import { databasesOf, readDatabase } from "../history/database.ts";
import { readRecordings } from "../history/recorder.ts";
import { Random } from "../random.ts";
import { Crowd, type CrowdOptions } from "../workload/crowd.ts";
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
  | "stop client"
  | "set clock";

export interface DisorderOptions {
  readonly seed: number;
  readonly ms: number;
  /** Ends after so many disturbances, where that comes first. */
  readonly most?: number;
  readonly weights: Readonly<Partial<Record<Disturbance, number>>>;
  readonly members: CrowdOptions["members"];
  /** Between two disturbances, in milliseconds. */
  readonly between: readonly [number, number];
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

/** Where the clock is set to, in seconds ahead of the true one. */
const JUMPS = [0, 0, 5, -5, 60, -60, 3_600, -3_600, 86_400];

/** Sound words in a server's log that tell of a bug; what it says of being killed does not. */
const BUG = /"message":"bug"|uncaught exception|internal error/;

/**
 * A crowd of clients works while the server, its runtime, the clients and their bridges are killed or stopped at random; then everything
 * that anybody was told is held against the log, the board and the file.
 */
export async function disorder(options: DisorderOptions): Promise<DisorderReport> {
  const { seed, ms, most = Number.POSITIVE_INFINITY, weights, members, between, say = () => {} } = options;
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
    for (let done = 0; performance.now() < until && done < most; done += 1) {
      await pause(random.between(...between));
      const what = random.weighted(weights as Record<Disturbance, number>);
      if (await disturb(what, server, crowd, random, options)) counts[what] = (counts[what] ?? 0) + 1;
      await server.revive();
    }
    await server.answers();
    await crowd.finish();
    await server.answers();
    const history = { ...readRecordings(crowd.files), log: await server.log(), tasks: await server.tasks() };
    const logged = await server.stop();
    const [path] = await databasesOf(server.folder);
    const circumstances = { clockMs: options.clock ? Number.POSITIVE_INFINITY : 20, keeps: (agent: string) => agent.startsWith("mcp-") };
    return judge({ ...history, database: await readDatabase(path!) }, circumstances, counts, logged, () => keep(folder, seed), say);
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
    case "stop client": {
      const go = crowd.stopClient();
      await pause(random.between(...stopped));
      go?.();
      return go !== undefined;
    }
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
      if (workerdPid === undefined || !signal(workerdPid, "SIGSTOP")) return false;
      await pause(random.between(...stopped));
      return signal(workerdPid, "SIGCONT");
  }
}

function signal(pid: number, name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false; // it ended by itself meanwhile
  }
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
