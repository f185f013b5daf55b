import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { findWorkerModule } from "../cli/server/installation.ts";
import { before } from "./cases/before.ts";
import { board } from "./cases/board.ts";
import { calls } from "./cases/calls.ts";
import type { Case, Setting } from "./cases/case.ts";
import { claims } from "./cases/claims.ts";
import { disk } from "./cases/disk.ts";
import { idle } from "./cases/idle.ts";
import { jobs } from "./cases/jobs.ts";
import { mcp } from "./cases/mcp.ts";
import { memory } from "./cases/memory.ts";
import { program } from "./cases/program.ts";
import { start } from "./cases/start.ts";
import { vault } from "./cases/vault.ts";
import { waits } from "./cases/waits.ts";
import { wake } from "./cases/wake.ts";
import { circumstances } from "./harness/machine.ts";
import { BadArguments, type Options, readOptions } from "./harness/options.ts";
import { page } from "./harness/page.ts";
import { NotAServer, peersOf } from "./harness/peer.ts";
import { type Finding, table } from "./harness/report.ts";
import { buildBaseline, startServer } from "./harness/server.ts";

const CASES: readonly Case[] = [claims, calls, wake, waits, idle, board, jobs, start, program, mcp, vault, memory, disk, before];

/** The cases that measure other servers beside coord. */
const COMPARED = ["calls", "waits"];

const PAGE = new URL("../docs/benchmarks.md", import.meta.url);

const HELP = `npm run bench [-- options] [case …]

Measures the built worker and program (dist/) and prints ratios of one run; its absolute
figures are this machine's. A full run takes some ten minutes on two cores, and writes
docs/benchmarks.md. Exits 0 whether or not aims are met.

Cases, all by default:
${CASES.map(({ name, about }) => `  ${name.padEnd(9)} ${about}`).join("\n")}

  --against URL   measure this server as well, in turn with coord, by whatever of the
                  bulletin's JSON-RPC it has (cases ${COMPARED.join(" and ")}); may be repeated.
                  Thousands of tasks are posted to it: give one made for that
  --before DIST   measure this build's costs in turn with another's (case before)
  --quick         a small run of about a minute
  --hours N       watch the memory of a working server for so long
  --write         write the page whatever was run; --no-write: do not
  --json          one JSON value on stdout
  --worker FILE   another built worker than dist/worker/index.js
  --program FILE  another built program than dist/cli/coord.js
  --help`;

async function main(): Promise<number> {
  const options = readOptions(
    process.argv.slice(2),
    CASES.map(({ name }) => name),
  );
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  const began = performance.now();
  const findings = await measure(options);
  const of = circumstances(options.command, (performance.now() - began) / 1000, new Date());
  console.log(options.json ? JSON.stringify({ ...of, quick: options.quick, findings }) : table(findings));
  if (options.write) {
    writeFileSync(PAGE, page(findings, CASES, of));
    process.stderr.write("… written to docs/benchmarks.md\n");
  }
  return 0;
}

/** Runs the cases one after the other, on servers of this run; all are gone when it returns, however it does. */
async function measure(options: Options): Promise<Finding[]> {
  const folder = mkdtempSync(join(tmpdir(), "coord-bench-"));
  const began = performance.now();
  const say = (text: string) => process.stderr.write(`… ${String(Math.round((performance.now() - began) / 1000)).padStart(3)} s ${text}\n`);
  const chosen = options.cases.length === 0 ? CASES : CASES.filter(({ name }) => options.cases.includes(name));
  const worker = options.worker ?? findWorkerModule();
  const builtProgram = options.program ?? fileURLToPath(new URL("../dist/cli/coord.js", import.meta.url));
  try {
    const findings: Finding[] = [];
    for (const one of chosen) {
      // each case has servers of its own, so that what one left behind is not measured by the next
      await using coord = await startServer("coord", worker);
      await using baseline = await startServer("baseline", buildBaseline(folder));
      const setting: Setting = {
        coord,
        baseline,
        worker,
        before: options.before === undefined ? undefined : resolve(options.before),
        peers: await peersOf(coord, COMPARED.includes(one.name) ? options.against : []),
        program: existsSync(builtProgram) ? builtProgram : undefined,
        quick: options.quick,
        hours: options.hours,
        say,
      };
      findings.push(...(await one.run(setting)));
    }
    return findings;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof BadArguments || error instanceof NotAServer)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
