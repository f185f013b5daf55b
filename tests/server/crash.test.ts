import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { rpc } from "../harness/http.ts";
import { isRunning, runCoord, startServer, temporaryFolder, until } from "../harness/server.ts";

interface Lock {
  pid: number;
  workerdPid: number;
  token: string;
  url?: string;
}

function readLock(dir: string): Lock {
  return JSON.parse(readFileSync(join(dir, "coord.lock"), "utf8")) as Lock;
}

async function names(url: string): Promise<string[]> {
  return ((await rpc(url, "tasks/list", {})) as { name: string }[]).map((task) => task.name);
}

/** The watcher that ends workerd when its server is gone: workerd's only child. */
function watcherOf(workerdPid: number): number {
  const table = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  const found = table
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/).map(Number))
    .find(([, parent]) => parent === workerdPid);
  if (found?.[0] === undefined) throw new Error(`no watcher of ${workerdPid}`);
  return found[0];
}

describe("what a crash leaves", { timeout: 40_000 }, () => {
  test("kill -9 of the server leaves no workerd behind, and the next one has all that was answered", async () => {
    const db = temporaryFolder();
    const server = await startServer({ db });
    const watcher = watcherOf(server.workerdPid);
    await rpc(server.url, "tasks/send", { name: "kept" });
    await server.kill();
    await until("the watcher is gone as well", () => !isRunning(watcher));
    expect(existsSync(join(db, "coord.lock"))).toBe(true);

    await using next = await startServer({ db });
    expect(await names(next.url)).toEqual(["kept"]);
    expect(readdirSync(db).filter((name) => name.startsWith("coord.lock"))).toEqual(["coord.lock"]);
  });

  test("kill -9 of workerd: it runs again on the same port with the same data", async () => {
    await using server = await startServer();
    await rpc(server.url, "tasks/send", { name: "kept" });
    const watcher = watcherOf(server.workerdPid);
    process.kill(server.workerdPid, "SIGKILL");
    await until("workerd is started again", () => readLock(server.dir).workerdPid !== server.workerdPid);
    await until("it says so", () => server.stderr().includes(`workerd runs again at ${server.url}`));
    expect(await names(server.url)).toEqual(["kept"]);
    expect(server.stderr()).toContain("workerd ended unexpectedly (SIGKILL)");
    await until("the old watcher is gone", () => !isRunning(watcher));
  });

  test("kill -9 of server and workerd: the lock is taken over", async () => {
    const db = temporaryFolder();
    const server = await startServer({ db });
    const { token } = readLock(db);
    server.child.kill("SIGKILL");
    process.kill(server.workerdPid, "SIGKILL");
    await server.exited;
    await using next = await startServer({ db });
    expect(readLock(db).token).not.toBe(token);
    expect(readLock(db)).toMatchObject({ pid: next.pid, url: next.url });
  });

  test("a workerd that outlived its server and its watcher is ended by the next server", async () => {
    const db = temporaryFolder();
    const server = await startServer({ db });
    process.kill(watcherOf(server.workerdPid), "SIGKILL");
    server.child.kill("SIGKILL");
    await server.exited;
    expect(isRunning(server.workerdPid)).toBe(true);
    await using next = await startServer({ db });
    expect(isRunning(server.workerdPid)).toBe(false);
    expect(await names(next.url)).toEqual([]);
  });

  test("coord stop ends such a workerd, too", async () => {
    const db = temporaryFolder();
    const server = await startServer({ db });
    process.kill(watcherOf(server.workerdPid), "SIGKILL");
    server.child.kill("SIGKILL");
    await server.exited;
    const stopped = await runCoord(["stop", "--json", "--db", db]);
    expect(JSON.parse(stopped.stdout)).toMatchObject({ stopped: true, killed: true });
    expect(isRunning(server.workerdPid)).toBe(false);
    expect(existsSync(join(db, "coord.lock"))).toBe(false);
  });

  test("of six servers that find a dead lock at once, one gets the folder", async () => {
    const db = temporaryFolder();
    const dead = await startServer({ db });
    await dead.kill();
    const attempts = await Promise.allSettled(Array.from({ length: 6 }, () => startServer({ db })));
    const winners = attempts.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : []));
    const refusals = attempts.flatMap((attempt) => (attempt.status === "rejected" ? [String(attempt.reason)] : []));
    expect(winners).toHaveLength(1);
    expect(readLock(db).pid).toBe(winners[0]?.pid);
    for (const refusal of refusals) expect(refusal).toMatch(/already served at|is starting on this data folder/);
    await winners[0]?.stop();
    expect(readdirSync(db).filter((name) => name.startsWith("coord.lock"))).toEqual([]);
  });

  test("an empty lock, as a power failure leaves it, does not keep the server from starting", async () => {
    const db = temporaryFolder();
    writeFileSync(join(db, "coord.lock"), "");
    await using server = await startServer({ db });
    expect(readLock(db).pid).toBe(server.pid);
  });

  test("a lock of a living process that merely has the dead server's id is taken over", async () => {
    const db = temporaryFolder();
    const token = "of-before-the-reboot";
    writeFileSync(
      join(db, "coord.lock"),
      JSON.stringify({ pid: process.pid, identity: "another boot/1", startedAt: 1, token, url: "http://127.0.0.1:1/" }),
    );
    await using server = await startServer({ db });
    expect(readLock(db).pid).toBe(server.pid);
  });

  test("a server whose lock was replaced leaves the new one alone", async () => {
    const db = temporaryFolder();
    const server = await startServer({ db });
    const foreign = JSON.stringify({ ...readLock(db), token: "somebody else's" });
    writeFileSync(join(db, "coord.lock"), foreign);
    await server.stop();
    expect(readFileSync(join(db, "coord.lock"), "utf8")).toBe(foreign);
  });
});
