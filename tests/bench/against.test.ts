import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { startBulletin } from "../../bench/testing/bulletin.ts";
import { cleanEnv, type Finished, finished, startServer } from "../harness/server.ts";

const MAIN = join(import.meta.dirname, "../../bench/main.ts");
const DIST = resolve(process.env.COORD_TEST_DIST ?? join(import.meta.dirname, "../../dist"));

interface Answer {
  readonly quick: boolean;
  readonly command: string;
  readonly findings: readonly {
    readonly case: string;
    readonly what: string;
    readonly figures: string;
    readonly details: {
      readonly rows?: readonly { readonly peer: string; readonly callers: number; readonly latency: { calls: number } }[];
    };
  }[];
}

/** Runs the benchmark as people do. It never writes the page. */
function bench(...args: string[]): Promise<Finished> {
  const given = [MAIN, "--no-write", "--worker", join(DIST, "worker/index.js"), "--program", join(DIST, "cli/coord.js"), ...args];
  return finished(
    spawn(process.execPath, given, { env: cleanEnv(), stdio: ["ignore", "pipe", "pipe"], timeout: 170_000, killSignal: "SIGKILL" }),
  );
}

describe("bench --against", () => {
  test("measures a second coord and a bulletin without sessions in turn with coord", async () => {
    await using other = await startServer();
    await using bulletin = await startBulletin();
    const run = await bench("--quick", "--json", "--against", other.url, "--against", bulletin.url, "calls", "waits");
    expect(run.stderr).not.toContain("Error");
    expect(run.code).toBe(0);
    const { findings, command, quick } = JSON.parse(run.stdout) as Answer;
    expect(quick).toBe(true);
    expect(command).not.toContain("127.0.0.1");
    const peers = (what: string) => [...new Set(findings.find((one) => one.what === what)?.details.rows?.map(({ peer }) => peer))];
    for (const method of ["send", "claim", "complete", "next", "list"]) {
      expect(peers(`${method} over HTTP`)).toEqual(["coord", "other 1", "other 2"]);
      expect(peers(`${method} over sessions`)).toEqual(["coord", "other 1"]);
    }
    for (const { calls } of findings.flatMap(({ details }) => details.rows ?? []).map(({ latency }) => latency))
      expect(calls).toBeGreaterThan(0);
    const waits = findings.filter((one) => one.case === "waits").map(({ what }) => what);
    for (const peer of ["coord", "other 1", "other 2"]) {
      expect(waits).toContain(`wake-up over HTTP, 20 waiting, ${peer}`);
      expect(waits).toContain(`a wait that nothing matches, ${peer}`);
    }
    // both were really asked
    expect(bulletin.calls.get("tasks/claim")).toBeGreaterThan(100);
    expect(bulletin.calls.get("tasks/wait")).toBeGreaterThan(20);
  }, 180_000);

  test("a server that is not there is named, and a case that does not exist as well", async () => {
    const bulletin = await startBulletin();
    await bulletin[Symbol.asyncDispose]();
    const gone = await bench("--quick", "--against", bulletin.url, "waits");
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain("does not speak the bulletin's JSON-RPC");
    const walk = await bench("walk");
    expect(walk).toMatchObject({ code: 1, stdout: "" });
    expect(walk.stderr).toMatch(/^no such case: walk; there are claims, calls, /);
    expect(walk.stderr).not.toContain("    at ");
  });
});
