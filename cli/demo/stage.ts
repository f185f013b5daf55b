import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSession } from "../client/session.ts";
import type { Session, Target } from "../client/types.ts";
import { CliError } from "../errors.ts";
import { parseAddress } from "../server/address.ts";
import { findProgram } from "../server/installation.ts";
import { type Runtime, startRuntime } from "../server/runtime.ts";
import type { Part } from "./parts.ts";
import { cleanEnvironment, type Environment, run } from "./processes.ts";
import { gitEnvironment } from "./repository.ts";

/**
 * Everything the demo needs and leaves no trace of: a folder in the system's temporary one, a server on a free loopback
 * port with its data in there, and the processes of the story. A demo that dies by SIGKILL leaves only the folder: workerd
 * ends with the process that started it, and the others when their standard input does.
 */
export class Stage {
  readonly root: string;
  readonly data: string;
  readonly repository: string;
  readonly scratch: string;
  readonly program: readonly [node: string, coord: string];
  readonly #runtime: Runtime;
  readonly #sessions: Session[] = [];
  readonly #children = new Set<ChildProcess>();
  readonly #lastWill: () => void;
  #kept = false;

  private constructor(root: string, runtime: Runtime, program: string) {
    this.root = root;
    ({ data: this.data, repository: this.repository, scratch: this.scratch } = folders(root));
    this.program = [process.execPath, program];
    this.#runtime = runtime;
    this.#lastWill = () => this.#killAll();
    process.once("exit", this.#lastWill);
  }

  static async open(): Promise<Stage> {
    const program = findProgram();
    const root = makeRoot();
    try {
      const { data, scratch } = folders(root);
      mkdirSync(scratch);
      const runtime = await startRuntime({ folder: data, address: parseAddress("127.0.0.1:0"), log: () => {} });
      return new Stage(root, runtime, program);
    } catch (error) {
      rmSync(root, { recursive: true, force: true });
      throw error;
    }
  }

  get target(): Target {
    return { url: this.#runtime.url, workspace: "default" };
  }

  get workerd(): string {
    return this.#runtime.workerd;
  }

  /** What a process of the demo runs in: this server and none other, and a git of its own. */
  environment(handle: string): Environment {
    return cleanEnvironment(process.env, {
      COORD_URL: this.target.url,
      COORD_DB: this.data,
      COORD_WORKSPACE: this.target.workspace,
      COORD_AUTOSTART: "0",
      NO_COLOR: "1",
      ...gitEnvironment(handle),
    });
  }

  async session(): Promise<Session> {
    const session = await openSession(this.target, { autostart: false });
    this.#sessions.push(session);
    return session;
  }

  /** Starts a process of the demo. Its standard input stays open; its end tells the process to end. */
  start(part: Part): ChildProcess {
    const child = spawn(this.program[0], [this.program[1], "demo", "--part", JSON.stringify(part)], {
      cwd: this.scratch,
      env: this.environment(part.handle),
      stdio: ["pipe", "pipe", "pipe"],
      // A group of its own, so that a command which it runs can be ended with it.
      detached: process.platform !== "win32",
    });
    this.#children.add(child);
    child.once("close", () => this.#children.delete(child));
    // A process that is gone already cannot be told anything; that it is gone is seen by its exit.
    child.stdin.on("error", () => {});
    return child;
  }

  /** Ends the demo's own server and starts one in the background on the same data and port, which outlives this process. */
  async keep(): Promise<void> {
    const url = new URL(this.target.url);
    await this.#closeSessions();
    await this.#runtime.stop();
    await run(this.program[0], [this.program[1], "serve", "--detach", "--db", this.data, "--addr", url.host], {
      environment: this.environment("demo"),
      must: true,
      limit_ms: 30_000,
    });
    this.#kept = true;
  }

  /** Ends every process and removes the folder, unless `keep` was called. Data that are about to be removed need no orderly end. */
  async close(): Promise<void> {
    this.#killAll();
    await this.#closeSessions();
    await this.#runtime.stop({ force: !this.#kept });
    process.off("exit", this.#lastWill);
    if (!this.#kept) rmSync(this.root, { recursive: true, force: true, maxRetries: 3 });
  }

  async #closeSessions(): Promise<void> {
    await Promise.all(this.#sessions.splice(0).map((session) => session.close()));
  }

  #killAll(): void {
    for (const child of this.#children) killGroup(child);
    if (!this.#kept) rmSync(this.root, { recursive: true, force: true });
  }
}

/** @throws CliError where the system's temporary folder is not there or cannot be written. */
function makeRoot(): string {
  try {
    return realpathSync(mkdtempSync(join(tmpdir(), "coord-demo-")));
  } catch (cause) {
    throw new CliError(`nothing can be made in the temporary folder ${tmpdir()}: ${(cause as NodeJS.ErrnoException).code}`, {
      next: "name one that you can write to: TMPDIR=/tmp coord demo",
      cause,
    });
  }
}

function folders(root: string): { data: string; repository: string; scratch: string } {
  return { data: join(root, "data"), repository: join(root, "shop"), scratch: join(root, "scratch") };
}

function killGroup(child: ChildProcess): void {
  if (process.platform === "win32" || child.pid === undefined) {
    child.kill("SIGKILL");
    return;
  }
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The whole group has ended by itself.
  }
}
