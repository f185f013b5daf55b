import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg, release, type as systemName } from "node:os";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Host } from "./hosts/host.ts";
import { HOSTS } from "./hosts/index.ts";
import { cacheFolder, install } from "./install.ts";
import { endOnSignal } from "./interrupted.ts";
import { page, seconds, terminalLine } from "./report.ts";
import { failures, type Result, type Results } from "./results.ts";
import { causes } from "./scenarios/causes.ts";
import { completes } from "./scenarios/completes.ts";
import { lists } from "./scenarios/lists.ts";
import { type RaceResult, race } from "./scenarios/race.ts";
import { refused } from "./scenarios/refused.ts";
import { reminded } from "./scenarios/reminded.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import { unhindered } from "./scenarios/unhindered.ts";
import { outwaits, waits } from "./scenarios/waits.ts";
import { woken } from "./scenarios/woken.ts";
import { openStage, type Stage } from "./stage.ts";
import { writeTrace } from "./trace.ts";

const SCENARIOS: readonly Scenario[] = [lists, completes, refused, waits, outwaits, woken, causes, reminded, unhindered];
/** Nothing is begun later than this; what runs then ends by limits of its own. */
const WHOLE_LIMIT_MS = 20 * 60_000;
const PAGE = fileURLToPath(new URL("../../docs/hosts.md", import.meta.url));

const HELP = `npm run e2e:hosts [-- options] [scenario …]

Installs the real Claude Code, Codex, Gemini CLI and opencode into a cache folder (about
1.2 GB, once) and drives each against coord, offline, with a scripted model on loopback. About four minutes;
nothing is begun after twenty.

Scenarios, all by default:
${[...SCENARIOS, { name: "race", title: "two of each over twenty jobs, each completed exactly once" }].map(({ name, title }) => `  ${name.padEnd(10)} ${title}`).join("\n")}

  --only LIST     of ${HOSTS.map(({ id }) => id).join(",")}
  --cache FOLDER  where the programs are kept (default: COORD_E2E_CACHE, or the user's cache)
  --trace FOLDER  write there what each model was shown and answered
  --write         write docs/hosts.md (of a whole run only)
  --json          one JSON value on stdout
  --help`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      only: { type: "string" },
      cache: { type: "string" },
      trace: { type: "string" },
      write: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const only = values.only?.split(",") ?? HOSTS.map(({ id }) => id);
  const names = [...SCENARIOS.map(({ name }) => name), "race"];
  const wrong = only.find((id) => !HOSTS.some((host) => host.id === id)) ?? positionals.find((name) => !names.includes(name));
  if (wrong !== undefined) return refusedOption(`no such program or scenario: ${wrong}`);
  if (values.write && (values.only || positionals.length > 0))
    return refusedOption("docs/hosts.md is about a whole run: --write goes with neither --only nor a scenario");

  const say = values.json ? console.error : console.log;
  const chosen = positionals.length === 0 ? names : positionals;
  const results = await wholeRun(
    HOSTS.filter(({ id }) => only.includes(id)),
    chosen,
    cacheFolder(values.cache),
    say,
    values.trace,
  );
  if (values.json) console.log(JSON.stringify(results));
  if (values.write) {
    writeFileSync(PAGE, page(results, SCENARIOS, HOSTS));
    say(`written: ${PAGE}`);
  }
  const failed = failures(results);
  say(`${results.results.filter(({ verdict }) => verdict === "passed").length} passed, ${failed} failed, in ${seconds(results.wholeMs)}`);
  return failed > 0 ||
    results.results.some(({ verdict }) => verdict === "not run") ||
    results.versions.some(({ state }) => state !== "installed")
    ? 1
    : 0;
}

function refusedOption(why: string): number {
  console.error(`${why}\n\n${HELP}`);
  return 1;
}

async function wholeRun(
  hosts: readonly Host[],
  chosen: readonly string[],
  cache: string,
  say: (line: string) => void,
  trace: string | undefined,
): Promise<Results> {
  const began = performance.now();
  say(`cache: ${cache}`);
  const programs = new Map<Host["id"], string>();
  const missing = new Map<Host["id"], string>();
  for (const host of hosts) {
    const installed = await install(host, cache);
    if (installed.ready) programs.set(host.id, installed.program);
    else missing.set(host.id, installed.why);
    say(`${host.title} ${host.version}: ${installed.ready ? `ready in ${seconds(installed.ms)}` : installed.why}`);
  }
  await using stage = await openStage(programs);
  endOnSignal(stage);
  const results: Result[] = [];
  for (const scenario of SCENARIOS.filter(({ name }) => chosen.includes(name))) {
    const one = async (host: Host): Promise<void> => {
      const late = performance.now() - began > WHOLE_LIMIT_MS ? `the whole run's ${seconds(WHOLE_LIMIT_MS)} were over` : undefined;
      const why = missing.get(host.id) ?? late;
      const result = why === undefined ? await played(stage, host, scenario) : notRun(host, scenario, why);
      results.push(result);
      say(terminalLine(host, result));
    };
    if (scenario.together) await Promise.all(hosts.map(one));
    else for (const host of hosts) await one(host);
  }
  const raced = chosen.includes("race") ? await theRace(stage) : ({ verdict: "not run", said: "not asked for" } as const);
  say(`race: ${JSON.stringify(raced)}`);
  if (trace !== undefined) writeTrace(resolve(trace), stage.model.minds);
  return {
    date: new Date().toISOString().slice(0, 10),
    coord: (JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string }).version,
    node: process.versions.node,
    system: `${systemName()} ${release().split("-")[0]}, ${process.arch}`,
    processors: availableParallelism(),
    load: loadavg()[2] ?? 0,
    command: "npm run e2e:hosts -- --write",
    versions: hosts.map((host) => ({
      title: host.title,
      package: host.package,
      version: host.version,
      allowed: host.allowed,
      state: missing.get(host.id) ?? "installed",
    })),
    results,
    race: raced,
    refusedHosts: [...stage.proxy.asked].map(([name, targets]) => ({ name, targets: [...targets].sort() })),
    wholeMs: Math.round(performance.now() - began),
  };
}

async function played(stage: Stage, host: Host, scenario: Scenario): Promise<Result> {
  try {
    const { ms, seen } = await scenario.run(stage, host);
    return { host: host.id, scenario: scenario.name, verdict: "passed", ms, said: seen };
  } catch (error) {
    return { host: host.id, scenario: scenario.name, verdict: "failed", said: (error as Error).message };
  }
}

function notRun(host: Host, scenario: Scenario, why: string): Result {
  return { host: host.id, scenario: scenario.name, verdict: "not run", said: why };
}

async function theRace(stage: Stage): Promise<RaceResult | { verdict: "failed" | "not run"; said: string }> {
  if (stage.programs.size === 0) return { verdict: "not run", said: "no program is installed" };
  try {
    return await race(stage);
  } catch (error) {
    return { verdict: "failed", said: (error as Error).message };
  }
}

process.exitCode = await main();
