import { type ChildProcess, spawn } from "node:child_process";
import { constants, setPriority } from "node:os";
import { createInterface } from "node:readline";

export interface VaultChildOptions {
  /** The built program, dist/cli/coord.js. */
  readonly program: string;
  /** Absolute path of the vault. */
  readonly root: string;
  /** Base URL of the server. */
  readonly url: string;
  readonly workspace: string;
  readonly token?: string | undefined;
  readonly log: (level: "info" | "warn", message: string) => void;
  /** Pause before a restart in milliseconds: doubled from the first to the last, and the first again after a minute without an end. */
  readonly pauses?: { readonly first: number; readonly last: number };
}

/** The process that keeps a server's vault. */
export interface VaultChild {
  /** Its process now; undefined between two. */
  readonly pid: number | undefined;
  /** Ends it, by force after 2 s: a vault is whole however its keeper ends. */
  stop(): Promise<void>;
}

const STEADY_MS = 60_000;
const STOP_MS = 2_000;
const MOST_SAID = 50;

/**
 * Runs `coord vault` beside a server: a process of its own at a lower priority, so that nothing it does holds up the server.
 * It ends with the server even where that is killed, because its standard input ends then. When it ends by itself, it is started again.
 */
export function superviseVault(options: VaultChildOptions): VaultChild {
  const { program, root, url, workspace, token, log, pauses = { first: 1_000, last: 30_000 } } = options;
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let ends = 0;
  let isStopping = false;
  /** Lines of trouble since the vault was last current: the same ones at every restart are told once. */
  const said = new Set<string>();

  const start = () => {
    const began = performance.now();
    const args = [program, "vault", root, "--child", "--url", url, "--workspace", workspace];
    const env = { ...process.env, COORD_AUTOSTART: "0", ...(token === undefined ? {} : { COORD_TOKEN: token }) };
    const started = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"], env, windowsHide: true });
    child = started;
    try {
      if (started.pid !== undefined) setPriority(started.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    } catch {
      // Not permitted, or gone already: it runs as it is.
    }
    started.stdin.on("error", () => {}); // it ended: its exit says so
    createInterface({ input: started.stdout }).on("line", (line) => {
      said.clear();
      log("info", `vault: ${line}`);
    });
    createInterface({ input: started.stderr }).on("line", (line) => {
      if (said.size < MOST_SAID && !said.has(line)) log("warn", `vault: ${line.replace(/^coord( vault)?: /, "")}`);
      if (said.size < MOST_SAID) said.add(line);
    });
    let isOver = false;
    const over = (why: string) => {
      if (isOver) return;
      isOver = true;
      child = undefined;
      if (isStopping) return;
      ends = performance.now() - began > STEADY_MS ? 1 : ends + 1;
      const pause = Math.min(pauses.last, pauses.first * 2 ** Math.min(ends - 1, 10));
      if (ends === 1) log("warn", `the vault's process ended (${why}); it is started again, with longer pauses if that does not help`);
      timer = setTimeout(start, pause);
    };
    started.once("error", (error) => over(error.message));
    started.once("close", (code, signal) => over(signal ?? `exit code ${code}`));
  };
  start();

  return {
    get pid() {
      return child?.pid;
    },
    async stop() {
      isStopping = true;
      clearTimeout(timer);
      const ending = child;
      if (ending === undefined || ending.exitCode !== null) return;
      await new Promise<void>((resolve) => {
        const force = setTimeout(() => ending.kill("SIGKILL"), STOP_MS);
        ending.once("close", () => {
          clearTimeout(force);
          resolve();
        });
        ending.stdin?.end();
      });
    },
  };
}
