import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { HttpCaller } from "../harness/http.ts";
import { programEnv } from "../harness/processes.ts";
import { type Finding, noted, times } from "../harness/report.ts";
import { assertResult } from "../harness/session.ts";
import { inTurn, spread } from "../harness/statistics.ts";
import type { Case, Setting } from "./case.ts";

/** From `coord serve` to the answer of a first call that writes. */
export const start: Case = {
  name: "start",
  about: "`coord serve` from its start to its first answer, in an empty folder and in one that was used",
  async run({ program, quick, say }: Setting): Promise<Finding[]> {
    if (program === undefined) return [noted({ case: "start", what: "start to first answer", figures: "not built", details: {} })];
    say("starts of coord serve");
    const used = mkdtempSync(join(tmpdir(), "coord-bench-start-"));
    try {
      await firstAnswer(program, used);
      const fresh = async () => {
        const folder = mkdtempSync(join(tmpdir(), "coord-bench-start-"));
        try {
          return await firstAnswer(program, folder);
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      };
      const [empty, again] = await inTurn(quick ? 3 : 10, [fresh, () => firstAnswer(program, used)]);
      const figures = `empty folder ${times(spread(empty!), 0)}, used folder ${times(spread(again!), 0)}`;
      const details = { empty: spread(empty!), used: spread(again!) };
      return [noted({ case: "start", what: "start to first answer", figures, details }, `${spread(empty!).median.toFixed(0)} ms`)];
    } finally {
      rmSync(used, { recursive: true, force: true });
    }
  },
};

/** Milliseconds until a post is answered. The server is ended afterwards, and is gone when this resolves. */
async function firstAnswer(program: string, folder: string): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [program, "serve", "--json", "--addr", "127.0.0.1:0", "--db", folder], {
    env: programEnv(""),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint += text;
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  try {
    const line = await new Promise<string>((ready, failed) => {
      createInterface({ input: child.stdout }).once("line", ready);
      void ended.then(() => failed(new Error(`coord serve ended: ${complaint}`)));
    });
    const caller = new HttpCaller((JSON.parse(line) as { url: string }).url);
    assertResult(await caller.ask("tasks/send", { name: "first" }));
    const took = performance.now() - began;
    caller.close();
    return took;
  } finally {
    child.kill("SIGTERM");
    await ended;
  }
}
