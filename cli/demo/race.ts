import type { ChildProcess } from "node:child_process";
import type { Event, Task } from "../../protocol/index.ts";
import type { Session } from "../client/types.ts";
import { CliError } from "../errors.ts";
import type { RaceFacts } from "./invariants.ts";
import type { Narrator } from "./narrator.ts";
import { now, readJsonLines } from "./processes.ts";
import type { RaceLine } from "./racer.ts";
import type { Stage } from "./stage.ts";

const RACERS = ["amber-wren", "brisk-finch", "calm-heron", "deft-swift", "eager-robin", "fleet-raven", "gentle-egret", "hardy-plover"];
/** The one that falls silent with its first job and is killed. */
const VICTIM = "deft-swift";
const JOBS = 40;
const KIND = "race";
/** Short, so that the dead process's job is free again soon; long enough for a busy machine. */
const LEASE_SECONDS = 2;
const LIMIT_MS = 60_000;

export interface RaceOutcome {
  readonly facts: RaceFacts;
  /** Jobs completed, by process. */
  readonly shares: Readonly<Record<string, number>>;
  /** From the start until every job but the killed process's was done, and until all were; in milliseconds. */
  readonly others_ms: number;
  readonly all_ms: number;
  /** From the killed process's claim until its lease lapsed, and from then until another process held the job. */
  readonly lapse_ms: number;
  readonly takeover_ms: number;
}

/** Eight processes, forty jobs, one server; one process is killed with SIGKILL while it holds a job. */
export async function playRace(stage: Stage, board: Session, narrate: Narrator): Promise<RaceOutcome> {
  const jobs = await Promise.all(Array.from({ length: JOBS }, (_, index) => post(board, index + 1)));
  narrate.tell(now(), "the board", `${JOBS} jobs posted, #${jobs[0]!.number} to #${jobs.at(-1)!.number}`);

  const confirmed: { agent: string; job: string }[] = [];
  let killed: RaceFacts["killed"] = null;
  const racers = RACERS.map((handle) =>
    startRacer(stage, handle, (line, child) => {
      if (line.is === "completed") confirmed.push({ agent: handle, job: line.job });
      if (line.is === "refused") narrate.tell(now(), handle, `too late for a job that had lapsed: ${line.reason}`);
      if (line.is !== "claimed" || handle !== VICTIM) return;
      killed = { agent: handle, job: line.job };
      child.kill("SIGKILL");
      narrate.tell(now(), handle, `is killed (SIGKILL) while it holds #${line.number}`);
    }),
  );
  const failure = Promise.race(racers.map((racer) => racer.failed));
  await bounded(Promise.race([Promise.all(racers.map((racer) => racer.ready)), failure]), "the eight processes did not get ready");

  const watch = new Watch(jobs, () => killed?.job, narrate);
  const { head } = await board.call("workspace/info", {});
  const subscription = await board.subscribe({ after: head, filter: { kind: KIND } }, (events) => {
    for (const event of events) watch.see(event);
  });
  const started = now();
  narrate.tell(started, "the board", `${RACERS.length} processes are ready: go`);
  for (const racer of racers) racer.child.stdin!.write("go\n");
  await bounded(Promise.race([watch.done, failure]), "the jobs were not all completed");
  await subscription.stop();
  for (const racer of racers) racer.child.stdin!.end();
  await bounded(Promise.all(racers.map((racer) => racer.ended)), "the processes did not end");

  const shares = Object.fromEntries(RACERS.map((handle) => [handle, confirmed.filter((one) => one.agent === handle).length]));
  return { facts: { jobs: jobs.map((job) => job.id), killed, confirmed }, shares, ...watch.times(started) };
}

function post(board: Session, index: number): Promise<Task> {
  // Work of 10 to 40 ms, different for each job and the same in every run.
  return board.call("tasks/send", {
    name: `job ${String(index).padStart(2, "0")}`,
    kind: KIND,
    payload: { work_ms: 10 + ((index * 17) % 31) },
  });
}

interface Racer {
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
  /** Never resolves; rejects where the process fails by itself. */
  readonly failed: Promise<never>;
}

function startRacer(stage: Stage, handle: string, onLine: (line: RaceLine, child: ChildProcess) => void): Racer {
  const child = stage.start({
    part: "race",
    handle,
    target: stage.target,
    kind: KIND,
    lease_seconds: LEASE_SECONDS,
    stalls: handle === VICTIM,
  });
  let stderr = "";
  child.stderr!.setEncoding("utf8").on("data", (chunk: string) => {
    stderr = (stderr + chunk).slice(-4000);
  });
  const ready = new Promise<void>((resolve) => {
    readJsonLines(child.stdout!, (value) => {
      const line = value as RaceLine;
      if (line.is === "ready") resolve();
      else onLine(line, child);
    });
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const failed = new Promise<never>((_resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exit, signal) => {
      if (exit !== 0 && signal !== "SIGKILL") reject(new Error(`${handle} ended with ${signal ?? exit}:\n${stderr.trim()}`));
    });
  });
  // Looked at in the race above; one that fails after that is no longer anybody's concern.
  failed.catch(() => {});
  return { child, ready, ended, failed };
}

/** Follows the race in the log, as it happens. */
class Watch {
  readonly done: Promise<void>;
  readonly #jobs: readonly Task[];
  readonly #abandoned: () => string | undefined;
  readonly #narrate: Narrator;
  readonly #completed = new Set<string>();
  readonly #at: { others?: number; all?: number; claim?: number; lapse?: number; takeover?: number } = {};
  #finish: () => void = () => {};

  /** @param abandoned the job of the process that was killed, once it was */
  constructor(jobs: readonly Task[], abandoned: () => string | undefined, narrate: Narrator) {
    this.#jobs = jobs;
    this.#abandoned = abandoned;
    this.#narrate = narrate;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  see(event: Event): void {
    const at = Date.parse(event.at);
    const who = event.agent_id ?? "the board";
    const { number } = event.data.task as { number: number };
    if (event.type === "task.claimed" && who === VICTIM) this.#at.claim ??= at;
    if (event.type === "task.lapsed") {
      const after = this.#at.claim === undefined ? "" : `, ${seconds(at - this.#at.claim)} after its claim`;
      this.#narrate.tell(at, "the board", `the lease of #${number} lapsed${after}`);
      if (event.task_id === this.#abandoned()) this.#at.lapse ??= at;
    }
    if (event.type === "task.claimed" && event.task_id === this.#abandoned() && this.#at.lapse !== undefined) {
      this.#at.takeover ??= at;
      this.#narrate.tell(at, who, `gets #${number}, ${at - this.#at.lapse} ms after that`);
    }
    if (event.type === "task.completed") this.#complete(event, at, who, number);
  }

  #complete(event: Event, at: number, who: string, number: number): void {
    this.#completed.add(event.task_id!);
    const count = this.#completed.size;
    if (event.task_id === this.#abandoned()) this.#narrate.tell(at, who, `completes #${number}`);
    if (count === this.#jobs.length - 1) this.#at.others = at;
    if (count % 10 === 0 || count === this.#jobs.length - 1)
      this.#narrate.tell(at, "the board", `${count} of ${this.#jobs.length} jobs are done`);
    if (count < this.#jobs.length) return;
    this.#at.all = at;
    this.#finish();
  }

  times(started: number): Pick<RaceOutcome, "others_ms" | "all_ms" | "lapse_ms" | "takeover_ms"> {
    const { others = Number.NaN, all = Number.NaN, claim = Number.NaN, lapse = Number.NaN, takeover = Number.NaN } = this.#at;
    return { others_ms: others - started, all_ms: all - started, lapse_ms: lapse - claim, takeover_ms: takeover - lapse };
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}

async function bounded<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new CliError(`${what} within ${LIMIT_MS / 1000} s`, { next: "run it again on a less busy machine: coord demo" })),
      LIMIT_MS,
    );
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
