import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { rpc } from "../harness/http.ts";
import { runCoord, startServer, type TestServer, temporaryFolder } from "../harness/server.ts";

const env = (server: TestServer) => ({ COORD_URL: server.url, COORD_DB: server.dir });

/** A folder of some 3 MB that a server has left, and a backup of it. */
let folder: string;
let backup: string;

beforeAll(async () => {
  folder = temporaryFolder();
  backup = join(temporaryFolder(), "board.gz");
  const server = await startServer({ db: folder });
  // noise, so that the backup is as large as the data
  const noise = () => Array.from({ length: 100 }, (_, at) => createHash("sha512").update(`${Math.random()} ${at}`).digest("hex")).join("");
  for (let at = 0; at < 120; at += 1) await rpc(server.url, "tasks/send", { name: `job ${at}`, payload: noise() });
  expect(await runCoord(["backup", backup], { env: env(server) })).toMatchObject({ code: 0 });
  await server.stop();
});

/** The backup with its lines changed, its digest right again. */
function rewritten(change: (line: Record<string, unknown>) => Record<string, unknown>, from = backup): string {
  const lines = gunzipSync(readFileSync(from)).toString().trimEnd().split("\n");
  const body = lines.slice(0, -1).map((line) => JSON.stringify(change(JSON.parse(line) as Record<string, unknown>)));
  const { complete } = JSON.parse(lines.at(-1)!) as { complete: object };
  const sha256 = createHash("sha256")
    .update(body.map((line) => `${line}\n`).join(""))
    .digest("hex");
  const file = join(temporaryFolder(), "changed.gz");
  writeFileSync(file, gzipSync(`${body.join("\n")}\n${JSON.stringify({ complete: { ...complete, sha256 } })}\n`));
  return file;
}

async function refusedWhole(file: string, told: RegExp): Promise<void> {
  const home = temporaryFolder();
  const { code, stderr } = await runCoord(["restore", file, "--db", join(home, "restored")]);
  expect([code, stderr]).toEqual([1, expect.stringMatching(told)]);
  expect(stderr).toMatch(/\nnext: /);
  expect(stderr).not.toMatch(/a bug|\n {4}at /);
  expect(readdirSync(home)).toEqual([]);
}

describe("a backup that cannot be restored", { timeout: 120_000 }, () => {
  test("of a newer coord, by its schema or by its format, is refused with nothing left behind", async () => {
    await refusedWhole(
      rewritten((line) => ("workspace" in line ? { ...line, schema: 999 } : line)),
      /written by a newer coord \(schema 999, this one knows \d+\); nothing was restored/,
    );
    await refusedWhole(
      rewritten((line) => ("coord_backup" in line ? { ...line, coord_backup: 99 } : line)),
      /written by another coord \(format 99/,
    );
  });

  test("made by hand, with rows that cannot be or that fit no log, is refused, too", async () => {
    const tasks = (change: (row: unknown[], columns: string[]) => unknown[]) =>
      rewritten((line) =>
        line.table === "tasks" ? { ...line, rows: (line.rows as unknown[][]).map((row) => change(row, line.columns as string[])) } : line,
      );
    await refusedWhole(
      tasks((row, columns) => row.with(columns.indexOf("state"), "asleep")),
      /CHECK constraint failed.*nothing was restored/,
    );
    await refusedWhole(
      tasks((row, columns) => row.with(columns.indexOf("name"), "forged")),
      /does not hold together: #1 is .*forged.*; nothing was restored/,
    );
    await refusedWhole(
      rewritten((line) => (line.table === "tasks" ? { ...line, rows: (line.rows as unknown[]).slice(1) } : line)),
      /nothing was restored/,
    );
    await refusedWhole(
      rewritten((line) => (line.table === "events" ? { ...line, table: "sqlite_master" } : line)),
      /nothing was restored/,
    );
  });

  test("a private server gives the folder back as quiet as the backup: no lease lapsed in it", async () => {
    const server = await startServer();
    const { id } = (await rpc(server.url, "tasks/send", { name: "held" })) as { id: string };
    await rpc(server.url, "tasks/claim", { id, agent_id: "a", lease_seconds: 600 });
    const file = join(temporaryFolder(), "held.gz");
    await runCoord(["backup", file], { env: env(server) });
    await server.stop();
    // as if it lay there until the lease was over
    const late = rewritten((line) => {
      const at = (line.columns as string[] | undefined)?.indexOf("lease_until") ?? -1;
      return line.table === "tasks" ? { ...line, rows: (line.rows as unknown[][]).map((row) => row.with(at, 1)) } : line;
    }, file);
    const restored = join(temporaryFolder(), "restored");
    expect(await runCoord(["restore", late, "--db", restored])).toMatchObject({ code: 0 });
    const home = join(restored, "do/coord-Workspace");
    const database = new DatabaseSync(join(home, readdirSync(home).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name))!));
    expect(database.prepare("SELECT state FROM tasks").all()).toEqual([{ state: "claimed" }]);
    database.close();
    // and whoever serves it next lets it lapse
    await using again = await startServer({ db: restored });
    expect(await rpc(again.url, "tasks/get", { id })).toMatchObject({ state: "pending" });
  });
});

describe("a backup of a folder in which one workspace cannot be opened", { timeout: 120_000 }, () => {
  test("is refused by name, and not made without it", async () => {
    const broken = join(temporaryFolder(), "data");
    cpSync(folder, broken, { recursive: true });
    const first = await startServer({ db: broken });
    await rpc(`${first.url}w/site/`, "tasks/send", { name: "elsewhere" });
    const before = new Set(readdirSync(join(folder, "do/coord-Workspace")));
    await first.stop();
    const home = join(broken, "do/coord-Workspace");
    const site = readdirSync(home).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name) && !before.has(name))!;
    const database = new DatabaseSync(join(home, site));
    database.exec("INSERT INTO _migrations VALUES (999, 'from the future', 1, 0)");
    database.close();
    await using server = await startServer({ db: broken });
    const file = join(temporaryFolder(), "all.gz");
    const { code, stderr } = await runCoord(["backup", file], { env: env(server) });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/cannot be opened, so not everything can be backed up: .*newer coord[\s\S]*next: .*coord doctor/),
    ]);
    expect(existsSync(file) || existsSync(`${file}.partial`)).toBe(false);
    expect(await runCoord(["backup", file, "--workspace", "default"], { env: env(server) })).toMatchObject({ code: 0 });
  });
});

/** Whether this user may mount a small file system: root on Linux, outside most containers. */
function mayMount(): boolean {
  const place = temporaryFolder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", place], { stdio: "ignore" });
    execFileSync("umount", [place], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const mounted: string[] = [];

afterEach(() => {
  for (const place of mounted.splice(0)) execFileSync("umount", ["-l", place]);
});

/** A file system of its own, with so many KiB of room. */
function smallDisk(kib: number): string {
  const place = temporaryFolder();
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kib}k`, "tmpfs", place]);
  mounted.push(place);
  return place;
}

describe.runIf(mayMount())("a disk that fills half way (needs the right to mount a tmpfs)", { timeout: 120_000 }, () => {
  test("ends a backup and an export with nothing left behind", async () => {
    await using server = await startServer({ db: folder });
    for (const command of ["backup", "export"]) {
      const disk = smallDisk(400);
      const { code, stderr } = await runCoord([command, join(disk, "file")], { env: env(server) });
      expect([code, stderr]).toEqual([1, expect.stringMatching(/(no space is left|disk is full)/)]);
      expect(stderr, command).not.toMatch(/a bug|\n {4}at /);
      expect(readdirSync(disk)).toEqual([]);
    }
  });

  test("ends a restore with nothing left behind, wherever it fills", async () => {
    for (const kib of [300, 1100, 2000, 2600]) {
      const disk = smallDisk(kib);
      mkdirSync(join(disk, "home"));
      const { code, stderr } = await runCoord(["restore", backup, "--db", join(disk, "home/restored")]);
      expect([kib, code, stderr]).toEqual([kib, 1, expect.stringMatching(/the disk (of .* )?is full[\s\S]*\nnext: +make room/)]);
      expect(stderr, String(kib)).not.toMatch(/a bug|\n {4}at /);
      expect(readdirSync(join(disk, "home")), String(kib)).toEqual([]);
      expect(statfsSync(disk).bavail).toBeGreaterThan(0);
    }
  });

  test("ends an import whose copy does not fit", async () => {
    const disk = smallDisk(200);
    const { code, stderr } = await runCoord(["import", folder], { env: { TMPDIR: disk } });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/disk is full[\s\S]*next: /)]);
    expect(readdirSync(disk)).toEqual([]);
  });
});
