// Lets things go wrong on purpose, and checks that no promise is broken: npm run faults [-- --seed N --minutes N --hours N --only NAME --write]
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { KINDS } from "./kinds/index.ts";
import type { Kind } from "./kinds/kind.ts";
import { lines, type Outcome, page, type Run } from "./report.ts";

/** How long a run takes that is told nothing, in minutes. */
const MINUTES = 5;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    minutes: { type: "string" },
    hours: { type: "string" },
    only: { type: "string", multiple: true },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function usage(): string {
  const kinds = Object.entries(KINDS).map(([name, { promise }]) => `  ${name.padEnd(10)} ${promise}`);
  return [
    "npm run faults -- [--seed N] [--minutes N | --hours N] [--only NAME]… [--write]",
    "",
    "--seed     repeats the choices of a run (default: of the clock)",
    `--minutes  how long, about (default ${MINUTES}); --hours for a soak`,
    "--only     this kind alone; may be given several times",
    "--write    writes docs/faults.md",
    "",
    ...kinds,
  ].join("\n");
}

function numberOf(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new Error(`--${name} is a number, not ${text}`);
}

async function runOne(name: string, kind: Kind, seed: number, ms: number): Promise<Outcome> {
  const skipped = kind.impossible?.();
  if (skipped !== undefined) return { name, promise: kind.promise, seconds: 0, skipped };
  const began = performance.now();
  const say = (line: string) => process.stderr.write(`${name}: ${line}\n`);
  const seconds = () => (performance.now() - began) / 1000;
  try {
    const report = await kind.run({ seed, ms, say });
    return { name, promise: kind.promise, seconds: seconds(), report };
  } catch (error) {
    const finding = `it broke off: ${(error as Error).stack ?? error}`;
    return { name, promise: kind.promise, seconds: seconds(), report: { counts: {}, findings: [finding] } };
  }
}

async function main(): Promise<number> {
  const unknown = (values.only ?? []).find((name) => !(name in KINDS));
  if (values.help || unknown !== undefined) {
    process.stdout.write(`${unknown === undefined ? "" : `no kind is called ${unknown}\n\n`}${usage()}\n`);
    return unknown === undefined ? 0 : 1;
  }
  const seed = numberOf(values.seed, "seed") ?? Date.now() % 1_000_000;
  const minutes = (numberOf(values.hours, "hours") ?? 0) * 60 || (numberOf(values.minutes, "minutes") ?? MINUTES);
  const kinds = Object.entries(KINDS).filter(([name]) => !values.only || values.only.includes(name));
  const shares = kinds.reduce((sum, [, kind]) => sum + kind.share, 0);
  const began = new Date();
  process.stderr.write(`seed ${seed}, about ${minutes} min\n`);
  const outcomes: Outcome[] = [];
  for (const [name, kind] of kinds) {
    const ms = shares === 0 ? 30_000 : (kind.share / shares) * minutes * 60_000;
    outcomes.push(await runOne(name, kind, seed, kind.share === 0 ? 30_000 : ms));
  }
  const workerd = createRequire(import.meta.url)("workerd/package.json") as { version: string };
  const coord = createRequire(import.meta.url)("../package.json") as { version: string };
  const versions = { coord: coord.version, workerd: workerd.version, "Node.js": process.versions.node };
  const given = process.argv.slice(2).join(" ");
  const run: Run = { seed, command: `npm run faults${given === "" ? "" : ` -- ${given}`}`, began, versions, outcomes };
  process.stdout.write(`${lines(run)}\n`);
  if (values.write) writeFileSync(join(import.meta.dirname, "../docs/faults.md"), page(run));
  const broken = outcomes.reduce((sum, { report }) => sum + (report?.findings.length ?? 0), 0);
  process.stdout.write(broken === 0 ? `every promise was kept (seed ${seed})\n` : `${broken} findings (seed ${seed})\n`);
  return broken === 0 ? 0 : 1;
}

process.exitCode = await main();
