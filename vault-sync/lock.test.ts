import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type LookUp, takeLock } from "./lock.ts";
import { temporaryVault } from "./testing/vault.ts";

const me: LookUp = (pid) => (pid === process.pid ? { identity: "boot/1" } : undefined);

function leave(folder: string, owner: object): void {
  mkdirSync(`${folder}/lock`, { recursive: true });
  writeFileSync(`${folder}/lock/owner.json`, JSON.stringify({ pid: 4_000_000, identity: "boot/9", host: "here", token: "dead", ...owner }));
}

describe("a vault's lock", () => {
  it("has one owner at a time, and is free after it", async () => {
    using vault = temporaryVault();
    const lock = await takeLock(vault.root, me, "here");
    await expect(takeLock(vault.root, me, "here")).rejects.toMatchObject({
      exit: 3,
      message: expect.stringContaining(`pid ${process.pid}`),
    });
    await lock.release();
    expect(readdirSync(vault.root)).toEqual([]);
    const second = await takeLock(vault.root, me, "here");
    expect(second.wasLeftBehind).toBe(false);
    await second.release();
  });

  it.each([
    ["of a dead process", {}, false],
    ["of a process whose id another has now", { pid: process.pid, identity: "boot/0" }, false],
    ["from before the machine was started", { identity: "other-boot/9" }, true],
    ["from a machine that does not tell", { identity: "" }, true],
  ])("%s is taken over", async (_whose, owner, mayHaveLostFiles) => {
    using vault = temporaryVault();
    leave(vault.root, owner);
    const lock = await takeLock(vault.root, me, "here");
    expect(lock).toMatchObject({ wasLeftBehind: true, mayHaveLostFiles });
    await lock.release();
    expect(readdirSync(vault.root)).toEqual([]);
  });

  it("from another machine is respected", async () => {
    using vault = temporaryVault();
    leave(vault.root, { host: "there" });
    await expect(takeLock(vault.root, me, "here")).rejects.toMatchObject({
      message: expect.stringContaining("there"),
      next: expect.stringContaining("rm -r"),
    });
  });

  it("that is no lock is named, and left alone", async () => {
    using vault = temporaryVault();
    mkdirSync(vault.path("lock"));
    writeFileSync(vault.path("lock/owner.json"), "what?");
    await expect(takeLock(vault.root, me, "here")).rejects.toMatchObject({ message: expect.stringContaining("not a lock") });
    expect(existsSync(vault.path("lock/owner.json"))).toBe(true);
  });

  it("goes to one of many who find a dead one at once", async () => {
    for (let round = 0; round < 20; round++) {
      using vault = temporaryVault();
      leave(vault.root, {});
      const tries = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(vault.root, me, "here")));
      const winners = tries.filter((one) => one.status === "fulfilled");
      expect(winners).toHaveLength(1);
      await winners[0]?.value.release();
      expect(readdirSync(vault.root)).toEqual([]);
    }
  });
});
