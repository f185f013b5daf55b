import { execFileSync, spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { delimiter, join } from "node:path";
import { type Finding, held, times } from "../harness/report.ts";
import { Session } from "../harness/session.ts";
import { interleaved, median, pairedRatio, spread } from "../harness/statistics.ts";
import type { Case } from "./case.ts";

const MOST = 2.5;
const WORKSPACE = "program";

/** `coord claim` from its start to its end, against the least that Node can do. */
export const program: Case = {
  name: "program",
  about: "`coord claim` as a whole process, against `node -e 0`, with each Node on PATH",
  async run({ coord, program, quick, say }) {
    if (program === undefined) {
      return [
        {
          case: "program",
          what: "coord claim as a process",
          figures: "dist/cli/coord.js is not built",
          value: null,
          shown: "",
          target: "≤ 2.50×",
          met: null,
          details: {},
        },
      ];
    }
    const poster = await Session.open(coord.url, WORKSPACE);
    const env = { ...process.env, COORD_URL: coord.url, COORD_WORKSPACE: WORKSPACE, COORD_AUTOSTART: "0", NODE_OPTIONS: "" };
    const found: Finding[] = [];
    for (const { path, version } of nodesOnPath()) {
      say(`coord claim with Node ${version}`);
      const claim = async () => {
        const { number } = await poster.call<{ number: number }>("tasks/send", { name: "a job" });
        return lifetime(path, [program, "claim", String(number), "--as", "bench"], env);
      };
      const nothing = () => lifetime(path, ["-e", "0"], env);
      await interleaved(2, claim, nothing);
      const [claimed, least] = await interleaved(quick ? 8 : 25, claim, nothing);
      const ratio = pairedRatio(claimed, least);
      const figures = `coord claim ${times(spread(claimed), 0)}, node -e 0 ${times(spread(least), 0)}`;
      const details = { node: version, claim: spread(claimed), least: spread(least), ratio };
      found.push(
        held(
          { case: "program", what: `coord claim as a process, Node ${version}`, figures, details },
          median(claimed) / median(least),
          { most: MOST },
          "×",
        ),
      );
    }
    poster.close();
    return found;
  },
};

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

/** Milliseconds from the start of a process to its end. Throws where it fails. */
function lifetime(node: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { env, stdio: ["ignore", "ignore", "pipe"], timeout: 20_000, killSignal: "SIGKILL" });
    let complaint = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint += text;
    });
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve(performance.now() - began);
      else reject(new Error(`${args.join(" ")} ended with ${signal ?? code}: ${complaint}`));
    });
  });
}
