import { spawn } from "node:child_process";
import { CliError } from "../errors.ts";

export type Environment = Record<string, string>;

export interface Finished {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** When it had ended, in milliseconds since 1970 with fractions: the moment in which a waiting agent has its answer. */
  readonly ended: number;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly environment: Environment;
  /** An exit code other than 0 is an error. */
  readonly must?: boolean;
  /** Killed after this long; 60,000 unless told. */
  readonly limit_ms?: number;
}

/** Milliseconds since 1970 with fractions: the same clock in every process of the demo. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/**
 * What a process of the demo inherits: the caller's environment without anything that would make it act on the caller's
 * own server, repository or test run.
 */
export function cleanEnvironment(from: Record<string, string | undefined>, more: Environment): Environment {
  const foreign = /^(COORD_|GIT_|NODE_TEST_CONTEXT$|NODE_V8_COVERAGE$|NODE_OPTIONS$|VITEST|FORCE_COLOR$)/;
  const kept = Object.entries(from).filter((pair): pair is [string, string] => pair[1] !== undefined && !foreign.test(pair[0]));
  return { ...Object.fromEntries(kept), ...more };
}

/** Runs a program to its end. Rejects where it cannot be started, runs into its limit or, with `must`, fails. */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<Finished> {
  const child = spawn(command, args, { cwd: options.cwd, env: options.environment, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  const limit = options.limit_ms ?? 60_000;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, limit);
  const exit = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).finally(() => clearTimeout(timer));
  const shown = `${command.split(/[\\/]/).at(-1)} ${args.join(" ")}`.slice(0, 200);
  if (late)
    throw new CliError(`still running after ${limit / 1000} s: ${shown}`, { next: "run it again on a less busy machine: coord demo" });
  if (options.must && exit !== 0) {
    throw new CliError(`exit ${exit}: ${shown}\n${stderr.trim() || stdout.trim()}`, { next: "look at what is left: coord demo --keep" });
  }
  return { exit, stdout, stderr, ended: now() };
}

/** Splits a stream into lines, each a JSON value. A line that is none is an error of the program that wrote it. */
export function readJsonLines(stream: NodeJS.ReadableStream, onValue: (value: Record<string, unknown>) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const line of lines) if (line.trim() !== "") onValue(JSON.parse(line) as Record<string, unknown>);
  });
}
