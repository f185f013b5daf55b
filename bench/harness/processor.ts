import { existsSync, readFileSync } from "node:fs";

/** Clock ticks a second in /proc: USER_HZ, which Linux keeps at 100 whatever the kernel's own rate. */
const TICKS_PER_SECOND = 100;

/** Whether this machine tells what a process has used. */
export const canMeasure = existsSync("/proc/self/stat");

/** Processor time that a process has used so far, user and system, in milliseconds and in steps of 10. */
export function processorMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // the second field is the program's name in parentheses, which may hold anything; user and system time are fields 14 and 15
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

/** The share of one core that this process used while the body ran. */
export async function clientLoad<T>(body: () => Promise<T>): Promise<{ value: T; load: number }> {
  const began = performance.now();
  const before = process.cpuUsage();
  const value = await body();
  const { user, system } = process.cpuUsage(before);
  return { value, load: (user + system) / 1000 / (performance.now() - began) };
}
