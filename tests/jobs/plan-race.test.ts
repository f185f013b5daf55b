import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Claim, Event, ParamsIn, Task } from "../../protocol/index.ts";
import { cleanEnv, startServer, type TestServer, until } from "../harness/server.ts";
import { type Answer, Board } from "../scenarios/client.ts";
import { served } from "../scenarios/served.ts";

const JOBS = 200;
const WORKERS = 16;
const DEATHS = 8;
const OVERSLEEPS = 4;
/** How often a process is killed wherever it stands: in line, working, or between the two. */
const STRAY_KILLS = 4;
const BATCH = 100;

const SEED = fc.readConfigureGlobal().seed ?? Math.floor(Math.random() * 2 ** 31);

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

/** For each job the earlier ones that it depends on: none to three, near and far. */
function randomEdges(): number[][] {
  const picks = fc.sample(fc.array(fc.tuple(fc.nat(10_000), fc.boolean()), { maxLength: 3 }), { seed: SEED, numRuns: JOBS });
  return picks.map((some, job) => {
    const on = some.map(([at, isNear]) => (isNear ? job - 1 - (at % Math.min(Math.max(1, job), 5)) : at % Math.max(1, job)));
    return job === 0 ? [] : [...new Set(on)].filter((other) => other >= 0);
  });
}

/** Posts the plan as an agent would: by the names of siblings within a batch, and by id from one batch to the next. */
async function postPlan(board: Board, edges: readonly (readonly number[])[]): Promise<string[]> {
  const ids: string[] = [];
  for (let from = 0; from < JOBS; from += BATCH) {
    const calls = edges.slice(from, from + BATCH).map((on, at): ParamsIn<"tasks/send"> => {
      return {
        name: `job ${from + at}`,
        ref: `job-${from + at}`,
        depends_on: on.map((other) => (other < from ? ids[other]! : `@job-${other}`)),
      };
    });
    const body = calls.map((params, id) => ({ jsonrpc: "2.0", id, method: "tasks/send", params }));
    const answers = JSON.parse(await (await board.post(JSON.stringify(body))).text()) as Answer[];
    ids.push(...answers.map(({ result, error }) => (error ? expect.fail(error.message) : (result as Task).id)));
  }
  return ids;
}

/** What the processes say of themselves, and what was done to them. */
interface Told {
  readonly lines: string[][];
  /** Claims of processes that were killed while they held. */
  readonly killedClaims: Set<string>;
  readonly errors: string[];
  starts: number;
  killed: number;
}

class Workers {
  readonly told: Told = { lines: [], killedClaims: new Set(), errors: [], starts: 0, killed: 0 };
  readonly #board: Board;
  readonly #living = new Map<string, ChildProcess>();
  readonly #fates: string[] = [...Array(DEATHS).fill("dies"), ...Array(OVERSLEEPS).fill("oversleeps")];

  constructor(board: Board) {
    this.#board = board;
  }

  start(): void {
    const number = this.told.starts++;
    const agent = `worker-${number}`;
    const fate = this.#fates.shift() ?? "works";
    const args = [join(import.meta.dirname, "plan-worker.mjs"), server.url, this.#board.name, number % 2 ? "http" : "session", agent, fate];
    const child = spawn(process.execPath, args, {
      env: cleanEnv(),
      stdio: ["pipe", "pipe", "pipe"],
      timeout: 60_000,
      killSignal: "SIGKILL",
    });
    this.#living.set(agent, child);
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    createInterface({ input: child.stdout }).on("line", (line) => this.#hear(agent, line.split(" ")));
    child.once("close", (code, signal) => {
      if (signal !== "SIGKILL" && code !== 0) this.told.errors.push(`${agent} ended with ${code}: ${stderr}`);
    });
  }

  #hear(agent: string, line: string[]): void {
    this.told.lines.push(line);
    if (line[0] !== "holds") return;
    if (line[3] === "dies") {
      this.told.killedClaims.add(line[2]!);
      this.kill(agent);
    }
    const holds = this.told.lines.filter(([what]) => what === "holds").length;
    const survivor = [...this.#living.keys()].at(-1);
    if (holds % Math.floor(JOBS / (STRAY_KILLS + 1)) === 0 && holds < JOBS && survivor) this.kill(survivor);
  }

  /** `kill -9`, and another process takes its place. */
  kill(agent: string): void {
    const child = this.#living.get(agent);
    if (!child) return;
    this.#living.delete(agent);
    child.kill("SIGKILL");
    this.told.killed += 1;
    this.start();
  }

  async end(): Promise<void> {
    const living = [...this.#living.values()];
    await Promise.all(
      living.map((child) => {
        const closed = new Promise((resolve) => child.once("close", resolve));
        child.stdin!.end();
        return child.exitCode === null ? closed : undefined;
      }),
    );
  }
}

/** What has to be true of the log, whoever wrote it and whatever died meanwhile. */
function checkLog(log: readonly Event[], ids: readonly string[], edges: readonly (readonly number[])[]): void {
  const number = new Map(ids.map((id, at) => [id, at]));
  const completed = new Set<number>();
  const open = new Map<number, { claim: unknown; until: string }>();
  const unblocked = new Map<number, number>();
  for (const event of log) {
    const job = number.get(event.task_id ?? "");
    if (job === undefined) continue;
    const { claim_id, lease_until } = event.data as { claim_id?: string; lease_until?: string };
    switch (event.type) {
      case "task.claimed": {
        const missing = edges[job]!.filter((on) => !completed.has(on));
        expect(missing, `job ${job} was claimed before what it depends on`).toEqual([]);
        expect(completed, `job ${job} was claimed after it was completed`).not.toContain(job);
        expect(open.get(job), `job ${job} was given to two`).toBeUndefined();
        open.set(job, { claim: claim_id, until: lease_until! });
        break;
      }
      case "task.lapsed":
        expect(open.get(job)?.claim).toBe(claim_id);
        expect(open.get(job)!.until <= event.at, `the lease of job ${job} lapsed early`).toBe(true);
        open.delete(job);
        break;
      case "task.released":
        // handed over in the moment in which the process that waited for it was killed: it went back at once
        expect(open.get(job)?.claim).toBe(claim_id);
        open.delete(job);
        break;
      case "task.completed":
        expect(completed, `job ${job} was completed twice`).not.toContain(job);
        expect(open.get(job)?.claim).toBe(claim_id);
        open.delete(job);
        completed.add(job);
        break;
      case "task.unblocked":
        unblocked.set(job, (unblocked.get(job) ?? 0) + 1);
        break;
      default:
        expect(["task.created", "task.late_result"]).toContain(event.type);
    }
  }
  expect(open.size).toBe(0);
  expect([...completed].sort((a, b) => a - b)).toEqual(ids.map((_, at) => at));
  // all of the plan is posted before anybody works, so each job with an edge opens once
  for (const [job, on] of edges.entries()) expect(unblocked.get(job) ?? 0, `job ${job} opened`).toBe(on.length > 0 ? 1 : 0);
}

describe(`a plan of ${JOBS} jobs with random edges (COORD_SEED=${SEED})`, () => {
  it(`worked off by ${WORKERS} processes, some killed and some asleep over their leases: every job once, none early, none stranded`, {
    timeout: 90_000,
  }, async () => {
    const board = new Board("plan-race", served(server.url));
    const edges = randomEdges();
    const ids = await postPlan(board, edges);
    const workers = new Workers(board);
    for (let each = 0; each < WORKERS; each += 1) workers.start();
    const { told } = workers;
    try {
      await until(
        "every job is completed",
        async () => {
          expect(told.errors).toEqual([]);
          return (await board.call("workspace/info", {})).counts.completed === JOBS;
        },
        75_000,
      );
    } finally {
      await workers.end();
    }
    expect(told.errors).toEqual([]);
    const log = await board.log();
    checkLog(log, ids, edges);

    // the kills and lapses did happen, and each left what it should
    expect(told.killed).toBeGreaterThanOrEqual(DEATHS);
    expect(told.killedClaims.size).toBe(DEATHS);
    const claims = new Map<string, Claim>();
    for (const { claims: some } of await board.batch(
      "tasks/history",
      ids.map((id) => ({ id })),
    ))
      for (const claim of some) claims.set(claim.claim_id, claim);
    for (const claim of told.killedClaims) expect(claims.get(claim)?.end).toBe("lapsed");
    const late = told.lines.filter(([what]) => what === "late");
    expect(late.length).toBeGreaterThanOrEqual(OVERSLEEPS);
    for (const [, , claim] of late) expect(claims.get(claim!)?.end).toBe("lapsed");
    expect(log.filter(({ type }) => type === "task.late_result").length).toBeGreaterThanOrEqual(late.length);
    const returned = log.filter(({ type }) => type === "task.released").length;
    expect(returned, "jobs that went back, of processes that were killed in line").toBeLessThanOrEqual(told.killed);
    for (const [what, , claim] of told.lines) if (what === "done") expect(claims.get(claim!)?.end).toBe("completed");
  });
});
