import { execFileSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";
import { programEnv, run } from "../harness/processes.ts";
import { type Finding, held, noted, times } from "../harness/report.ts";
import { Session } from "../harness/session.ts";
import { inTurn, interleaved, median, pairedRatio, spread } from "../harness/statistics.ts";
import type { Case, Setting } from "./case.ts";

const MOST = 2.5;
const WORKSPACE = "program";

/** The program's commands as whole processes, against the least that Node can do. */
export const program: Case = {
  name: "program",
  about: "each `coord` command as a whole process, against `node -e 0`; `coord claim` with each Node on PATH",
  async run(setting) {
    const { coord, program } = setting;
    if (program === undefined) {
      const of = { case: "program", what: "coord claim as a process", figures: "dist/cli/coord.js is not built", details: {} };
      return [{ ...of, value: null, shown: "", target: "≤ 2.50×", met: null }];
    }
    const poster = await Session.open(coord.url, WORKSPACE);
    try {
      return [...(await claims(setting, program, poster)), await commands(setting, program, poster)];
    } finally {
      poster.close();
    }
  },
};

async function claims({ coord, quick, say }: Setting, program: string, poster: Session): Promise<Finding[]> {
  const env = programEnv(coord.url, WORKSPACE);
  const found: Finding[] = [];
  for (const { path, version } of nodesOnPath()) {
    say(`coord claim with Node ${version}`);
    const claim = async () => {
      const job = await post(poster);
      return (await run(path, [program, "claim", job, "--as", "bench"], env)).took;
    };
    const nothing = async () => (await run(path, ["-e", "0"], env)).took;
    await interleaved(2, claim, nothing);
    const [claimed, least] = await interleaved(quick ? 6 : 20, claim, nothing);
    const figures = `coord claim ${times(spread(claimed), 0)}, node -e 0 ${times(spread(least), 0)}`;
    const details = { node: version, claim: spread(claimed), least: spread(least), ratio: pairedRatio(claimed, least) };
    const of = { case: "program", what: `coord claim as a process, Node ${version}`, figures, details };
    found.push(held(of, median(claimed) / median(least), { most: MOST }, "×"));
  }
  return found;
}

/** The arguments of a command, given a way to get a new job, one that is claimed, and one that has failed. */
interface Jobs {
  open(): Promise<string>;
  claimed(): Promise<string>;
  failed(): Promise<string>;
}
type Arguments = (jobs: Jobs) => Promise<readonly string[]> | readonly string[];

const AS = ["--as", "bench"];
const COMMANDS: Readonly<Record<string, Arguments>> = {
  version: () => ["--version"],
  help: () => ["--help"],
  send: () => ["send", "a job", ...AS],
  claim: async ({ open }) => ["claim", await open(), ...AS],
  next: async ({ open }) => {
    await open();
    return ["next", ...AS];
  },
  extend: async ({ claimed }) => ["extend", await claimed(), ...AS],
  complete: async ({ claimed }) => ["complete", await claimed(), ...AS],
  fail: async ({ claimed }) => ["fail", await claimed(), "--reason", "no", ...AS],
  release: async ({ claimed }) => ["release", await claimed(), ...AS],
  retry: async ({ failed }) => ["retry", await failed()],
  cancel: async ({ open }) => ["cancel", await open()],
  update: async ({ open }) => ["update", await open(), "--priority", "high"],
  note: async ({ open }) => ["note", await open(), "seen", ...AS],
  get: async ({ open }) => ["get", await open()],
  tasks: () => ["tasks"],
  history: async ({ open }) => ["history", await open()],
  notes: async ({ open }) => ["notes", await open()],
  events: () => ["events"],
  agents: () => ["agents"],
  info: () => ["info"],
  inbox: () => ["inbox", ...AS],
  checkin: () => ["checkin", ...AS],
  heartbeat: () => ["heartbeat", ...AS],
  wait: async ({ open }) => {
    await open();
    return ["wait", "--kind", "task", "--state", "pending", "--timeout", "5"];
  },
};

async function commands({ coord, quick, say }: Setting, program: string, poster: Session): Promise<Finding> {
  say("each command as a process");
  const env = programEnv(coord.url, WORKSPACE);
  const jobs: Jobs = {
    open: () => post(poster),
    claimed: async () => {
      const id = await post(poster);
      await poster.call("tasks/claim", { id: `#${id}`, agent_id: "bench" });
      return id;
    },
    failed: async () => {
      const id = await jobs.claimed();
      await poster.call("tasks/fail", { id: `#${id}`, agent_id: "bench", reason: "no" });
      return id;
    },
  };
  const names = Object.keys(COMMANDS);
  const sides = names.map((name) => async () => (await run(process.execPath, [program, ...(await COMMANDS[name]!(jobs))], env)).took);
  const measured = await inTurn(quick ? 2 : 7, [async () => (await run(process.execPath, ["-e", "0"], env)).took, ...sides]);
  const least = spread(measured[0]!);
  const rows = names.map((name, at) => ({ name, took: spread(measured[at + 1]!), ratio: median(measured[at + 1]!) / least.median }));
  const slowest = rows.reduce((a, b) => (b.took.median > a.took.median ? b : a));
  const figures = [
    `node -e 0 ${times(least, 0)}; of ${names.length} commands the slowest: ${slowest.name}, ${times(slowest.took, 0)}`,
    ...chunks(
      rows.map(({ name, took }) => `${name} ${took.median.toFixed(0)}`),
      8,
    ).map((some) => `${some.join(", ")} ms`),
  ].join("\n    ");
  const grid = {
    head: ["command", "ms (low–high)", "of node -e 0"],
    rows: rows.map(({ name, took, ratio }) => [
      name,
      `${took.median.toFixed(0)} (${took.low.toFixed(0)}–${took.high.toFixed(0)})`,
      `${ratio.toFixed(2)}×`,
    ]),
  };
  const of = { case: "program", what: "commands as processes, the middle one", figures, details: { least, rows } };
  return { ...noted(of, `${median(rows.map(({ took }) => took.median)).toFixed(0)} ms`), grid };
}

function chunks<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, at) => values.slice(at * size, (at + 1) * size));
}

/** @returns the number of a new job, as people type it */
async function post(poster: Session): Promise<string> {
  return String((await poster.call<{ number: number }>("tasks/send", { name: "a job" })).number);
}

/** The different Nodes that PATH leads to, the first first. `npm run` puts one in front of the user's own. */
function nodesOnPath(): { path: string; version: string }[] {
  const found = new Map<string, string>();
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, process.platform === "win32" ? "node.exe" : "node");
    if (!existsSync(path) || found.has(realpathSync(path))) continue;
    found.set(realpathSync(path), execFileSync(path, ["-p", "process.versions.node"], { encoding: "utf8" }).trim());
  }
  return [...found].map(([path, version]) => ({ path, version }));
}
