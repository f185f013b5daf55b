import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { rpc } from "../harness/http.ts";
import { runCoord, startServer, temporaryFolder } from "../harness/server.ts";

/** What every refusal looks like: no output, no stack, one error with a next step. */
async function refused(args: string[], env: Record<string, string | undefined> = {}): Promise<string> {
  const { code, stdout, stderr } = await runCoord(["serve", ...args], { env });
  expect(code).toBeGreaterThan(0);
  expect(stdout).toBe("");
  expect(stderr).not.toMatch(/^\s+at /m);
  return stderr;
}

describe("what coord serve refuses", { timeout: 40_000 }, () => {
  test("an address that others can reach, without a token", async () => {
    const db = temporaryFolder();
    for (const addr of ["0.0.0.0:0", "[::]:0", "192.0.2.1:7777", "some-host:7777"]) {
      expect(await refused(["--addr", addr, "--db", db])).toContain("COORD_TOKEN");
    }
    expect(await refused(["--db", db], { COORD_ADDR: "0.0.0.0:0" })).toContain("COORD_TOKEN");
    expect(await refused(["--detach", "--addr", "0.0.0.0:0", "--db", db])).toContain("COORD_TOKEN");
  });

  test("with a token, such an address is served to those who show it", async () => {
    await using server = await startServer({ addr: "0.0.0.0:0", env: { COORD_TOKEN: "open-sesame" } });
    expect(server.url).toContain("127.0.0.1");
    await expect(rpc(server.url, "tasks/list", {})).rejects.toThrow(/token/);
    expect(await rpc(server.url, "tasks/list", {}, { authorization: "Bearer open-sesame" })).toEqual([]);
  });

  test("IPv6 in brackets is served", async () => {
    await using server = await startServer({ addr: "[::1]:0" });
    expect(server.url).toBe(`http://[::1]:${server.port}/`);
    expect(await rpc(server.url, "tasks/list", {})).toEqual([]);
  });

  test("what is no address", async () => {
    const db = temporaryFolder();
    for (const addr of ["7777", ":7777", "127.0.0.1", "127.0.0.1:99999", "::1:7777", "http://127.0.0.1:7777"]) {
      expect(await refused(["--addr", addr, "--db", db])).toContain(`not an address: ${addr}`);
    }
  });

  test("an address that is not this machine's", async () => {
    expect(await refused(["--addr", "192.0.2.1:0", "--db", temporaryFolder()], { COORD_TOKEN: "t" })).toContain(
      "not an address of this machine",
    );
  });

  test("a port in use, by another program or another coord", async () => {
    const other = createServer();
    await new Promise<void>((listening) => other.listen(0, "127.0.0.1", listening));
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const text = await refused(["--addr", `127.0.0.1:${port}`, "--db", temporaryFolder()]);
    expect(text).toContain(`127.0.0.1:${port} is already in use by another program`);
    expect(text).toContain("--addr");
    other.close();

    await using server = await startServer();
    expect(await refused(["--addr", `127.0.0.1:${server.port}`, "--db", temporaryFolder()])).toContain("another coord server");
    const detached = await refused(["--detach", "--addr", `127.0.0.1:${server.port}`, "--db", temporaryFolder()]);
    expect(detached).toContain("another coord server");
  });

  test("data that a newer workerd wrote", async () => {
    const db = temporaryFolder();
    const server = await startServer({ db });
    await server.stop();
    const path = join(db, "runtime.json");
    const record = JSON.parse(readFileSync(path, "utf8")) as { workerd: string; uniqueKey: string; schema: number };
    expect(record).toEqual({ workerd: expect.stringMatching(/^1\.\d{8}\.\d+$/), uniqueKey: "coord-Workspace", schema: 1 });

    writeFileSync(path, JSON.stringify({ ...record, workerd: "1.20990101.0" }));
    expect(await refused(["--addr", "127.0.0.1:0", "--db", db])).toContain("workerd 1.20990101.0");
    writeFileSync(path, JSON.stringify({ ...record, uniqueKey: "other-Key" }));
    expect(await refused(["--addr", "127.0.0.1:0", "--db", db])).toContain("other-Key");
    writeFileSync(path, JSON.stringify({ ...record, schema: 2 }));
    expect(await refused(["--addr", "127.0.0.1:0", "--db", db])).toContain("newer coord");
    writeFileSync(path, "{");
    expect(await refused(["--addr", "127.0.0.1:0", "--db", db])).toContain("runtime.json");

    // Nothing of it left the folder locked, and an older record is brought up to date.
    writeFileSync(path, JSON.stringify({ ...record, workerd: "1.20250101.0" }));
    await using again = await startServer({ db });
    expect(again.url).toContain("127.0.0.1");
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(record);
  });

  test("a data folder that is a file, lies below a file, or cannot be written", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "file");
    writeFileSync(file, "");
    expect(await refused(["--addr", "127.0.0.1:0", "--db", file])).toContain(`${file} cannot be the data folder`);
    expect(await refused(["--addr", "127.0.0.1:0", "--db", join(file, "below")])).toContain("is a file");
    expect(await refused(["--detach", "--addr", "127.0.0.1:0", "--db", file])).toContain("is a file");

    // Rights do not stop root; a name that no file system takes does.
    const closed = process.getuid?.() === 0 ? join(folder, "x".repeat(300)) : join(folder, "closed");
    if (process.getuid?.() !== 0) mkdirSync(closed, { mode: 0o500 });
    const text = await refused(["--addr", "127.0.0.1:0", "--db", closed]);
    expect(text).toContain("cannot be written");
    expect(text).toContain("--db");
  });

  test("a default lease that is none", async () => {
    for (const lease of ["0", "-5", "ten", "1.5", "3601"]) {
      expect(await refused(["--addr", "127.0.0.1:0", "--db", temporaryFolder()], { COORD_DEFAULT_LEASE: lease })).toContain(
        "COORD_DEFAULT_LEASE",
      );
    }
  });
});
