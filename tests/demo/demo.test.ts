import { execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Summary } from "../../cli/demo/summary.ts";
import type { Task } from "../../protocol/index.ts";
import { cleanEnv, PROGRAM, runCoord, temporaryFolder, until } from "../harness/server.ts";

/** A demo takes about six seconds on an idle machine; this only bounds one that hangs. */
const LIMIT_MS = 110_000;

let home: string;
let temporary: string;
let env: Record<string, string>;

beforeEach(() => {
  home = temporaryFolder();
  temporary = temporaryFolder();
  env = { HOME: home, XDG_DATA_HOME: "", TMPDIR: temporary };
});
afterEach(() => {
  rmSync(home, { recursive: true, force: true });
  rmSync(temporary, { recursive: true, force: true });
});

const broken = (summary: Summary) => summary.invariants.filter((one) => !one.held);

/** Command lines of living processes that have to do with this test's demo. */
function processes(): string[] {
  return execFileSync("ps", ["-A", "-ww", "-o", "args="], { encoding: "utf8" })
    .split("\n")
    .filter((line) => line.includes(temporary));
}

describe("coord demo", () => {
  it("--vault leaves its trail as notes that link bug, ack and agents", { timeout: LIMIT_MS }, async () => {
    const vault = join(home, "vault");
    const { code, stderr } = await runCoord(["demo", "--json", "--vault", vault], { env, limit_ms: LIMIT_MS });
    expect([code, stderr]).toEqual([0, ""]);
    const tasks = readdirSync(join(vault, "tasks"));
    expect(tasks).toHaveLength(44);
    const bug = readFileSync(join(vault, "tasks", tasks.find((name) => name.includes("newest"))!), "utf8");
    const ack = tasks.find((name) => name.includes("v1-1-stable"))!.replace(/\.md$/, "");
    expect(bug).toContain(`[[tasks/${ack}|`);
    expect(bug).toContain("[[agents/quiet-otter|quiet-otter]]");
    expect(existsSync(join(vault, "Board.canvas"))).toBe(true);
  });

  it("keeps every promise and leaves nothing behind", { timeout: LIMIT_MS }, async () => {
    const { code, stdout, stderr } = await runCoord(["demo", "--json"], { env, limit_ms: LIMIT_MS });
    expect(stderr).toBe("");
    const summary = JSON.parse(stdout) as Summary;
    expect(broken(summary)).toEqual([]);
    expect([code, summary.ok, summary.kept]).toEqual([0, true, null]);

    expect(summary.story).toMatchObject({
      commit: expect.stringMatching(/^[0-9a-f]{40,64}$/),
      artifact_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const { race } = summary;
    expect(Object.keys(race!.shares)).toHaveLength(8);
    expect(Object.values(race!.shares).reduce((sum, count) => sum + count)).toBe(40);
    expect(race!.shares[race!.killed!]).toBe(0);
    expect(summary.board.kinds).toEqual({ build: { completed: 1 }, bug: { completed: 1 }, ack: { completed: 2 }, race: { completed: 40 } });

    expect(readdirSync(home)).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
    expect(processes()).toEqual([]);
  });

  it("plays the race without git, says what is missing, and does not claim success", { timeout: LIMIT_MS }, async () => {
    const { code, stdout } = await runCoord(["demo"], { env: { ...env, PATH: "" }, limit_ms: LIMIT_MS });
    expect(code).toBe(1);
    expect(stdout).toContain("git is not installed");
    expect(stdout).toMatch(/held {4}every job was completed exactly once/);
    expect(stdout).toMatch(/^1 BROKEN, 7 held\./m);
    expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).not.toContain("\u001b");
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("clears everything away when it is interrupted", { timeout: LIMIT_MS }, async () => {
    const child = spawn(process.execPath, [PROGRAM, "demo"], { env: cleanEnv(env), stdio: ["ignore", "pipe", "inherit"] });
    let told = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      told += text;
    });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    try {
      await until("the first process waits", () => told.includes("blocks:"), 60_000);
      expect(processes().length).toBeGreaterThan(0);
      child.kill("SIGTERM");
      expect(await ended).toBe(143);
      expect(readdirSync(temporary)).toEqual([]);
      await until("every process of the demo is gone", () => processes().length === 0);
    } finally {
      child.kill("SIGKILL");
    }
  });

  it("leaves server and repository for a look when asked to", { timeout: LIMIT_MS }, async () => {
    const { code, stdout } = await runCoord(["demo", "--keep", "--json"], { env, limit_ms: LIMIT_MS });
    const summary = JSON.parse(stdout) as Summary;
    const { url, data, repository } = summary.kept!;
    try {
      expect(broken(summary)).toEqual([]);
      expect(code).toBe(0);
      const listed = await runCoord(["tasks", "--state", "any", "--limit", "500", "--json", "--url", url, "--workspace", "default"], {
        env,
      });
      const tasks = JSON.parse(listed.stdout) as Task[];
      expect(tasks.map((task) => task.state)).toEqual(Array.from({ length: 44 }, () => "completed"));
      expect(existsSync(join(repository, ".git"))).toBe(true);
      expect(summary.kept!.commands.some((command) => command.includes("tasks --state any"))).toBe(true);
    } finally {
      const stopped = await runCoord(["stop", "--db", data], { env });
      expect(stopped.code).toBe(0);
    }
    await until("the server is gone", () => processes().length === 0);
  });
});
