import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { freePort, rpc } from "../harness/http.ts";
import { runCoord, startServer, temporaryFolder } from "../harness/server.ts";

describe("a server that starts when it is needed", { timeout: 60_000 }, () => {
  test("four commands at once end with one server, and all are answered", async () => {
    const db = temporaryFolder();
    const port = await freePort();
    const env = { COORD_DB: db, COORD_ADDR: `127.0.0.1:${port}`, COORD_AUTOSTART: undefined };
    try {
      const ran = await Promise.all(Array.from({ length: 4 }, () => runCoord(["tasks", "--json"], { env })));
      for (const { code, stdout, stderr } of ran) {
        expect({ code, stderr: stderr.replace(/^coord: started a server at .*\n/, "") }).toEqual({ code: 0, stderr: "" });
        expect(JSON.parse(stdout)).toBeDefined();
      }
      expect(ran.filter(({ stderr }) => stderr.includes("started a server")).length).toBeLessThanOrEqual(1);
      const serving = readFileSync(join(db, "coord.log"), "utf8").match(/serves at/g);
      expect(serving).toHaveLength(1);

      // And one that finds it running starts nothing.
      expect(await runCoord(["tasks", "--json"], { env })).toMatchObject({ code: 0, stderr: "" });
      expect(await rpc(`http://127.0.0.1:${port}/`, "tasks/list", {})).toEqual([]);
    } finally {
      expect(await runCoord(["stop"], { env })).toMatchObject({ code: 0 });
    }
  });

  test("localhost is the same server as 127.0.0.1", async () => {
    const db = temporaryFolder();
    const port = await freePort();
    const env = { COORD_DB: db, COORD_ADDR: `localhost:${port}`, COORD_AUTOSTART: undefined };
    const ran = await Promise.all([runCoord(["tasks", "--json"], { env }), runCoord(["tasks", "--json"], { env })]);
    try {
      for (const { code, stderr } of ran) expect(code, stderr).toBe(0);
    } finally {
      expect(await runCoord(["stop"], { env })).toMatchObject({ code: 0 });
    }
  });

  test("with COORD_AUTOSTART=0 nothing is started", async () => {
    const env = { COORD_DB: temporaryFolder(), COORD_ADDR: `127.0.0.1:${await freePort()}`, COORD_AUTOSTART: "0" };
    const ran = await runCoord(["tasks", "--json"], { env });
    expect(ran.code).toBeGreaterThan(0);
    expect(ran.stdout).toBe("");
    expect((await runCoord(["status"], { env })).code).toBe(7);
  });

  test("a folder that is served under another URL is not served twice", async () => {
    await using server = await startServer();
    const env = { COORD_DB: server.dir, COORD_ADDR: `127.0.0.1:${await freePort()}`, COORD_AUTOSTART: undefined };
    const ran = await runCoord(["tasks"], { env });
    expect(ran.code).toBeGreaterThan(0);
    expect(ran.stderr).toContain(server.url);
  });
});
