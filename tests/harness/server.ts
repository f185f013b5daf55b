import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

/** The build under test: dist/, which vitest's global setup makes, or the folder in COORD_TEST_DIST. */
const DIST = resolve(process.env.COORD_TEST_DIST ?? join(import.meta.dirname, "../../dist"));

/** The built program, run by `process.execPath`. */
export const PROGRAM = join(DIST, "cli/coord.js");

const made: string[] = [];
function removeMade(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}
// A vitest worker is ended without an exit event; a program of its own, such as a benchmark, has no `afterAll`.
if (process.env.VITEST) (await import("vitest")).afterAll(removeMade);
else process.once("exit", removeMade);

/** A new empty folder under the system's temporary one, by its real path; removed after the test file, or when the process ends. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "coord-test-")));
  made.push(folder);
  return folder;
}

/** The environment for a program under test: nothing of ours leaks in (CI would turn colours off), nothing of it reaches the user's data folder. */
export function cleanEnv(extra: Record<string, string | undefined> = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (!name.startsWith("COORD_") && !name.startsWith("VITEST") && name !== "NODE_OPTIONS" && name !== "CI") env[name] = value;
  }
  return { ...env, COORD_AUTOSTART: "0", NO_COLOR: "1", ...dataFolder(extra), ...extra };
}

let shared: string | undefined;

/** A data folder for all programs of one test file, for those that are given none and no home to look for one in. */
function dataFolder(extra: Record<string, string | undefined>): { COORD_DB?: string } {
  if (["COORD_DB", "HOME", "XDG_DATA_HOME"].some((name) => name in extra)) return {};
  shared ??= temporaryFolder();
  return { COORD_DB: shared };
}

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Record<string, string | undefined>;
  readonly cwd?: string;
  readonly input?: string;
  /** Killed beyond it, in milliseconds. */
  readonly limit_ms?: number;
}

/** All that a child says until it ends. Rejects where it could not be started. */
export function finished(child: ChildProcess): Promise<Finished> {
  return new Promise((done, failed) => {
    let stdout = "";
    let stderr = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.once("error", failed);
    child.once("close", (code, signal) => done({ code, signal, stdout, stderr }));
  });
}

/** Runs `coord <args>` to its end. */
export function runCoord(args: readonly string[], { env = {}, cwd, input, limit_ms = 30_000 }: RunOptions = {}): Promise<Finished> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { env: cleanEnv(env), cwd, timeout: limit_ms, killSignal: "SIGKILL" });
  child.stdin.on("error", () => {
    // It ended without reading what it was given; its exit says why.
  });
  child.stdin.end(input);
  return finished(child);
}

/** Whether a process lives; a dead one that nobody has collected yet does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return !existsSync("/proc/self/stat") || existsSync(`/proc/${pid}/exe`);
}

/** Waits for a condition by looking every 10 ms. Throws, naming it, when it does not come true within the limit. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, limit_ms = 20_000): Promise<void> {
  const deadline = performance.now() + limit_ms;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${limit_ms} ms: ${what}`);
    await new Promise((next) => setTimeout(next, 10));
  }
}

export interface TestServer extends AsyncDisposable {
  /** With a trailing slash. */
  readonly url: string;
  readonly port: number;
  /** The `coord serve` process. */
  readonly pid: number;
  /** workerd, as it was first started. */
  readonly workerdPid: number;
  /** The data folder. */
  readonly dir: string;
  readonly child: ChildProcess;
  /** Everything it wrote to stderr: its log. */
  stderr(): string;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** SIGTERM, then waits for the end; removes the folder if this server made it. */
  stop(): Promise<void>;
  /** SIGKILL to `coord serve`, then waits until workerd is gone as well. Keeps the folder. */
  kill(): Promise<void>;
}

export interface ServerOptions {
  readonly env?: Record<string, string | undefined>;
  /** The data folder: kept afterwards. Without one, a temporary folder is made and removed. */
  readonly db?: string;
  /** Default 127.0.0.1:0. */
  readonly addr?: string;
  /** Another build of the program than the one under test. */
  readonly program?: string;
}

/** Starts the built program's `coord serve` on a free port and resolves when it answers. Rejects with its stderr when it ends instead. */
export async function startServer({ env = {}, db, addr = "127.0.0.1:0", program = PROGRAM }: ServerOptions = {}): Promise<TestServer> {
  const dir = db ?? temporaryFolder();
  const child = spawn(process.execPath, [program, "serve", "--json", "--addr", addr, "--db", dir], {
    env: cleanEnv(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((done) => {
    child.once("close", (code, signal) => done({ code, signal }));
  });
  const line = await new Promise<string>((ready, failed) => {
    createInterface({ input: child.stdout }).once("line", ready);
    child.once("error", failed);
    void exited.then(({ code, signal }) => failed(new Error(`coord serve ended with ${signal ?? code}: ${log}`)));
  });
  const { url, pid, workerd_pid: workerdPid } = JSON.parse(line) as { url: string; pid: number; workerd_pid: number };
  const cleanUp = () => {
    if (db === undefined) rmSync(dir, { recursive: true, force: true });
  };
  const server: TestServer = {
    url,
    port: Number(new URL(url).port),
    pid,
    workerdPid,
    dir,
    child,
    exited,
    stderr: () => log,
    async stop() {
      child.kill("SIGTERM");
      const overdue = setTimeout(() => child.kill("SIGKILL"), 6000);
      await exited;
      clearTimeout(overdue);
      cleanUp();
    },
    async kill() {
      child.kill("SIGKILL");
      await exited;
      await until("workerd is gone after its server", () => !isRunning(workerdPid));
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
    },
  };
  return server;
}
