import { randomBytes } from "node:crypto";
import { CliError } from "../errors.ts";
import { type Address, urlOf } from "./address.ts";
import { prepareFolder, recordRuntime } from "./folder.ts";
import { ask, bearer } from "./health.ts";
import { findWorkerd, findWorkerModule, type WorkerdBinary } from "./installation.ts";
import { type Lock, takeLock } from "./lock.ts";
import { type LogLine, type LogSink, parseLine } from "./log.ts";
import { lookUp } from "./processes.ts";
import { type Bindings, writeConfig } from "./worker-config.ts";
import { type Exit, spawnWorkerd, type WorkerdProcess } from "./workerd.ts";

/** Pause before a restart in milliseconds: doubled from the first to the last with every end in the last minute. */
const BACKOFF_MS = { first: 200, last: 5000 } as const;
/** More unexpected ends than this within a minute, and the server gives up. */
const RESTARTS_PER_MINUTE = 8;
/** Goodbyes and answers to them, then SIGTERM; both together leave room under the promised 3 s. In milliseconds. */
const STOP_MS = { bye: 500, term: 1800 } as const;

export interface RuntimeOptions {
  /** Absolute path of the data folder; made when missing. */
  readonly folder: string;
  readonly address: Address;
  readonly token?: string | undefined;
  /** COORD_HOSTS, COORD_ORIGINS and COORD_DEFAULT_LEASE of the operator, passed on as they are. */
  readonly passed?: Pick<Bindings, "COORD_HOSTS" | "COORD_ORIGINS" | "COORD_DEFAULT_LEASE">;
  readonly log: LogSink;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** For tests: another worker or workerd than the installed ones. */
  readonly workerModule?: string;
  readonly workerd?: WorkerdBinary;
}

/** Why a runtime is no more. */
export type RuntimeEnd = { readonly reason: "stopped" } | { readonly reason: "gave_up"; readonly error: CliError };

/** A served data folder. */
export interface Runtime extends AsyncDisposable {
  /** Stays the same over restarts of workerd, as does the port. */
  readonly url: string;
  readonly port: number;
  /** workerd's process now; it changes with a restart. */
  readonly pid: number;
  /** npm version of workerd. */
  readonly workerd: string;
  /** Resolves after workerd is gone for good and the lock is free. Never rejects. */
  readonly exited: Promise<RuntimeEnd>;
  /** Says goodbye to every session, then ends workerd: within 3 s. With `force`, also while a first call is under way, it kills at once. */
  stop(options?: { force?: boolean }): Promise<void>;
}

/** The worker's bindings for this run. */
function bindingsOf({ address, token, passed = {} }: RuntimeOptions, control: string): Bindings {
  // The worker knows the usual loopback names; 127.0.0.2 is as good.
  const hosts = [new URL(urlOf(address)).hostname, ...(passed.COORD_HOSTS ? [passed.COORD_HOSTS] : [])].join(",");
  return {
    COORD_CONTROL: control,
    ...(token ? { COORD_TOKEN: token } : {}),
    ...passed,
    COORD_HOSTS: hosts,
    ...(address.loopback ? { COORD_LOCAL: "1" } : {}),
  };
}

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

/** `/readyz` opens the default workspace's database; a listening server that cannot is not ready. */
async function assureReady(url: string, token: string | undefined): Promise<void> {
  const { status, body } = await ask(new URL("readyz", url), { headers: bearer(token), response_ms: 10_000 });
  if (status !== 200) {
    throw new CliError(`the server runs but cannot open its database: it answered ${status} to GET /readyz: ${body.slice(0, 2000)}`, {
      next: "see what is wrong with: coord doctor",
    });
  }
}

/**
 * Serves a data folder with workerd: takes the lock, refuses an older runtime, starts workerd and keeps it running.
 * Resolves when requests are answered. Throws `CliError`, with nothing left running and the lock free, when the folder is
 * served already or cannot be used, the address is taken, or workerd does not start.
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { folder, token, now = Date.now } = options;
  const workerd = options.workerd ?? findWorkerd();
  const workerModule = options.workerModule ?? findWorkerModule();
  prepareFolder(folder);
  const lock = await takeLock(folder, now);
  const supervisor = new Supervisor(options, workerd, lock, bindingsOf(options, randomBytes(24).toString("hex")), now);
  // Where Node ends without `stop` (a bug, `process.exit`), workerd goes with it and the lock is free.
  const lastWill = () => supervisor.abandon();
  process.once("exit", lastWill);
  void supervisor.exited.then(() => process.off("exit", lastWill));
  try {
    recordRuntime(folder, workerd.version);
    writeConfig(folder, workerModule, supervisor.bindings);
    await supervisor.start();
    await assureReady(supervisor.url, token);
    lock.update({ url: supervisor.url });
  } catch (error) {
    await supervisor.stop({ force: true });
    throw error;
  }
  return supervisor;
}

class Supervisor implements Runtime {
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
    let what = `workerd ended unexpectedly (${exit.signal ?? `exit code ${exit.code}`})`;
    for (;;) {
      const time = this.now();
      this.#ends = [...this.#ends.filter((end) => end > time - 60_000), time];
      if (this.#ends.length > RESTARTS_PER_MINUTE) {
        this.#say("error", `${what}; giving up after ${RESTARTS_PER_MINUTE} restarts within a minute`);
        this.lock.release();
        const error = new CliError(`${what}, and ${RESTARTS_PER_MINUTE} restarts within a minute did not help`, {
          next: "see what is wrong with: coord doctor",
        });
        this.#stopping.abort();
        this.#end({ reason: "gave_up", error });
        return;
      }
      const wait_ms = Math.min(BACKOFF_MS.last, BACKOFF_MS.first * 2 ** (this.#ends.length - 1));
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
      if (killed) child.kill("SIGKILL");
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

  /** The last thing this process does: nothing may wait any more. */
  abandon(): void {
    this.#current?.kill("SIGKILL");
    this.lock.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
