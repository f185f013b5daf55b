import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openSockets, rpc } from "../harness/http.ts";
import { cleanEnv, isRunning, PROGRAM, runCoord, startServer, temporaryFolder, until } from "../harness/server.ts";

/** What `coord serve` promises from the first signal to its end. */
const STOP_PROMISE_MS = 3000;

describe("the life of a server", { timeout: 40_000 }, () => {
  test("a second server on the same folder is refused, with the first one's URL", async () => {
    await using server = await startServer();
    const second = await runCoord(["serve", "--addr", "127.0.0.1:0", "--db", server.dir]);
    expect(second.code).not.toBe(0);
    expect(second.stderr).toContain(server.url);
    expect(second.stderr).toContain("coord stop");
    expect(second.stdout).toBe("");
    expect(await rpc(server.url, "tasks/list", {})).toEqual([]);
  });

  test("SIGTERM takes leave of 300 sessions and frees the lock", async () => {
    await using server = await startServer();
    await openSockets(server.url, 300, { polite: true });
    const begun = performance.now();
    server.child.kill("SIGTERM");
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - begun).toBeLessThan(STOP_PROMISE_MS);
    expect(server.stderr()).not.toContain("killed");
    expect(existsSync(join(server.dir, "coord.lock"))).toBe(false);
    expect(isRunning(server.workerdPid)).toBe(false);
  });

  test("300 sessions that do not answer the goodbye hold it up for no longer than promised", async () => {
    await using server = await startServer();
    const sockets = await openSockets(server.url, 300, { polite: false });
    const begun = performance.now();
    server.child.kill("SIGTERM");
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(performance.now() - begun).toBeLessThan(STOP_PROMISE_MS);
    expect(server.stderr()).toContain("sessions did not close in time");
    expect(existsSync(join(server.dir, "coord.lock"))).toBe(false);
    expect(isRunning(server.workerdPid)).toBe(false);
    for (const socket of sockets) socket.terminate();
  });

  test("a second signal forces the end of a server that is stuck", async () => {
    await using server = await startServer();
    const [socket] = await openSockets(server.url, 1, { polite: false });
    const told = new Promise((resolve) => socket?.once("message", resolve));
    server.child.kill("SIGINT");
    await told; // It is stopping now, and waits for this socket.
    server.child.kill("SIGTERM");
    expect(await server.exited).toEqual({ code: 143, signal: null });
    expect(isRunning(server.workerdPid)).toBe(false);
    expect(existsSync(join(server.dir, "coord.lock"))).toBe(false);
    socket?.terminate();
  });

  test("SIGTERM while it starts leaves neither workerd nor lock", async () => {
    const db = temporaryFolder();
    const lock = join(db, "coord.lock");
    const child = spawn(process.execPath, [PROGRAM, "serve", "--addr", "127.0.0.1:0", "--db", db], { env: cleanEnv(), stdio: "ignore" });
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    await until("workerd is started", () => existsSync(lock) && readFileSync(lock, "utf8").includes("workerdPid"));
    const { workerdPid } = JSON.parse(readFileSync(lock, "utf8")) as { workerdPid: number };
    child.kill("SIGTERM");
    // 0 where it was quick enough to be ready.
    expect([0, 143]).toContain(await ended);
    expect(isRunning(workerdPid)).toBe(false);
    expect(existsSync(lock)).toBe(false);
  });

  test("SIGHUP, a terminal that closes, ends it in good order", async () => {
    await using server = await startServer();
    server.child.kill("SIGHUP");
    expect(await server.exited).toEqual({ code: 0, signal: null });
    expect(existsSync(join(server.dir, "coord.lock"))).toBe(false);
  });

  test("--detach, status, stop", async () => {
    const db = temporaryFolder();
    const env = { COORD_DB: db, COORD_ADDR: "127.0.0.1:0" };

    const before = await runCoord(["status", "--json"], { env });
    expect(before.code).toBe(7);
    expect(JSON.parse(before.stdout)).toMatchObject({ running: false, db });

    const started = await runCoord(["serve", "--detach", "--json"], { env });
    expect(started).toMatchObject({ code: 0, stderr: "" });
    const { url, pid, workerd_pid } = JSON.parse(started.stdout) as { url: string; pid: number; workerd_pid: number };
    await rpc(url, "tasks/send", { name: "water the plants" });

    const running = await runCoord(["status", "--json"], { env });
    expect(running.code).toBe(0);
    expect(JSON.parse(running.stdout)).toMatchObject({ running: true, url, pid, workerd_pid, board: { counts: { pending: 1 } } });
    const shown = await runCoord(["status"], { env });
    expect(shown.stdout).toContain(url);
    expect(shown.stdout).toContain("1 pending");

    const stopped = await runCoord(["stop", "--json"], { env });
    expect(stopped.code).toBe(0);
    expect(JSON.parse(stopped.stdout)).toEqual({ stopped: true, pid, url, db });
    expect(isRunning(pid)).toBe(false);
    expect(isRunning(workerd_pid)).toBe(false);

    const again = await runCoord(["stop"], { env });
    expect(again).toMatchObject({ code: 0, stdout: `no server runs on ${db}\n` });
    expect(readFileSync(join(db, "coord.log"), "utf8")).toContain(url);
  });

  test("stop ends a server that no longer reacts", async () => {
    await using server = await startServer();
    server.child.kill("SIGSTOP");
    const stopped = await runCoord(["stop", "--json", "--db", server.dir]);
    expect(JSON.parse(stopped.stdout)).toMatchObject({ stopped: true, killed: true, pid: server.pid });
    await until("workerd is gone", () => !isRunning(server.workerdPid));
    expect(existsSync(join(server.dir, "coord.lock"))).toBe(false);
  });

  test("doctor finds nothing wrong beside a running server, and says what is", async () => {
    await using server = await startServer();
    const healthy = await runCoord(["doctor", "--json", "--db", server.dir]);
    const report = JSON.parse(healthy.stdout) as { ok: boolean; checks: { name: string; level: string }[] };
    expect(report.checks.filter((check) => check.level !== "ok")).toEqual([]);
    expect(report.ok).toBe(true);
    expect(healthy.code).toBe(0);

    const other = temporaryFolder();
    const sick = await runCoord(["doctor", "--db", other, "--addr", `127.0.0.1:${server.port}`]);
    expect(sick.code).toBe(1);
    expect(sick.stdout).toMatch(/fail port .*in use by a coord server/);
    expect(sick.stdout).toContain("do: stop it, or choose another port");
  });
});
