import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Task } from "../../protocol/index.ts";
import { cleanEnv, startServer, type TestServer } from "../harness/server.ts";
import { Board } from "../scenarios/client.ts";
import { served } from "../scenarios/served.ts";

const RACERS = 16;
const JOBS = 200;

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

interface Racer {
  readonly agent: string;
  readonly child: ChildProcess;
  readonly ready: Promise<void>;
  readonly result: Promise<string[]>;
}

/** Starts a racer; it waits for a line on its stdin. */
function racer(workspace: string, how: string, agent: string): Racer {
  const child = spawn(process.execPath, [join(import.meta.dirname, "racer.mjs"), server.url, workspace, how, agent], {
    env: cleanEnv(),
    stdio: ["pipe", "pipe", "inherit"],
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  const lines = createInterface({ input: child.stdout! });
  const told: string[] = [];
  const ready = new Promise<void>((resolve) => {
    lines.on("line", (line) => {
      told.push(line);
      resolve();
    });
  });
  const result = new Promise<string[]>((resolve, reject) => {
    child.once("close", (code) => (code === 0 ? resolve(JSON.parse(told.at(-1)!)) : reject(new Error(`${agent} ended with ${code}`))));
  });
  return { agent, child, ready, result };
}

describe(`${RACERS} processes racing for ${JOBS} jobs`, () => {
  it.each([
    ["over HTTP", () => "http"],
    ["over sessions", () => "session"],
    ["over both", (n: number) => (n % 4 < 2 ? "http" : "session")],
  ])("%s: every job is claimed, by exactly one", async (what, howOf) => {
    const board = new Board(`race-${what.replaceAll(/\W/g, "-").toLowerCase()}`, served(server.url));
    const jobs = await board.batch(
      "tasks/send",
      Array.from({ length: JOBS }, (_, n) => ({ name: `job ${n}` })),
    );
    const racers = Array.from({ length: RACERS }, (_, n) => racer(board.name, howOf(n), `racer-${n}`));
    await Promise.all(racers.map(({ ready }) => ready));
    for (const { child } of racers) child.stdin!.write("go\n");
    const winner = new Map<string, string>();
    for (const { agent, result } of racers) {
      for (const id of await result) {
        expect(winner.get(id), `${id} was given to two`).toBeUndefined();
        winner.set(id, agent);
      }
    }
    expect(winner.size).toBe(JOBS);
    const held = (await board.call("tasks/list", { state: "claimed", limit: 500 })) as Task[];
    expect(new Map(held.map((task) => [task.id, task.claimed_by]))).toEqual(winner);
    const claimed = (await board.log()).filter((event) => event.type === "task.claimed").map((event) => event.task_id);
    expect([...claimed].sort()).toEqual(jobs.map((job) => job.id).sort());
  });
});
