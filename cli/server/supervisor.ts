import { CliError } from "../errors.ts";
import { urlOf } from "./address.ts";
import { ask, bearer } from "./health.ts";
import type { WorkerdBinary } from "./installation.ts";
import type { Lock } from "./lock.ts";
import { type LogLine, parseLine } from "./log.ts";
import { lookUp } from "./processes.ts";
import type { Runtime, RuntimeEnd, RuntimeOptions } from "./runtime.ts";
import type { Bindings } from "./worker-config.ts";
import { type Exit, spawnWorkerd, type WorkerdProcess } from "./workerd.ts";

/**
 * Pause before a restart in milliseconds: doubled from the first to the last with every unexpected end in the last minute.
 * After more of them than `per_minute` the server gives up.
 */
export const RESTARTS = { first_ms: 200, last_ms: 5000, per_minute: 8 };
/** Goodbyes and answers to them, then SIGTERM; both together leave room under the promised 3 s. In milliseconds. */
const STOP_MS = { bye: 500, term: 1500 } as const;

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

/** Keeps workerd running on a folder whose lock we hold: starts it, starts it again when it ends unexpectedly, and ends it. */
export class Supervisor implements Runtime {
  readonly exited: Promise<RuntimeEnd>;
  readonly workerd: string;
  port = 0;
  #current: WorkerdProcess | undefined;
  #ends: number[] = [];
  #stopping: AbortController = new AbortController();
  #stopped: Promise<void> | undefined;
  #end: (end: RuntimeEnd) => void = () => {};

  constructor(
    private readonly options: RuntimeOptions,
    private readonly binary: WorkerdBinary,
    private readonly lock: Lock,
    readonly bindings: Bindings,
    private readonly now: () => number,
  ) {
    this.workerd = binary.version;
    this.port = options.address.port;
    this.exited = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get pid(): number {
    return this.#current?.pid ?? 0;
  }

  get url(): string {
    return urlOf({ host: this.options.address.host, port: this.port });
  }

  #say(level: LogLine["level"], message: string): void {
    this.options.log({ time: this.now(), level, message });
  }

  /** Starts workerd once, on the port of its first start, and watches for its end. */
  async start(): Promise<void> {
    const child = spawnWorkerd({
      binary: this.binary.path,
      folder: this.options.folder,
      address: { ...this.options.address, port: this.port },
      bindings: this.bindings,
      onLine: (line) => this.options.log(parseLine(line, this.now())),
    });
    this.#current = child;
    try {
      this.lock.update({ workerdPid: child.pid, workerdIdentity: lookUp(child.pid)?.identity ?? "" });
      this.port = await child.listening;
    } catch (error) {
      child.kill("SIGKILL");
      await child.exited;
      throw error;
    }
    void child.exited.then((exit) => this.#onExit(exit));
  }

  async #onExit(exit: Exit): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const { first_ms, last_ms, per_minute } = this.options.restarts ?? RESTARTS;
    let what = `workerd ended unexpectedly (${exit.signal ?? `exit code ${exit.code}`})`;
    for (;;) {
      const time = this.now();
      this.#ends = [...this.#ends.filter((end) => end > time - 60_000), time];
      if (this.#ends.length > per_minute) {
        this.#stopping.abort();
        this.lock.release();
        const error = new CliError(`${what}; ${per_minute} restarts within a minute did not help`, {
          next: "see what is wrong with: coord doctor",
        });
        this.#end({ reason: "gave_up", error });
        return;
      }
      const wait_ms = Math.min(last_ms, first_ms * 2 ** (this.#ends.length - 1));
      this.#say("warn", `${what}; starting it again in ${wait_ms} ms`);
      await pause(wait_ms, this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      try {
        await this.start();
        this.#say("info", `workerd runs again at ${this.url}`);
        return;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        what = (error as Error).message;
      }
    }
  }

  stop({ force = false } = {}): Promise<void> {
    if (force) this.#current?.kill("SIGKILL");
    this.#stopped ??= this.#shutDown(force);
    return this.#stopped;
  }

  async #shutDown(force: boolean): Promise<void> {
    this.#stopping.abort();
    const child = this.#current;
    let killed = force;
    if (child !== undefined) {
      const gone = child.exited.then(() => true);
      if (!force) {
        await Promise.race([this.#sayGoodbye(), gone]);
        child.kill("SIGTERM");
        // Sockets that did not answer the goodbye hold workerd back; killing it loses nothing.
        const patience = new AbortController();
        killed = !(await Promise.race([gone, pause(STOP_MS.term, patience.signal).then(() => false)]));
        patience.abort();
      }
      if (killed) {
        if (!force) this.#say("warn", "sessions did not close in time, so workerd was killed; every answered request is on disk");
        child.kill("SIGKILL");
      }
      await child.exited;
    }
    this.lock.release();
    this.#end({ reason: "stopped" });
  }

  /**
   * Asks the worker to send every session a `bye`, to which coord's clients answer by closing: after SIGTERM workerd
   * would not answer their close any more, and it ends by itself only when no socket is open. Asks again until none is.
   */
  async #sayGoodbye(): Promise<void> {
    const deadline = performance.now() + STOP_MS.bye;
    const headers = { "x-coord-control": this.bindings.COORD_CONTROL, "content-type": "application/json", ...bearer(this.options.token) };
    for (let left = STOP_MS.bye; left > 0; left = deadline - performance.now()) {
      try {
        const { body } = await ask(new URL("_control/bye", this.url), {
          method: "POST",
          headers,
          body: "{}",
          connect_ms: left,
          response_ms: left,
        });
        if (!((JSON.parse(body) as { sessions?: number }).sessions ?? 0)) return;
      } catch {
        return; // Nothing answers, or not in time: there is nobody to take leave of.
      }
      await pause(50);
    }
  }

  /**
   * The last thing this process does: nothing asynchronous happens any more. The lock is left behind, for the next server to
   * sort out, in the unlikely case that workerd is not gone at once: it may still have the databases open.
   */
  abandon(): void {
    const child = this.#current;
    child?.kill("SIGKILL");
    const sleeper = new Int32Array(new SharedArrayBuffer(4));
    for (let looks = 0; child !== undefined && lookUp(child.pid) !== undefined; looks++) {
      if (looks === 50) return;
      Atomics.wait(sleeper, 0, 0, 10);
    }
    this.lock.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
