import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { lookUp } from "../server/processes.ts";

/** What hosts start commands through: a shell with -c, npx, npm exec. They live on when the host is gone. */
const WRAPPER = /^(\S*\/)?(sh|bash|dash|zsh|ash|ksh|fish)( -\S+)* -\w*c\b|^npm (exec|x)\b|^\S*node\S* \S*\b(npx|npm)(-cli\.js)?\b/;
const MOST_WRAPPERS = 6;

/** A process, and what tells it from a later one with its id. */
export interface Known {
  readonly pid: number;
  readonly identity: string;
}

/** The process id of a process's parent; undefined where the system does not say. */
function parentOf(pid: number): number | undefined {
  try {
    const text =
      process.platform === "linux"
        ? readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) \S+ /s, "")
        : execFileSync("ps", ["-o", "ppid=", "-p", String(pid)], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout: 2_000 });
    const parent = Number.parseInt(text, 10);
    return parent > 1 ? parent : undefined;
  } catch {
    return undefined; // it is gone, or the system has no `ps`
  }
}

/** Whether a process is only there to start another. */
export function isWrapper(command: string): boolean {
  return WRAPPER.test(command);
}

/** The process of the host that started this one, behind the shells between. Undefined where the system does not say. */
export function hostProcess(): Known | undefined {
  let pid = process.ppid;
  for (let wrappers = 0; ; wrappers++) {
    const facts = pid > 1 ? lookUp(pid) : undefined;
    if (!facts) return undefined;
    const above = wrappers < MOST_WRAPPERS && isWrapper(facts.command) ? parentOf(pid) : undefined;
    if (above === undefined) return facts.identity === "" ? undefined : { pid, identity: facts.identity };
    pid = above;
  }
}

/** Whether that very process still lives. */
export function isAlive({ pid, identity }: Known): boolean {
  return lookUp(pid)?.identity === identity;
}

/**
 * Tells when the tab that this process was started by is gone: its host's process, or whatever started this one. Nobody else tells: a
 * host that is killed kills no hooks.
 */
export function watchTab(): () => boolean {
  const parent = process.ppid;
  const host = hostProcess();
  return () => {
    if (process.ppid !== parent) return true;
    if (!host) return false;
    // elsewhere than on Linux an identity takes processes of its own to find out: there the id alone has to do
    return process.platform === "linux" ? !isAlive(host) : !answers(host.pid);
  };
}

function answers(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
