import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import * as disk from "node:fs/promises";
import { describe, expect, it } from "vitest";
import type { Disk } from "./files.ts";
import { MARKER } from "./marker.ts";
import { ScriptedBoard } from "./testing/scripted-board.ts";
import { catchUp, contents, follow, temporaryVault, texts } from "./testing/vault.ts";

const NOTE = "tasks/2026-03-02-0900-first-1.md";

async function oneTask(root: string) {
  const board = new ScriptedBoard();
  const task = board.send("harbor-lynx", { name: "first" });
  await catchUp(board, root);
  return { board, task };
}

describe("what a person writes below the line", () => {
  it.each([
    ["lines", Buffer.from("\n## Mine\n\n- [ ] ask Ada\n")],
    ["the marker again", Buffer.from(`a\n${MARKER}\nb\n`)],
    ["CRLF and no line end", Buffer.from("a\r\nb")],
    ["bytes that are no UTF-8", Buffer.from([0xff, 0x00, 0xfe, 0x0d])],
  ])("survives updates and rebuilds: %s", async (_what, mine) => {
    using vault = temporaryVault();
    const { board, task } = await oneTask(vault.root);
    const path = vault.path(NOTE);
    writeFileSync(path, Buffer.concat([readFileSync(path), mine]));
    board.update("harbor-lynx", task, { name: "renamed" });
    await catchUp(board, vault.root);
    expect(readFileSync(path).subarray(-mine.length).equals(mine)).toBe(true);
    expect(readFileSync(path, "utf8")).toContain("renamed");
    await catchUp(board, vault.root, { rebuild: true });
    expect(readFileSync(path).subarray(-mine.length).equals(mine)).toBe(true);
    // As well where the vault's own state is gone.
    rmSync(vault.path(".coord"), { recursive: true });
    board.claim("harbor-lynx", task);
    await catchUp(board, vault.root);
    expect(readFileSync(path).subarray(-mine.length).equals(mine)).toBe(true);
    expect(readFileSync(path, "utf8")).toContain("In Progress");
  });

  it("survives an editor that turns the whole note to CRLF and its properties to another style", async () => {
    using vault = temporaryVault();
    const { board, task } = await oneTask(vault.root);
    const path = vault.path(NOTE);
    writeFileSync(path, `${readFileSync(path, "utf8")}mine\n`.replace('coord: "task"', "coord: task").replaceAll("\n", "\r\n"));
    board.claim("harbor-lynx", task);
    await catchUp(board, vault.root);
    expect(readFileSync(path, "utf8").endsWith(`${MARKER}\nmine\r\n`)).toBe(true);
    expect(readFileSync(path, "utf8")).toContain("In Progress");
  });

  it("is not lost where it is saved in the moment of an update", async () => {
    using vault = temporaryVault();
    const { board, task } = await oneTask(vault.root);
    const path = vault.path(NOTE);
    let saves = 2;
    // The person saves after the note was read and before the new one takes its place.
    const open: Disk["open"] = async (file, flags, mode) => {
      if (String(file).includes("/tasks/.coord-") && saves-- > 0) writeFileSync(path, `${readFileSync(path, "utf8")}word ${saves}\n`);
      return disk.open(file, flags, mode);
    };
    board.claim("harbor-lynx", task);
    await catchUp(board, vault.root, { disk: { ...disk, open } as Disk });
    expect(readFileSync(path, "utf8").endsWith(`${MARKER}\nword 1\nword 0\n`)).toBe(true);
    expect(readdirSync(vault.path("tasks"))).toEqual([NOTE.slice(6)]);
  });
});

describe("a file that is not the vault's own", () => {
  it.each(["README.md", NOTE, "agents/harbor-lynx.md", "log/2026-03-02.md", "Board.base", "Board.canvas"])(
    "is never touched: %s",
    async (path) => {
      using vault = temporaryVault();
      mkdirSync(vault.path(path, ".."), { recursive: true });
      writeFileSync(vault.path(path), `# mine\n\n${path}\n`);
      const before = statSync(vault.path(path), { bigint: true });
      const board = new ScriptedBoard();
      board.send("harbor-lynx", { name: "first" });
      const { foreign, notes } = await catchUp(board, vault.root);
      await catchUp(board, vault.root, { rebuild: true });
      expect(statSync(vault.path(path), { bigint: true }).mtimeNs).toBe(before.mtimeNs);
      expect(foreign).toEqual([path]);
      expect(notes).toEqual([expect.stringContaining(path)]);
      // Once it is out of the way, the vault's own comes.
      unlinkSync(vault.path(path));
      await catchUp(board, vault.root, { rebuild: true });
      expect(contents(vault.root).has(path)).toBe(true);
    },
  );

  it("nor is a folder, a link, another task's note or one whose line was taken out", async () => {
    using vault = temporaryVault();
    const board = new ScriptedBoard();
    for (const name of ["first", "second", "third", "fourth"]) board.send("harbor-lynx", { name });
    await catchUp(board, vault.root);
    const [first, second, third, fourth] = [...contents(vault.root).keys()]
      .filter((path) => path.startsWith("tasks/"))
      .map((path) => vault.path(path)) as [string, string, string, string];
    writeFileSync(first, readFileSync(second));
    writeFileSync(second, readFileSync(second, "utf8").replace(MARKER, "---"));
    unlinkSync(third);
    mkdirSync(third);
    renameSync(fourth, `${fourth}.bak`);
    symlinkSync(`${fourth}.bak`, fourth);
    const before = readFileSync(first);
    const { foreign } = await catchUp(board, vault.root, { rebuild: true });
    expect(foreign).toHaveLength(4);
    expect(readFileSync(first).equals(before)).toBe(true);
  });

  it("nor what a person made of the tables, or a note that was moved", async () => {
    using vault = temporaryVault();
    const { board, task } = await oneTask(vault.root);
    writeFileSync(vault.path("Board.base"), "views: []\n");
    renameSync(vault.path(NOTE), vault.path("tasks/my note.md"));
    const moved = readFileSync(vault.path("tasks/my note.md"));
    board.claim("harbor-lynx", task);
    const { foreign } = await catchUp(board, vault.root);
    await catchUp(board, vault.root, { rebuild: true });
    expect(foreign).toEqual([]);
    expect(readFileSync(vault.path("Board.base"), "utf8")).toBe("views: []\n");
    expect(readFileSync(vault.path("tasks/my note.md")).equals(moved)).toBe(true);
    expect(contents(vault.root).has(NOTE)).toBe(true);
  });
});

describe("a deleted file", () => {
  it("comes back with its task's next change", async () => {
    using vault = temporaryVault();
    const { board, task } = await oneTask(vault.root);
    unlinkSync(vault.path(NOTE));
    await catchUp(board, vault.root);
    expect(contents(vault.root).has(NOTE)).toBe(false);
    board.claim("harbor-lynx", task);
    await catchUp(board, vault.root);
    expect(contents(vault.root).has(NOTE)).toBe(true);
  });

  it("comes back with --rebuild, and an emptied one counts as deleted", async () => {
    using vault = temporaryVault();
    const { board } = await oneTask(vault.root);
    const wanted = texts(vault.root);
    for (const path of Object.keys(wanted)) path.endsWith("1.md") ? writeFileSync(vault.path(path), "") : unlinkSync(vault.path(path));
    await catchUp(board, vault.root, { rebuild: true });
    expect(texts(vault.root)).toEqual(wanted);
  });
});

describe("a disk that refuses", () => {
  /** A disk on which nothing can be written while `isFull`. */
  function fillable(code: string) {
    const state = { isFull: false };
    const open: Disk["open"] = async (file, flags, mode) => {
      if (state.isFull && flags !== "r")
        throw Object.assign(new Error(`${code}: no, open '${String(file)}'`), { code, syscall: "open", path: String(file) });
      return disk.open(file, flags, mode);
    };
    return { state, disk: { ...disk, open } as Disk };
  }

  it.each([
    ["ENOSPC", "the disk is full"],
    ["EROFS", "the file system is read-only"],
    ["EACCES", "permission is denied"],
  ])("with %s is told once, and caught up with", async (code, words) => {
    using vault = temporaryVault();
    using reference = temporaryVault();
    const { board, task } = await oneTask(vault.root);
    const { state, disk: full } = fillable(code);
    const following = follow(board, vault.root, { disk: full });
    await expect.poll(() => following.statuses.length).toBe(1);
    const before = texts(vault.root);
    state.isFull = true;
    board.claim("harbor-lynx", task);
    await expect.poll(() => following.troubles.length).toBe(1);
    expect(following.troubles[0]?.message).toContain(words);
    expect(following.troubles[0]?.next).toBeTruthy();
    expect(following.troubles[0]?.message).not.toContain(".tmp");
    board.complete("harbor-lynx", task, { ack: "done" });
    board.send("amber-fox", { name: "more" });
    expect(texts(vault.root)).toEqual(before);
    state.isFull = false;
    await expect.poll(() => following.notes).toContain("the vault is written again");
    await following.stop();
    expect(following.troubles).toHaveLength(1);
    await catchUp(board, vault.root);
    await catchUp(board, reference.root);
    expect(texts(vault.root)).toEqual(texts(reference.root));
  });

  it("one note is written as soon as it can be, and holds up no other", async () => {
    using vault = temporaryVault();
    const { board, task } = await oneTask(vault.root);
    let isLocked = true;
    const readFile = (async (file: string, ...rest: []) => {
      if (isLocked && String(file).endsWith("-first-1.md"))
        throw Object.assign(new Error("EACCES: no"), { code: "EACCES", syscall: "open", path: file });
      return disk.readFile(file, ...rest);
    }) as Disk["readFile"];
    board.claim("harbor-lynx", task);
    board.send("harbor-lynx", { name: "second" });
    const following = follow(board, vault.root, { disk: { ...disk, readFile } });
    await expect.poll(() => Object.keys(texts(vault.root)).some((path) => path.includes("second"))).toBe(true);
    await expect.poll(() => following.troubles.length).toBe(1);
    isLocked = false;
    await expect.poll(() => texts(vault.root)[NOTE]).toContain("In Progress");
    await following.stop();
  });

  it("from the beginning is refused in words: a path that is a file", async () => {
    using vault = temporaryVault();
    writeFileSync(vault.path("vault"), "a file");
    const board = new ScriptedBoard();
    await expect(catchUp(board, vault.path("vault"))).rejects.toMatchObject({
      message: expect.stringContaining("file"),
      next: expect.stringContaining("give another folder"),
    });
    await expect(catchUp(board, vault.path("vault/deeper"))).rejects.toMatchObject({
      message: expect.stringContaining("file, not a folder"),
    });
    expect(readFileSync(vault.path("vault"), "utf8")).toBe("a file");
  });

  it("a folder of the vault that is a file is told, and caught up with once it is away", async () => {
    using vault = temporaryVault();
    writeFileSync(vault.path("tasks"), "a file");
    const board = new ScriptedBoard();
    board.send("harbor-lynx", { name: "first" });
    const following = follow(board, vault.root);
    await expect.poll(() => following.troubles.length).toBe(1);
    expect(following.troubles[0]?.message).toContain("file");
    unlinkSync(vault.path("tasks"));
    await expect.poll(() => contents(vault.root).has(NOTE)).toBe(true);
    await following.stop();
  });

  it("or loses the vault's own state ends the run in words", async () => {
    using vault = temporaryVault();
    const { board, task } = await oneTask(vault.root);
    const following = follow(board, vault.root);
    await expect.poll(() => following.statuses.length).toBe(1);
    rmSync(vault.path(".coord"), { recursive: true });
    board.claim("harbor-lynx", task);
    expect(await following.ended).toMatchObject({ data: { code: "vault_state_lost" } });
    await catchUp(board, vault.root);
    expect(texts(vault.root)[NOTE]).toContain("In Progress");
  });
});

describe("a run that was killed", () => {
  it("leaves half-written files that the next one removes, and only those", async () => {
    using vault = temporaryVault();
    const { board } = await oneTask(vault.root);
    writeFileSync(vault.path("tasks/.coord-123-4.tmp"), "half");
    writeFileSync(vault.path(".coord-123-5.tmp"), "half");
    writeFileSync(vault.path("tasks/.coord-mine.tmp"), "mine");
    await catchUp(board, vault.root);
    const left = [...contents(vault.root).keys()].filter((path) => path.includes(".coord-"));
    expect(left).toEqual(["tasks/.coord-mine.tmp"]);
  });
});
