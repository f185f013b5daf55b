import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { superviseVault } from "../../vault-sync/child.ts";
import type { VaultStatus } from "../../vault-sync/run.ts";
import { temporaryVault, texts } from "../../vault-sync/testing/vault.ts";
import { rpc } from "../harness/http.ts";
import { cleanEnv, isRunning, PROGRAM, runCoord, startServer, type TestServer, until } from "../harness/server.ts";
import { burst, head, startVault } from "./harness.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

/** The vault of the board as it is now, made from nothing by a process of its own. */
async function reference(): Promise<Record<string, string>> {
  using vault = temporaryVault();
  const { code, stderr } = await runCoord(["vault", vault.root, "--once", "--json", "--url", server.url]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return texts(vault.root);
}

function notes(root: string): number {
  return existsSync(join(root, "tasks")) ? readdirSync(join(root, "tasks")).length : 0;
}

describe("coord vault", () => {
  it("catches up, prints one JSON value and ends with --once", async () => {
    using vault = temporaryVault();
    await rpc(server.url, "tasks/send", { name: "first", agent_id: "harbor-lynx" });
    const { code, stdout } = await runCoord(["vault", vault.root, "--once", "--json", "--url", server.url]);
    expect(code).toBe(0);
    const status = JSON.parse(stdout) as VaultStatus;
    expect(status).toMatchObject({ vault: vault.root, workspace: "default", cursor: await head(server.url), foreign: [] });
    expect(readdirSync(vault.path(".coord"))).toEqual(["journal.jsonl"]);
  });

  it("killed again and again in the middle of a burst, ends in the bytes of a rebuild", async () => {
    using vault = temporaryVault();
    const posting = burst(server.url, 400);
    for (const enough of [1, 40, 120]) {
      const keeper = startVault(server.url, vault.root);
      const before = notes(vault.root);
      await until(`${enough} more notes`, () => notes(vault.root) >= Math.min(before + enough, 400), 20_000);
      keeper.child.kill("SIGKILL");
      await keeper.exited;
    }
    await posting;
    const { code } = await runCoord(["vault", vault.root, "--once", "--json", "--url", server.url]);
    expect(code).toBe(0);
    const wanted = await reference();
    expect(texts(vault.root)).toEqual(wanted);
    const rebuilt = await runCoord(["vault", vault.root, "--once", "--rebuild", "--json", "--url", server.url]);
    expect(JSON.parse(rebuilt.stdout)).toMatchObject({ written: 0 });
    expect(texts(vault.root)).toEqual(wanted);
  });

  it("follows a burst, and ends at a signal with the lock free", async () => {
    using vault = temporaryVault();
    const keeper = startVault(server.url, vault.root);
    await keeper.current;
    await burst(server.url, 200);
    const wanted = await reference();
    await until("the vault is at rest", () => JSON.stringify(texts(vault.root)) === JSON.stringify(wanted));
    keeper.child.kill("SIGTERM");
    expect(await keeper.exited).toEqual({ code: 143, signal: null });
    expect(readdirSync(vault.path(".coord"))).toEqual(["journal.jsonl"]);
  });

  it("refuses a vault that another process keeps, and takes it when that one was killed", async () => {
    using vault = temporaryVault();
    const keeper = startVault(server.url, vault.root);
    await keeper.current;
    const second = await runCoord(["vault", vault.root, "--once", "--json", "--url", server.url]);
    expect(second.code).toBe(3);
    expect(JSON.parse(second.stderr)).toMatchObject({ error: { code: "vault_in_use", pid: keeper.pid } });
    keeper.child.kill("SIGKILL");
    await keeper.exited;
    expect((await runCoord(["vault", vault.root, "--once", "--url", server.url])).code).toBe(0);
  });

  it("waits for a server that is gone, and goes on where it was", async () => {
    const db = mkdtempSync(join(tmpdir(), "coord-test-"));
    using vault = temporaryVault();
    const first = await startServer({ db });
    const keeper = startVault(first.url, vault.root);
    await keeper.current;
    await first.kill();
    await until("it says that the server is gone", () => keeper.stderr().includes("the server is gone"));
    await using again = await startServer({ db, addr: `127.0.0.1:${first.port}` });
    await rpc(again.url, "tasks/send", { name: "after the restart", agent_id: "harbor-lynx" });
    await until("the new task has a note", () => notes(vault.root) === 1);
    keeper.child.kill("SIGINT");
    expect((await keeper.exited).code).toBe(130);
    rmSync(db, { recursive: true, force: true });
  });

  it("says what is wrong with a path that is a file", async () => {
    using vault = temporaryVault();
    writeFileSync(vault.path("file"), "x");
    const { code, stderr } = await runCoord(["vault", vault.path("file"), "--url", server.url]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^coord: the vault .* cannot be written: there is a file[^\n]*\nnext: {2}/);
  });
});

describe("the child of a server", () => {
  function supervised(root: string) {
    const lines: string[] = [];
    const child = superviseVault({
      program: PROGRAM,
      root,
      url: server.url,
      workspace: "default",
      log: (_level, line) => void lines.push(line),
      pauses: { first: 50, last: 100 },
    });
    return { child, lines };
  }

  it("is started again when it dies, and ends when it is told to", async () => {
    using vault = temporaryVault();
    const { child, lines } = supervised(vault.root);
    await until("it is current", () => lines.some((line) => line.includes("tells the board")));
    const first = child.pid!;
    process.kill(first, "SIGKILL");
    await until("another one is current", () => lines.filter((line) => line.includes("tells the board")).length === 2);
    const second = child.pid!;
    expect(second).not.toBe(first);
    await child.stop();
    expect(isRunning(second)).toBe(false);
    expect(readdirSync(vault.path(".coord"))).toEqual(["journal.jsonl"]);
  });

  it("ends with its server even where that is killed: its standard input ends then", async () => {
    using vault = temporaryVault();
    const child = spawn(process.execPath, [PROGRAM, "vault", vault.root, "--child", "--url", server.url], {
      env: cleanEnv(),
      stdio: ["pipe", "pipe", "ignore"],
    });
    await once(child.stdout, "data");
    child.kill("SIGINT"); // as Ctrl-C at the server's terminal, which is not for the child to answer
    child.stdin.destroy();
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(readdirSync(vault.path(".coord"))).toEqual(["journal.jsonl"]);
  });

  it("is tried until its folder can be used, and says so once", async () => {
    using vault = temporaryVault();
    writeFileSync(vault.path("vault"), "a file");
    const { child, lines } = supervised(vault.path("vault"));
    await until("it has been started three times", () => child.pid !== undefined && lines.length >= 2);
    rmSync(vault.path("vault"));
    await until("it is current", () => lines.some((line) => line.includes("tells the board")));
    expect(lines.filter((line) => line.includes("cannot be written"))).toHaveLength(1);
    await child.stop();
  });
});
