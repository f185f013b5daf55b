import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const live = new Set<() => void>();

/** Has a process ended with this one, should it be interrupted. @returns what to call when it has ended by itself */
export function endWithUs(kill: () => void): () => void {
  live.add(kill);
  return () => live.delete(kill);
}

/** Ends every process that is still running. */
export function endAll(): void {
  for (const kill of live) kill();
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** From start to end, in milliseconds. */
  readonly ms: number;
  readonly stdout: string;
  readonly stderr: string;
  /** It was killed because its time was up. */
  readonly overdue: boolean;
}

export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  stdout(): string;
  /** Ends the process and all of its group. */
  kill(): void;
}

export interface Start {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment: nothing of this process's own is added. */
  readonly env: Readonly<Record<string, string>>;
  /** Killed beyond it, with its group, in milliseconds. */
  readonly limitMs: number;
}

/** Starts a program in a process group of its own, so that whatever it starts ends with it. Its standard input is empty. */
export function start({ command, args, cwd, env, limitMs }: Start): Running {
  const began = performance.now();
  const child = spawn(command, args, { cwd, env: { ...env }, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr, overdue] = ["", "", false];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const limit = setTimeout(() => {
    overdue = true;
    killGroup(child);
  }, limitMs);
  const forget = endWithUs(() => killGroup(child));
  const ended = new Promise<Ended>((done) => {
    const settle = (code: number | null, signal: NodeJS.Signals | null): void => {
      clearTimeout(limit);
      killGroup(child);
      forget();
      done({ code, signal, ms: Math.round(performance.now() - began), stdout, stderr, overdue });
    };
    child.once("error", (error) => {
      stderr += String(error);
      settle(null, null);
    });
    // not "close": a child of its own that outlives it would hold its pipes
    child.once("exit", (code, signal) => setImmediate(settle, code, signal));
  });
  return { pid: child.pid ?? -1, ended, stdout: () => stdout, kill: () => killGroup(child) };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The whole group has ended.
  }
}

/**
 * Processes that still work in a folder or below it, by id and command: what a program left behind outside its group. Empty where the
 * system has no /proc.
 */
export function leftIn(folder: string): { pid: number; command: string }[] {
  const left: { pid: number; command: string }[] = [];
  for (const entry of processIds()) {
    try {
      const cwd = readlinkSync(`/proc/${entry}/cwd`);
      if (cwd !== folder && !cwd.startsWith(`${folder}/`)) continue;
      left.push({ pid: Number(entry), command: readFileSync(`/proc/${entry}/cmdline`, "utf8").replaceAll("\0", " ").trim() });
    } catch {
      // It ended meanwhile, or is another user's: not ours.
    }
  }
  return left.filter(({ pid }) => pid !== process.pid);
}

function processIds(): string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return []; // no /proc on this system
  }
}

/** Ends what is left in a folder; answers what that was. */
export function endLeftIn(folder: string): string[] {
  return leftIn(folder).map(({ pid, command }) => {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself between the look and the signal.
    }
    return command;
  });
}
