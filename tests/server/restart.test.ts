import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAddress } from "../../cli/server/address.ts";
import type { LogLine } from "../../cli/server/log.ts";
import { type RuntimeOptions, startRuntime } from "../../cli/server/runtime.ts";
import { rpc } from "../harness/http.ts";
import { isRunning, PROGRAM, temporaryFolder, until } from "../harness/server.ts";

function options(log: LogLine[]): RuntimeOptions {
  return {
    folder: temporaryFolder(),
    address: parseAddress("127.0.0.1:0"),
    log: (line) => log.push(line),
    workerModule: resolve(PROGRAM, "../../worker/index.js"),
    restarts: { first_ms: 1, last_ms: 2, per_minute: 3 },
  };
}

describe("startRuntime", { timeout: 40_000 }, () => {
  test("restarts workerd a few times, then gives up and frees the folder", async () => {
    const log: LogLine[] = [];
    const given = options(log);
    await using runtime = await startRuntime(given);
    const { url } = runtime;
    for (let end = 1; end <= 4; end++) {
      const { pid } = runtime;
      process.kill(pid, "SIGKILL");
      if (end < 4)
        await until(
          `restart ${end}`,
          () => runtime.pid !== pid && log.filter((line) => line.message.includes("runs again")).length === end,
        );
    }
    const end = await runtime.exited;
    expect(end).toMatchObject({
      reason: "gave_up",
      error: { message: expect.stringContaining("3 restarts within a minute did not help") },
    });
    expect(runtime.url).toBe(url);
    expect(existsSync(join(given.folder, "coord.lock"))).toBe(false);
  });

  test("stops during the pause before a restart", async () => {
    const log: LogLine[] = [];
    const given = { ...options(log), restarts: { first_ms: 60_000, last_ms: 60_000, per_minute: 3 } };
    const runtime = await startRuntime(given);
    process.kill(runtime.pid, "SIGKILL");
    await until("it waits", () => log.some((line) => line.message.includes("starting it again")));
    await runtime.stop();
    expect(await runtime.exited).toEqual({ reason: "stopped" });
    expect(existsSync(join(given.folder, "coord.lock"))).toBe(false);
  });

  test("ends with its scope, and serves a folder with an awkward name", async () => {
    const log: LogLine[] = [];
    const folder = join(temporaryFolder(), `an "awkward" näme=with $HOME 'quotes'`);
    let pid: number;
    {
      await using runtime = await startRuntime({ ...options(log), folder });
      pid = runtime.pid;
      expect(await rpc(runtime.url, "tasks/list", {})).toEqual([]);
    }
    expect(isRunning(pid)).toBe(false);
    expect(existsSync(join(folder, "coord.lock"))).toBe(false);
  });

  test("a workerd that cannot start says why, and leaves nothing behind", async () => {
    const given = options([]);
    const broken = { path: "/bin/false", version: "1.20261102.1" };
    await expect(startRuntime({ ...given, workerd: broken })).rejects.toThrow("ended with exit code 1 before it was ready");
    await expect(startRuntime({ ...given, workerd: { ...broken, path: join(given.folder, "missing") } })).rejects.toThrow(
      /missing.*not found/s,
    );
    expect(existsSync(join(given.folder, "coord.lock"))).toBe(false);
  });
});
