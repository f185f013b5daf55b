import { resolve } from "node:path";
import type { VaultChild } from "../../vault-sync/child.ts";
import { givenWorkspace } from "../config.ts";
import { CliError } from "../errors.ts";
import { troubleOf } from "../surroundings.ts";
import { VERSION } from "../version.ts";
import { urlOf } from "./address.ts";
import { type DetachedReport, type ServerReady, startDetached } from "./detach.ts";
import { layout } from "./folder.ts";
import { health } from "./health.ts";
import { findProgram } from "./installation.ts";
import { both, fileSink, type LogSink, stderrSink } from "./log.ts";
import { type Runtime, startRuntime } from "./runtime.ts";
import { dbFlag, type ServerSettings, serverSettings } from "./settings.ts";

export interface ServeFlags {
  addr?: string;
  db?: string;
  detach?: boolean;
  /** Set by `startDetached`: log to the file, report to the parent. */
  detachedChild?: boolean;
  json?: boolean;
  /** The folder of a vault to keep beside the server. */
  vault?: string;
  /** The workspace that the vault is of. */
  workspace?: string;
}

const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;

/** Ctrl-C under `npx` or `npm run` arrives twice, from the terminal and from npm: the same signal within this time is one. */
const ECHO_MS = 300;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Says more about a taken port when it is a coord server that has it. */
async function explained(error: unknown, { address }: ServerSettings): Promise<unknown> {
  if (!(error instanceof CliError) || error.data.code !== "port_in_use") return error;
  const url = urlOf(address);
  const found = await health(url, { connect_ms: 500, response_ms: 1000 });
  if (found.state !== "up") return error;
  return new CliError(`another coord server, of another data folder, already listens on ${url}`, {
    next: `use that one, or choose another port with --addr, such as 127.0.0.1:0`,
    data: error.data,
  });
}

/** Tells the parent of a background server how it went. A parent that is gone by now does not matter. */
async function report(message: DetachedReport): Promise<void> {
  await new Promise<void>((resolve) => {
    if (process.send === undefined || !process.connected) return resolve();
    process.send(message, () => resolve());
  });
  if (process.connected) process.disconnect();
}

/** Runs until a signal ends it. Resolves with the exit code: 0, or 128 and the signal when a second one forced the end. */
async function serveHere(settings: ServerSettings, flags: ServeFlags): Promise<number> {
  let runtime: Runtime | undefined;
  let stopping: { by: string; at: number } | undefined;
  let forced: keyof typeof SIGNALS | undefined;
  for (const name of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) {
    process.on(name, () => {
      // Before the server is ready there is nobody to take leave of: ending the process ends workerd and frees the lock.
      if (runtime === undefined) process.exit(128 + SIGNALS[name]);
      const now = performance.now();
      if (stopping === undefined) stopping = { by: name, at: now };
      else if (name !== stopping.by || now - stopping.at > ECHO_MS) forced = name;
      void runtime.stop({ force: forced !== undefined });
    });
  }
  const { folder, address, token, passed } = settings;
  const file = fileSink(layout(folder).log);
  const log = flags.detachedChild ? file : both(file, stderrSink);
  try {
    runtime = await startRuntime({ folder, address, token, passed, log });
  } catch (cause) {
    const error = await explained(troubleOf(cause) ?? cause, settings);
    if (flags.detachedChild && error instanceof CliError) {
      await report({ failed: { message: error.message, next: error.next, exit: error.exit, data: error.data } });
      return error.exit;
    }
    throw error;
  }
  const ready: ServerReady = {
    url: runtime.url,
    pid: process.pid,
    workerd_pid: runtime.pid,
    version: VERSION,
    workerd: runtime.workerd,
    db: folder,
  };
  const started = `coord ${VERSION} serves at ${ready.url} (pid ${ready.pid}, workerd ${ready.workerd})`;
  file({ time: Date.now(), level: "info", message: started });
  if (flags.detachedChild) {
    await report({ ready });
  } else if (flags.json) print(JSON.stringify(ready));
  else
    print(`coord ${VERSION} is ready at ${ready.url} (pid ${ready.pid})\ndata in ${folder}\nCtrl-C or coord stop${dbFlag(folder)} ends it`);

  const vault = flags.vault === undefined ? undefined : await startVault(flags.vault, runtime.url, flags, token, log);
  const end = await runtime.exited;
  await vault?.stop();
  file({ time: Date.now(), level: "info", message: `the server ended: ${end.reason}` });
  if (end.reason === "gave_up") throw end.error;
  return forced === undefined ? 0 : 128 + SIGNALS[forced];
}

/** The vault's process beside this server. It never holds up the server: it is another process, and its end is only logged. */
async function startVault(dir: string, url: string, flags: ServeFlags, token: string | undefined, log: LogSink): Promise<VaultChild> {
  const { superviseVault } = await import("../../vault-sync/child.ts");
  return superviseVault({
    program: findProgram(),
    root: resolve(dir),
    url,
    workspace: vaultWorkspace(flags),
    token,
    log: (level, message) => log({ time: Date.now(), level, message }),
  });
}

function vaultWorkspace(flags: ServeFlags): string {
  return givenWorkspace(flags.workspace) ?? "default";
}

/** `coord serve`: in this process until a signal, or with `--detach` in the background. Resolves with the exit code. */
export async function serve(flags: ServeFlags): Promise<number> {
  const settings = serverSettings(flags);
  if (!flags.detach) return serveHere(settings, flags);
  const vault = flags.vault === undefined ? [] : ["--vault", resolve(flags.vault), "--workspace", vaultWorkspace(flags)];
  const ready = await startDetached(settings, vault);
  if (flags.json) print(JSON.stringify(ready));
  else
    print(`coord ${VERSION} runs at ${ready.url} (pid ${ready.pid})\ndata and log in ${ready.db}\ncoord stop${dbFlag(ready.db)} ends it`);
  return 0;
}
