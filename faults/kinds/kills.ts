import type { CrowdOptions } from "../workload/crowd.ts";
import { type DisorderOptions, type DisorderReport, type Disturbance, disorder } from "./disorder.ts";
import type { Kind, Plan, Report } from "./kind.ts";

/** Every kind of client there is, a few lines of calls each: two cores are enough for them. */
const MEMBERS: CrowdOptions["members"] = [
  { how: "http", lanes: 4, waiters: 1 },
  { how: "session", lanes: 5, waiters: 2 },
  { how: "cli", lanes: 1 },
  { how: "mcp", lanes: 2 },
];

/** A round is judged by itself, so that a long run needs no more memory than a short one. */
const ROUND_MS = 75_000;

/** Rounds of disorder until the time is over, each on a new folder and with a seed of its own. */
export async function rounds(plan: Plan, of: Omit<DisorderOptions, "seed" | "ms" | "say" | "members">): Promise<Report> {
  const counts: Record<string, number> = {};
  const findings: string[] = [];
  const add = (name: string, n: number) => {
    counts[name] = (counts[name] ?? 0) + n;
  };
  const until = performance.now() + plan.ms;
  for (let round = 0; round === 0 || performance.now() < until - ROUND_MS / 4; round += 1) {
    const ms = Math.min(ROUND_MS, Math.max(1_000, until - performance.now()));
    const report = await disorder({ ...of, seed: plan.seed + round, ms, members: MEMBERS, say: plan.say });
    for (const [what, n] of Object.entries(report.counts)) add(what, n);
    for (const name of FIGURES) add(name, report[name]);
    add("rounds", 1);
    findings.push(...report.stories, ...report.bugs);
    if (report.undecided > 0) findings.push(`${report.undecided} tasks could not be decided within the search's bound`);
    plan.say(
      `round ${round + 1}, seed ${plan.seed + round}: ${report.operations} operations, ${report.unheard} unheard, ${JSON.stringify(report.counts)}`,
    );
  }
  return { counts, findings };
}

const FIGURES = ["operations", "unheard", "tasks", "waits", "events"] as const satisfies readonly (keyof DisorderReport)[];

const KILLS: Partial<Record<Disturbance, number>> = {
  "kill workerd": 3,
  "kill serve": 2,
  "kill both": 1,
  "kill client": 3,
  "kill bridge": 2,
};

const STOPS: Partial<Record<Disturbance, number>> = { "stop workerd": 2, "stop both": 1, "stop client": 3, "stop bridge": 2 };

export const kills: Kind = {
  promise:
    "kill -9 of workerd, of coord serve, of clients and of MCP bridges under load loses nothing that was answered and invents nothing",
  share: 12,
  async run(plan) {
    const { counts, findings } = await rounds(plan, { weights: KILLS, between: [50, 500], atOnce: 2 });
    const processes = Object.keys(KILLS).reduce((sum, name) => sum + (counts[name] ?? 0) * (name === "kill both" ? 2 : 1), 0);
    return { counts: { "processes killed": processes, ...counts }, findings };
  },
};

export const stops: Kind = {
  promise: "workerd, the whole server, a client or its MCP bridge that stands still for longer than a lease and goes on breaks no promise",
  share: 2,
  run: (plan) => rounds(plan, { weights: STOPS, between: [200, 800], stopped: [1_200, 3_500] }),
};
