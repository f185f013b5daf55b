import { randomBytes } from "node:crypto";
import { CliError } from "../errors.ts";
import { type Address, urlOf } from "./address.ts";
import { prepareFolder, recordRuntime } from "./folder.ts";
import { ask, bearer } from "./health.ts";
import { findWorkerd, findWorkerModule, type WorkerdBinary } from "./installation.ts";
import { takeLock } from "./lock.ts";
import type { LogSink } from "./log.ts";
import { type RESTARTS, Supervisor } from "./supervisor.ts";
import { type Bindings, writeConfig } from "./worker-config.ts";

export interface RuntimeOptions {
  /** Absolute path of the data folder; made when missing. */
  readonly folder: string;
  readonly address: Address;
  readonly token?: string | undefined;
  /** Settings of the operator for the worker, passed on as they are. */
  readonly passed?: Omit<Bindings, "COORD_CONTROL" | "COORD_TOKEN" | "COORD_LOCAL">;
  readonly log: LogSink;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Do without opening the default workspace's database before the first answer. */
  readonly unready?: boolean;
  /** Another worker than the installed one. For tests: another workerd, other pauses than `RESTARTS`. */
  readonly workerModule?: string;
  readonly workerd?: WorkerdBinary;
  readonly restarts?: typeof RESTARTS;
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

/** `/readyz` opens the default workspace's database; a listening server that cannot is not ready. */
async function assureReady(url: string, token: string | undefined): Promise<void> {
  let said: string;
  try {
    const { status, body } = await ask(new URL("readyz", url), { headers: bearer(token), response_ms: 10_000 });
    if (status === 200) return;
    said = `it answered ${status} to GET /readyz: ${body.slice(0, 2000)}`;
  } catch (error) {
    said = `GET /readyz was not answered: ${(error as Error).message}`;
  }
  throw new CliError(`the server runs but cannot open its database; ${said}`, { next: "see what is wrong with: coord doctor" });
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
    if (!options.unready) await assureReady(supervisor.url, token);
    lock.update({ url: supervisor.url });
  } catch (error) {
    await supervisor.stop({ force: true });
    throw error;
  }
  return supervisor;
}
