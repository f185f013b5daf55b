import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Duplex, Readable } from "node:stream";
import { CliError } from "../errors.ts";
import { type Address, formatAddress } from "./address.ts";
import { layout } from "./folder.ts";
import type { Bindings } from "./worker-config.ts";

/** How long workerd may take until it listens, in milliseconds; it takes about 70. */
export const READY_MS = 10_000;

/** Lines of output kept to explain why workerd did not start. */
const KEPT_LINES = 40;

/**
 * A child is not ended by its parent's death by SIGKILL, and workerd notices nothing of it. So the shell that becomes
 * workerd first forks a watcher. It reads from a pipe whose other end only `coord serve` holds: the end of the file
 * without a word means that `coord serve` is gone, and the watcher kills workerd; `$$` is the id of the shell and hence
 * of workerd, so there is no moment in which workerd runs unwatched. A line means that all is well, and the watcher ends.
 * It costs one sleeping shell. Windows ends the children of a Node process with it, by a job object.
 */
const WATCHED_SCRIPT = `(trap '' HUP INT TERM; exec >/dev/null 2>&1 3>&-; read -r _ <&4 || kill -9 $$) & exec 4<&-; exec "$@"`;

export interface WorkerdOptions {
  readonly binary: string;
  readonly folder: string;
  readonly address: Address;
  readonly bindings: Bindings;
  /** Every line of stdout and stderr. */
  readonly onLine: (line: string) => void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One run of workerd. */
export interface WorkerdProcess {
  readonly pid: number;
  /** The port it listens on; rejects with `CliError` when it ends or stays silent before it does. */
  readonly listening: Promise<number>;
  /** Resolves when the process is gone. Never rejects. */
  readonly exited: Promise<Exit>;
  kill(signal: NodeJS.Signals): void;
}

/** What workerd needs from our environment: secrets of the shell that started coord are none of it. */
function environment(bindings: Bindings): Record<string, string> {
  const kept: Record<string, string> = { TZ: "UTC" };
  for (const name of ["PATH", "SystemRoot", "TEMP", "TMP", "TMPDIR", "LD_LIBRARY_PATH"]) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  for (const [name, value] of Object.entries(bindings)) {
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}

/** Turns what workerd printed before it gave up into an error that says what to do. */
function startError(address: Address, printed: readonly string[], what: string): CliError {
  const text = printed.join("\n");
  const place = formatAddress(address);
  if (/address already in use/i.test(text)) {
    return new CliError(`${place} is already in use by another program`, {
      next: `stop that program, or choose another port: coord serve --addr ${formatAddress({ host: address.host, port: address.port === 65_535 ? 7777 : address.port + 1 })}`,
      data: { code: "port_in_use", addr: place },
    });
  }
  if (/permission denied/i.test(text) && /bind|socket/i.test(text)) {
    return new CliError(`this user may not listen on ${place}`, { next: "choose a port above 1023 with --addr", data: { addr: place } });
  }
  if (/cannot assign requested address|address not available|DNS lookup failed|no such host|name or service not known/i.test(text)) {
    return new CliError(`${place} is not an address of this machine`, {
      next: "give one of its addresses with --addr, such as 127.0.0.1:7777",
      data: { addr: place },
    });
  }
  return new CliError(`workerd ${what}${text === "" ? "" : `; it printed:\n${text}`}`, { next: "see what is wrong with: coord doctor" });
}

/** The port in `{"event":"listen","socket":"http","port":…}`; undefined for any other line of the control pipe. */
function listenPort(line: string): number | undefined {
  try {
    const { event, socket, port } = JSON.parse(line) as { event?: unknown; socket?: unknown; port?: unknown };
    return event === "listen" && socket === "http" && typeof port === "number" ? port : undefined;
  } catch {
    return undefined;
  }
}

/** Starts workerd on the configuration that `writeConfig` wrote. Returns at once; see `listening`. */
export function spawnWorkerd({ binary, folder, address, bindings, onLine }: WorkerdOptions): WorkerdProcess {
  const { config, databases } = layout(folder);
  const command = [
    binary,
    "serve",
    config,
    "--control-fd=3",
    `--directory-path=do-data=${databases}`,
    `--socket-addr=http=${formatAddress(address)}`,
  ];
  const watched = process.platform !== "win32";
  // In a session of its own, so that Ctrl-C in the terminal reaches coord alone, which then ends workerd in good order.
  const child: ChildProcess = watched
    ? spawn("/bin/sh", ["-c", WATCHED_SCRIPT, "sh", ...command], {
        stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
        env: environment(bindings),
        // not the caller's, which may be gone
        cwd: folder,
        detached: true,
      })
    : spawn(binary, command.slice(1), { stdio: ["ignore", "pipe", "pipe", "pipe"], env: environment(bindings), windowsHide: true });

  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream as Readable }).on("line", (line) => {
      printed.push(line);
      if (printed.length > KEPT_LINES) printed.shift();
      onLine(line);
    });
  }
  const lifeline = child.stdio[4] as Duplex | null | undefined;
  lifeline?.on("error", () => {
    // The watcher is gone; there is nothing left to tell it.
  });

  const exited = new Promise<Exit>((resolve) => {
    child.once("error", () => resolve({ code: 127, signal: null }));
    child.once("exit", (code, signal) => {
      lifeline?.end("ended\n", () => lifeline.destroy());
      resolve({ code, signal });
    });
  });
  const listening = new Promise<number>((resolve, reject) => {
    const limit = setTimeout(() => {
      child.kill("SIGKILL");
      reject(startError(address, printed, `was not ready within ${READY_MS / 1000} s`));
    }, READY_MS);
    createInterface({ input: child.stdio[3] as Readable }).on("line", (line) => {
      const port = listenPort(line);
      if (port === undefined) return;
      clearTimeout(limit);
      resolve(port);
    });
    child.once("error", (error) => {
      clearTimeout(limit);
      reject(startError(address, [error.message], "cannot be run"));
    });
    // `close` comes after the last of its output, which says why; `exit` may come before.
    child.once("close", (code, signal) => {
      clearTimeout(limit);
      reject(startError(address, printed, `ended with ${signal ?? `exit code ${code}`} before it was ready`));
    });
  });
  // Somebody may wait for `exited` alone.
  listening.catch(() => {});

  return {
    pid: child.pid ?? 0,
    listening,
    exited,
    kill(signal) {
      child.kill(signal);
    },
  };
}
