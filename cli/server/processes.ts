import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * What the system says about a process id. Ids are used again, so an id alone proves nothing: `identity` also says when the
 * process began, and two equal identities are the same process.
 */
export interface ProcessFacts {
  readonly identity: string;
  readonly command: string;
}

function fromProc(pid: number): ProcessFacts | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined; // No such process.
  }
  // The second field is the program's name in parentheses and may hold anything; what follows is split by spaces.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0] ?? "";
  if (state === "Z" || state === "X") return undefined; // Dead, only not yet collected by its parent.
  let boot = "";
  let command = "";
  try {
    boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    // Hidden in some sandboxes: then a start time from before a reboot may look like one from after it.
  }
  try {
    command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    // It ended in between, or belongs to somebody else: the identity is enough.
  }
  return { identity: `${boot}/${fields[19] ?? ""}`, command };
}

function fromPs(pid: number): ProcessFacts | undefined {
  try {
    const ask = (what: string): string =>
      execFileSync("ps", ["-ww", "-o", what, "-p", String(pid)], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
        timeout: 5000,
      }).trim();
    if (ask("stat=").startsWith("Z")) return undefined;
    return { identity: ask("lstart="), command: ask("command=") };
  } catch {
    return undefined; // `ps` exits 1 when there is no such process.
  }
}

function answersSignal(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // Somebody else's process, but a living one.
  }
}

/** Facts about a living process; undefined when it is dead. Windows tells neither: both fields are empty there. */
export function lookUp(pid: number): ProcessFacts | undefined {
  if (!Number.isInteger(pid) || pid <= 0 || !answersSignal(pid)) return undefined;
  if (process.platform === "linux") return fromProc(pid);
  if (process.platform === "win32") return { identity: "", command: "" };
  return fromPs(pid);
}

/** Whether the process that once had this id and identity still lives. */
export function isSameProcess(pid: number, identity: string | undefined): boolean {
  const facts = lookUp(pid);
  return facts !== undefined && (!identity || !facts.identity || facts.identity === identity);
}

/** SIGKILLs a process if it is still there. */
export function killNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It was gone already.
  }
}

/** Resolves true once the process is gone, false when it still lives after `limit_ms`. */
export async function waitUntilGone(pid: number, identity: string | undefined, limit_ms: number): Promise<boolean> {
  const deadline = performance.now() + limit_ms;
  while (isSameProcess(pid, identity)) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}
