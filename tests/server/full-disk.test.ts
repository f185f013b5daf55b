import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { runCoord, startServer, temporaryFolder } from "../harness/server.ts";

/** Whether this user may mount a small file system: root on Linux, outside most containers. */
function mayMount(): boolean {
  const folder = temporaryFolder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { stdio: "ignore" });
    execFileSync("umount", [folder], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const mounted: string[] = [];

afterEach(() => {
  for (const folder of mounted.splice(0)) execFileSync("umount", ["-l", folder]);
});

/** A file system of its own, of so many KiB. */
function smallDisk(kib: number): string {
  const folder = temporaryFolder();
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kib}k`, "tmpfs", folder]);
  mounted.push(folder);
  return folder;
}

/** Takes all the room there is, but so many bytes. */
function fill(folder: string, but = 0): void {
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(join(folder, "fill"), Buffer.alloc(Math.max(0, bavail * bsize - but)));
}

describe.runIf(mayMount())("a full disk (needs the right to mount a tmpfs)", () => {
  test.each([["in the foreground"], ["in the background", "--detach"]])(
    "coord serve %s says so and leaves nothing behind",
    async (_how, ...more) => {
      for (const but of [0, 80 * 1024]) {
        const disk = smallDisk(256);
        const db = join(disk, "data");
        mkdirSync(db);
        fill(disk, but);
        const outcome = await runCoord(["serve", "--addr", "127.0.0.1:0", "--db", db, ...more]);
        expect(outcome.code).toBe(1);
        expect(outcome.stderr).toContain("the disk is full");
        expect(outcome.stderr).toContain("next:  make room");
        expect(outcome.stderr).not.toMatch(/\n {4}at /);
        expect(readdirSync(db).filter((name) => name.startsWith("coord.lock"))).toEqual([]);
      }
    },
  );

  test("coord doctor does not call it writable", async () => {
    const disk = smallDisk(256);
    fill(disk);
    const { code, stdout } = await runCoord(["doctor", "--json", "--db", disk, "--addr", "127.0.0.1:0"]);
    expect(code).toBe(1);
    const { checks } = JSON.parse(stdout) as { checks: { name: string; level: string }[] };
    expect(checks.filter(({ level }) => level === "fail").map(({ name }) => name)).toEqual(["folder", "space"]);
  });

  test("a call is refused by name, nothing is changed, and it goes on when there is room", async () => {
    const disk = smallDisk(6 * 1024);
    await using server = await startServer({ db: disk });
    const env = { COORD_URL: server.url };
    expect(await runCoord(["send", "before"], { env })).toMatchObject({ code: 0 });
    fill(disk);
    const refused = await runCoord(["send", "meanwhile", "--payload", JSON.stringify("x".repeat(100_000))], { env });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/disk .* is full: nothing was changed/);
    expect(refused.stderr).toContain("Make room");
    expect(refused.stderr).not.toContain("bug");
    rmSync(join(disk, "fill"));
    expect(await runCoord(["send", "after"], { env })).toMatchObject({ code: 0 });
    const { stdout } = await runCoord(["tasks", "--json"], { env });
    expect((JSON.parse(stdout) as { name: string }[]).map(({ name }) => name).sort()).toEqual(["after", "before"]);
  });
});
