import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programEnv, run } from "../harness/processes.ts";
import { type Finding, noted } from "../harness/report.ts";
import { Session } from "../harness/session.ts";
import { spread } from "../harness/statistics.ts";
import type { Case, Setting } from "./case.ts";

const WORKSPACE = "vault";
const BATCH = 100;

/** A vault made from nothing, out of a log in which every third job was worked on. */
export const vault: Case = {
  name: "vault",
  about: "events a second that `coord vault` turns into notes, from an empty folder",
  async run({ coord, program, quick, say }: Setting): Promise<Finding[]> {
    if (program === undefined) return [noted({ case: "vault", what: "vault, events a second", figures: "not built", details: {} })];
    const jobs = quick ? 300 : 2_000;
    say(`a log of ${jobs} jobs for the vault`);
    const session = await Session.open(coord.url, WORKSPACE);
    for (let from = 0; from < jobs; from += BATCH) {
      const tasks = Array.from({ length: BATCH }, (_, at) => ({
        name: `job ${from + at}`,
        agent_id: `poster-${at % 4}`,
        labels: ["bench"],
      }));
      const ids = (await session.batch<{ id: string }>("tasks/send", tasks)).map(({ id }) => id);
      const some = ids.filter((_, at) => at % 3 === 0);
      await session.batch(
        "tasks/claim",
        some.map((id) => ({ id, agent_id: "worker" })),
      );
      await session.batch(
        "tasks/complete",
        some.map((id) => ({ id, agent_id: "worker", result: { summary: "done" } })),
      );
    }
    const { head } = await session.call<{ head: number }>("workspace/info", {});
    session.close();
    const rates: number[] = [];
    for (let round = 0; round < (quick ? 1 : 3); round += 1) {
      say(`vault of ${head} events, round ${round + 1}`);
      const folder = mkdtempSync(join(tmpdir(), "coord-bench-vault-"));
      try {
        const { took } = await run(process.execPath, [program, "vault", folder, "--once", "--json"], programEnv(coord.url, WORKSPACE));
        rates.push((head * 1000) / took);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
    const rate = spread(rates);
    const whole = (value: number) => Math.round(value).toLocaleString("en");
    const figures = `${head.toLocaleString("en")} events, ${jobs.toLocaleString("en")} notes, the process's start and end with it: ${whole(rate.low)}–${whole(rate.high)}/s`;
    return [noted({ case: "vault", what: "vault, events a second", figures, details: { head, jobs, rate } }, `${whole(rate.median)}/s`)];
  },
};
