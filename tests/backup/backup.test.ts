import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { LIMITS, type Task } from "../../protocol/index.ts";
import { rpc } from "../harness/http.ts";
import { runCoord, startServer, type TestServer, temporaryFolder } from "../harness/server.ts";

async function batch(url: string, method: string, all: readonly object[]): Promise<Task[]> {
  const body = JSON.stringify(all.map((params, id) => ({ jsonrpc: "2.0", id, method, params })));
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  return ((await response.json()) as { result: Task }[]).map((answer) => answer.result);
}

/** Posts, claims and completes until told to stop; what was told stays in `acknowledged`. */
function work(url: string): { stop(): Promise<void>; readonly acknowledged: Set<string> } {
  const acknowledged = new Set<string>();
  let going = true;
  const done = (async () => {
    for (let at = 0; going; at += 1) {
      const names = Array.from({ length: 20 }, (_, n) => ({
        name: `job ${at}.${n} \u2028 Ä`,
        labels: ["l"],
        payload: { pad: "x".repeat(200) },
      }));
      const tasks = await batch(url, "tasks/send", names);
      for (const task of tasks) acknowledged.add(task.id);
      await batch(url, "tasks/send", [{ name: "after", depends_on: [tasks[0]!.id] }]);
      await batch(
        url,
        "tasks/claim",
        tasks.slice(0, 10).map(({ id }) => ({ id, agent_id: "w", lease_seconds: 600 })),
      );
      await batch(
        url,
        "tasks/complete",
        tasks.slice(0, 8).map(({ id }) => ({ id, agent_id: "w", result: { ok: true } })),
      );
    }
  })();
  return {
    acknowledged,
    stop: async () => {
      going = false;
      await done;
    },
  };
}

const env = (server: TestServer) => ({ COORD_URL: server.url, COORD_DB: server.dir });

describe("coord backup and coord restore", { timeout: 60_000 }, () => {
  test("a backup made under load is whole and verified; what was acknowledged before it began is in it", async () => {
    await using server = await startServer();
    await rpc(`${server.url}w/site/`, "tasks/send", { name: "elsewhere" });
    const worker = work(server.url);
    while (worker.acknowledged.size < 600) await new Promise((resolve) => setTimeout(resolve, 5));
    const before = new Set(worker.acknowledged);
    const file = join(temporaryFolder(), "all.gz");
    const made = await runCoord(["backup", file, "--json"], { env: env(server) });
    await worker.stop();
    expect(made).toMatchObject({ code: 0, stderr: "" });
    const report = JSON.parse(made.stdout);
    expect(report.workspaces.map((one: { name: string }) => one.name)).toEqual(["default", "site"]);
    expect(worker.acknowledged.size).toBeGreaterThan(before.size);

    const folder = join(temporaryFolder(), "restored");
    const restored = await runCoord(["restore", file, "--db", folder], { env: env(server) });
    expect(restored).toMatchObject({ code: 0, stderr: "" });
    expect(readdirSync(join(folder, ".."))).toEqual(["restored"]);
    await using second = await startServer({ db: folder });
    const info = (await rpc(second.url, "workspace/info", {})) as { head: number; counts: Record<string, number> };
    const { tasks, events } = report.workspaces[0];
    expect(info.head).toBe(events);
    expect(Object.values(info.counts).reduce((sum, count) => sum + count, 0)).toBe(tasks);
    for (const id of before) expect(await rpc(second.url, "tasks/get", { id })).toMatchObject({ id });
    expect(await rpc(`${second.url}w/site/`, "tasks/list", {})).toHaveLength(1);
    // it goes on: jobs are handed out, and what was held is still held by its holder
    expect(await rpc(second.url, "tasks/next", { agent_id: "new" })).toMatchObject({ state: "claimed", claimed_by: "new" });
    const [held] = (await rpc(second.url, "tasks/list", { claimed_by: "w", state: "claimed", limit: 1 })) as Task[];
    expect(await rpc(second.url, "tasks/complete", { id: held!.id, agent_id: "w" })).toMatchObject({ ok: true });
  });

  test("rows as large as they may be come through", async () => {
    await using server = await startServer();
    // escaped in JSON, each of these takes two characters
    const large = '"'.repeat(LIMITS.payload_bytes.value / 2 - 1);
    const { id } = (await rpc(server.url, "tasks/send", {
      name: "large",
      payload: large,
      description: "é".repeat(LIMITS.description_bytes.value / 2),
    })) as Task;
    await rpc(server.url, "tasks/claim", { id, agent_id: "a" });
    await rpc(server.url, "tasks/complete", { id, agent_id: "a", result: large });
    const file = join(temporaryFolder(), "large.gz");
    expect((await runCoord(["backup", file], { env: env(server) })).code).toBe(0);
    const folder = temporaryFolder();
    expect(await runCoord(["restore", file, "--db", folder])).toMatchObject({ code: 0, stderr: "" });
    await using second = await startServer({ db: folder });
    expect(await rpc(second.url, "tasks/get", { id })).toEqual(await rpc(server.url, "tasks/get", { id }));
  });

  test("a file is never half there: one that exists is kept, a server that dies leaves nothing", async () => {
    const server = await startServer();
    const folder = temporaryFolder();
    const file = join(folder, "board.gz");
    writeFileSync(file, "mine");
    const kept = await runCoord(["backup", file], { env: env(server) });
    expect([kept.code, kept.stderr]).toEqual([1, expect.stringContaining("is there already")]);
    expect(readFileSync(file, "utf8")).toBe("mine");
    expect((await runCoord(["backup", file, "--force"], { env: env(server) })).code).toBe(0);
    expect(gunzipSync(readFileSync(file)).toString()).toContain('"complete"');
    await server.kill();
    const dead = await runCoord(["backup", join(folder, "second.gz")], { env: env(server) });
    expect(dead.code).toBe(7);
    expect(readdirSync(folder)).toEqual(["board.gz"]);
    const nowhere = await runCoord(["backup", join(folder, "no/such/folder.gz")], { env: env(server) });
    expect(nowhere.code).not.toBe(0);
  });

  test("a damaged file is refused whole, whatever is wrong with it", async () => {
    await using server = await startServer();
    for (let at = 0; at < 30; at += 1) await rpc(server.url, "tasks/send", { name: `job ${at}` });
    const folder = temporaryFolder();
    const good = join(folder, "good.gz");
    await runCoord(["backup", good], { env: env(server) });
    const lines = gunzipSync(readFileSync(good)).toString().trimEnd().split("\n");
    const damaged: Record<string, Buffer> = {
      "is cut off": readFileSync(good).subarray(0, -20),
      "lacks its last line": gzipSync(`${lines.slice(0, -1).join("\n")}\n`),
      "lacks a line": gzipSync(`${lines.toSpliced(2, 1).join("\n")}\n`),
      "was edited": gzipSync(`${lines.join("\n").replace("job 7", "job 8")}\n`),
      "goes on": gzipSync(`${[...lines, lines[1]].join("\n")}\n`),
      "is something else": gzipSync("hello\n"),
      "is not gzip": Buffer.from("hello"),
    };
    for (const [what, bytes] of Object.entries(damaged)) {
      const file = join(folder, "bad.gz");
      writeFileSync(file, bytes);
      const target = join(folder, "restored");
      const tried = await runCoord(["restore", file, "--db", target]);
      expect(tried.code, what).toBe(1);
      expect(tried.stderr, what).toMatch(/is not a whole backup: .+; nothing was restored\nnext: /);
      expect(existsSync(target) || existsSync(`${target}.restoring`), what).toBe(false);
    }
    const missing = await runCoord(["restore", join(folder, "none.gz"), "--db", join(folder, "x")]);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("there is no file")]);
  });

  test("a folder with something in it is left alone", async () => {
    await using server = await startServer();
    const file = join(temporaryFolder(), "board.gz");
    await runCoord(["backup", file], { env: env(server) });
    const folder = temporaryFolder();
    mkdirSync(join(folder, "do"));
    const tried = await runCoord(["restore", file, "--db", folder]);
    expect([tried.code, tried.stderr]).toEqual([1, expect.stringContaining("is not empty")]);
    expect(readdirSync(folder)).toEqual(["do"]);
    const looked = await runCoord(["restore", file, "--db", folder, "--dry-run"]);
    expect([looked.code, looked.stdout]).toEqual([0, expect.stringContaining("is whole; nothing was written")]);
  });
});
