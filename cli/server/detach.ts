import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { CliError } from "../errors.ts";
import { formatAddress } from "./address.ts";
import { layout, prepareFolder } from "./folder.ts";
import { findProgram } from "./installation.ts";
import type { ServerSettings } from "./settings.ts";

/** What a server tells about itself once it answers; `coord serve --json` prints it. */
export interface ServerReady {
  readonly url: string;
  readonly pid: number;
  readonly workerd_pid: number;
  readonly version: string;
  readonly workerd: string;
  readonly db: string;
}

/** The one message of a background server to the process that started it. */
export type DetachedReport =
  | { readonly ready: ServerReady }
  | {
      readonly failed: {
        readonly message: string;
        readonly next?: string | undefined;
        readonly exit: number;
        readonly data: Readonly<Record<string, unknown>>;
      };
    };

/** The limits of workerd's start and of its first answer, and time for the program around it, in milliseconds. */
const REPORT_MS = 25_000;

/**
 * Starts `coord serve` in the background, in a session of its own, its output in the data folder's log. Resolves when it
 * answers requests; this process may then end. `more` are further flags of `serve`. Throws the `CliError` that the server would have printed; the data of
 * one that lost against another server begin with code `already_served`.
 */
export async function startDetached(
  { folder, address }: ServerSettings,
  more: readonly string[] = [],
  program: string = findProgram(),
): Promise<ServerReady> {
  prepareFolder(folder);
  const { log } = layout(folder);
  const output = openSync(log, "a", 0o600);
  const child = spawn(process.execPath, [program, "serve", "--detached-child", "--addr", formatAddress(address), "--db", folder, ...more], {
    // Not the caller's folder: a server would keep it busy for as long as it lives.
    cwd: folder,
    detached: true,
    stdio: ["ignore", output, output, "ipc"],
    windowsHide: true,
  });
  closeSync(output);
  try {
    return await new Promise<ServerReady>((resolve, reject) => {
      const limit = setTimeout(() => {
        child.kill("SIGKILL");
        reject(new CliError(`the server did not start within ${REPORT_MS / 1000} s`, { next: `read ${log}` }));
      }, REPORT_MS);
      child.once("message", (report: DetachedReport) => {
        clearTimeout(limit);
        if ("ready" in report) resolve(report.ready);
        else {
          const { message, next, exit, data } = report.failed;
          reject(new CliError(message, { exit, data, ...(next === undefined ? {} : { next }) }));
        }
      });
      child.once("error", (cause) => {
        clearTimeout(limit);
        reject(new CliError(`the server cannot be started: ${cause.message}`, { next: "see what is wrong with: coord doctor", cause }));
      });
      child.once("exit", (code, signal) => {
        clearTimeout(limit);
        reject(new CliError(`the server ended with ${signal ?? `exit code ${code}`} before it was ready`, { next: `read ${log}` }));
      });
    });
  } finally {
    if (child.connected) child.disconnect();
    child.unref();
  }
}
