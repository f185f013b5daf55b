import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findWorkerModule } from "../cli/server/installation.ts";
import { board } from "./cases/board.ts";
import type { Case, Setting } from "./cases/case.ts";
import { claims } from "./cases/claims.ts";
import { idle } from "./cases/idle.ts";
import { jobs } from "./cases/jobs.ts";
import { program } from "./cases/program.ts";
import { wake } from "./cases/wake.ts";
import { type Finding, table } from "./harness/report.ts";
import { buildBaseline, startServer } from "./harness/server.ts";

const CASES: readonly Case[] = [claims, wake, board, jobs, program, idle];

const HELP = `npm run bench [-- options] [case …]

Measures the built worker and program (dist/) and prints ratios of one run; its absolute
figures are this machine's. Exits 0 whether or not targets are met.

Cases, all by default:
${CASES.map(({ name, about }) => `  ${name.padEnd(9)} ${about}`).join("\n")}

  --quick         a small run of about half a minute
  --json          one JSON value on stdout
  --worker FILE   another built worker than dist/worker/index.js
  --program FILE  another built program than dist/cli/coord.js
  --help`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      worker: { type: "string" },
      program: { type: "string" },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const unknown = positionals.find((name) => !CASES.some((one) => one.name === name));
  if (unknown !== undefined) {
    console.error(`no such case: ${unknown}; there are ${CASES.map(({ name }) => name).join(", ")}`);
    return 1;
  }
  const chosen = positionals.length === 0 ? CASES : CASES.filter(({ name }) => positionals.includes(name));
  const builtProgram = values.program ?? fileURLToPath(new URL("../dist/cli/coord.js", import.meta.url));
  const findings = await measure(chosen, {
    worker: values.worker ?? findWorkerModule(),
    program: existsSync(builtProgram) ? builtProgram : undefined,
    quick: values.quick,
  });
  console.log(values.json ? JSON.stringify({ node: process.versions.node, quick: values.quick, findings }) : table(findings));
  return 0;
}

/** Runs the cases one after the other, on two servers of this run; both are gone when it returns, however it does. */
async function measure(
  cases: readonly Case[],
  options: { worker: string; program: string | undefined; quick: boolean },
): Promise<Finding[]> {
  const folder = mkdtempSync(join(tmpdir(), "coord-bench-"));
  try {
    await using coord = await startServer("coord", options.worker);
    await using baseline = await startServer("baseline", buildBaseline(folder));
    const say = (text: string) => process.stderr.write(`… ${text}\n`);
    const setting: Setting = { coord, baseline, program: options.program, quick: options.quick, say };
    const findings: Finding[] = [];
    for (const one of cases) findings.push(...(await one.run(setting)));
    return findings;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
