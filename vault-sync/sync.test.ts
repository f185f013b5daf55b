import { appendFileSync, copyFileSync, cpSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import * as disk from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Task } from "../protocol/index.ts";
import type { Disk } from "./files.ts";
import { ScriptedBoard } from "./testing/scripted-board.ts";
import { catchUp, contents, follow, temporaryVault, texts } from "./testing/vault.ts";

const AGENTS = ["harbor-lynx", "Harbor-Lynx", "ada lovelace", "CON", "ü/../x"];

/** One random change of the board: an operation, whom it is by, and which tasks it is about. */
type Step = readonly [operation: number, agent: number, task: number, other: number];

function play(board: ScriptedBoard, [operation, by, first, second]: Step): void {
  const agent = AGENTS[by % AGENTS.length]!;
  const tasks = [...board.tasks.values()];
  const task = tasks[first % Math.max(1, tasks.length)];
  const other = tasks[second % Math.max(1, tasks.length)];
  if (!task || !other || operation < 3) {
    const payload = [
      { bug_id: other?.id },
      { blocked_by: other && `#${other.number}`, note: `see ${task?.id}` },
      { follows_up: first + 1 },
      null,
    ][second % 4];
    const depends_on = other && operation === 1 ? [other.id] : [];
    board.send(agent, { name: `task ${first}`, kind: ["task", "bug", "decision", "ack"][by % 4]!, payload, depends_on });
    return;
  }
  const isOpen = task.state !== "completed" && task.state !== "cancelled";
  if (!isOpen) {
    board.note(agent, task, `on #${other.number}`);
    return;
  }
  const operations: (() => void)[] = [
    () => board.claim(agent, task),
    () => board.complete(agent, task, { result: { commit: "4f2a91c", seen: other.id }, ...(second % 2 ? { ack: `done ${first}` } : {}) }),
    () => board.end("task.failed", agent, task, "it broke"),
    () => board.end("task.cancelled", agent, task),
    () => board.end("task.lapsed", agent, task),
    () => board.retry(agent, task),
    () => board.update(agent, task, { name: `renamed ${second}` }),
    () => board.update(agent, task, { payload: { related_bug: other.id }, description: `about **#${other.number}**` }),
    () => board.depend(agent, task, other),
    () => board.undepend(agent, task, other),
    () => board.lateResult(agent, task, { late: second }),
    () => board.review(agent, task, second % 2 ? "approve" : "request_changes", "hm"),
  ];
  operations[operation % operations.length]!();
}

const steps = fc.array(fc.tuple(fc.nat(14), fc.nat(20), fc.nat(40), fc.nat(40)), { minLength: 1, maxLength: 80, size: "max" });

describe("a vault at rest", () => {
  it("has the same bytes however it came there", async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.infiniteStream(fc.nat(9)), async (all, dice) => {
        using bit = temporaryVault();
        using once = temporaryVault();
        const board = new ScriptedBoard();
        board.step = 3_600_000; // days go by
        for (const step of all) {
          play(board, step as Step);
          if (dice.next().value === 0) await catchUp(board, bit.root);
        }
        await catchUp(board, bit.root);
        await catchUp(board, once.root);
        const wanted = texts(once.root);
        expect(texts(bit.root)).toEqual(wanted);
        await catchUp(board, bit.root, { rebuild: true });
        expect(texts(bit.root)).toEqual(wanted);
      }),
      { numRuns: 40, interruptAfterTimeLimit: 20_000 },
    );
  });

  it("has the same bytes when it was followed live", async () => {
    using live = temporaryVault();
    using once = temporaryVault();
    const board = new ScriptedBoard();
    const following = follow(board, live.root);
    for (const step of fc.sample(steps, 5).flat()) {
      play(board, step as Step);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await catchUp(board, once.root);
    await expect.poll(() => texts(live.root), { timeout: 10_000 }).toEqual(texts(once.root));
    await following.stop();
  });

  it("writes nothing where nothing changed", async () => {
    using vault = temporaryVault();
    const board = new ScriptedBoard();
    board.send("harbor-lynx", { name: "first" });
    expect((await catchUp(board, vault.root)).written).toBeGreaterThan(0);
    expect((await catchUp(board, vault.root)).written).toBe(0);
    expect((await catchUp(board, vault.root, { rebuild: true })).written).toBe(0);
  });
});

describe("a crash", () => {
  /** A board with links both ways, caught up to, and then changed so that the link is gone. */
  async function changedBoard(root: string) {
    const board = new ScriptedBoard();
    const bug = board.send("harbor-lynx", { name: "bug", kind: "bug" });
    const fix = board.send("amber-fox", { name: "fix", payload: { bug_id: bug.id } });
    await catchUp(board, root);
    return { board, bug, fix };
  }

  it("at any point of a round leaves a vault that the next run mends", async () => {
    using reference = temporaryVault();
    using before = temporaryVault();
    const { board, fix } = await changedBoard(before.root);
    const oldLength = readFileSync(before.path(".coord/journal.jsonl")).length;
    cpSync(before.root, reference.root, { recursive: true });
    board.update("amber-fox", fix, { payload: null, name: "another" });
    board.claim("amber-fox", fix);
    await catchUp(board, reference.root);
    const journal = readFileSync(reference.path(".coord/journal.jsonl"));
    for (let length = oldLength; length <= journal.length; length += 7) {
      using crashed = temporaryVault();
      cpSync(before.root, crashed.root, { recursive: true });
      writeFileSync(crashed.path(".coord/journal.jsonl"), journal.subarray(0, length));
      await catchUp(board, crashed.root);
      expect(texts(crashed.root)).toEqual(texts(reference.root));
    }
  });

  it("between a record's change and the log's word of it forgets no link that was written", async () => {
    using vault = temporaryVault();
    using reference = temporaryVault();
    const board = new ScriptedBoard();
    const bug = board.send("harbor-lynx", { name: "bug", kind: "bug" });
    await catchUp(board, vault.root);
    const fix = board.send("amber-fox", { name: "fix", payload: { bug_id: bug.id } });
    // The run is cut off after it wrote that the bug is named by the fix, before it said so.
    const journal = readFileSync(vault.path(".coord/journal.jsonl"));
    await catchUp(board, vault.root);
    const after = readFileSync(vault.path(".coord/journal.jsonl"));
    const lastDone = after.lastIndexOf('{"done"');
    truncateSync(vault.path(".coord/journal.jsonl"), lastDone);
    expect(lastDone).toBeGreaterThan(journal.length);
    board.update("amber-fox", fix, { payload: null });
    await catchUp(board, vault.root);
    await catchUp(board, reference.root);
    expect(texts(vault.root)).toEqual(texts(reference.root));
  });

  it("after any one file, with the link gone before the next run, leaves none behind", async () => {
    for (const survivor of ["-bug-1.md", "-fix-2.md", "amber-fox.md", "README.md", "Board.canvas", "log/"]) {
      using vault = temporaryVault();
      using reference = temporaryVault();
      const board = new ScriptedBoard();
      const bug = board.send("harbor-lynx", { name: "bug", kind: "bug" });
      await catchUp(board, vault.root);
      const fix = board.send("amber-fox", { name: "fix", payload: { bug_id: bug.id } });
      const rename: Disk["rename"] = (from, to) =>
        String(to).includes(survivor) ? disk.rename(from, to) : Promise.reject(new Error("killed"));
      await expect(catchUp(board, vault.root, { disk: { ...disk, rename } })).rejects.toThrow("killed");
      board.update("amber-fox", fix, { payload: null });
      await catchUp(board, vault.root);
      await catchUp(board, reference.root);
      expect(texts(vault.root)).toEqual(texts(reference.root));
    }
  });

  it("that tore the journal's end costs a replay, nothing else", async () => {
    using vault = temporaryVault();
    const { board, fix } = await changedBoard(vault.root);
    appendFileSync(vault.path(".coord/journal.jsonl"), '{"entry":{"seq":99,"at":"20');
    board.claim("amber-fox", fix);
    const { cursor } = await catchUp(board, vault.root);
    expect(cursor).toBe(board.events.length);
    using reference = temporaryVault();
    await catchUp(board, reference.root);
    expect(texts(vault.root)).toEqual(texts(reference.root));
  });
});

describe("the board behind it", () => {
  it("is refused where it is another one, and taken with --rebuild", async () => {
    using vault = temporaryVault();
    using reference = temporaryVault();
    const mine = new ScriptedBoard();
    for (let i = 0; i < 3; i++) mine.send("harbor-lynx", { name: `mine ${i}` });
    await catchUp(mine, vault.root);
    const gone = [...contents(vault.root).keys()].filter((path) => path.startsWith("tasks/"));
    writeFileSync(vault.path(gone[0]!), `${readFileSync(vault.path(gone[0]!), "utf8")}my own words\n`);

    const other = new ScriptedBoard(Date.parse("2026-05-05T05:05:00.000Z"));
    other.send("amber-fox", { name: "theirs" });
    await expect(catchUp(other, vault.root)).rejects.toMatchObject({
      message: expect.stringContaining("another board"),
      next: expect.stringContaining("--rebuild"),
    });
    const { notes } = await catchUp(other, vault.root, { rebuild: true });
    await catchUp(other, reference.root);
    expect(notes).toEqual([expect.stringContaining(gone[0]!)]);
    expect([...contents(vault.root).keys()].filter((path) => path !== gone[0])).toEqual([...contents(reference.root).keys()]);
    // What was put aside is not lost.
    expect(readFileSync(vault.path(".coord/replaced", gone[1]!), "utf8")).toContain("mine 1");
  });

  it("is refused where its log is shorter than what the vault tells", async () => {
    using vault = temporaryVault();
    const board = new ScriptedBoard();
    board.send("harbor-lynx", { name: "one" });
    board.send("harbor-lynx", { name: "two" });
    await catchUp(board, vault.root);
    board.events.length = 2;
    await expect(catchUp(board, vault.root)).rejects.toMatchObject({ data: { code: "other_board" } });
  });

  it("may have no task at all", async () => {
    using vault = temporaryVault();
    const board = new ScriptedBoard();
    await catchUp(board, vault.root);
    expect([...contents(vault.root).keys()]).toEqual(["Board.base", "Board.canvas", "README.md"]);
    board.send("harbor-lynx", { name: "first" });
    expect((await catchUp(board, vault.root)).tasks).toBe(1);
  });

  it("may know more than its log has told yet", async () => {
    using vault = temporaryVault();
    const board = new ScriptedBoard();
    const task: Task = board.send("harbor-lynx", { name: "one" });
    board.note("amber-fox", task, "a note that the vault has not heard of");
    const [told] = board.events.splice(-1);
    const following = follow(board, vault.root);
    await expect.poll(() => following.statuses.length).toBe(1);
    expect(Object.values(texts(vault.root)).join("")).not.toContain("has not heard of");
    board.events.push(told!);
    await following.stop();
    await catchUp(board, vault.root);
    expect(Object.values(texts(vault.root)).join("")).toContain("has not heard of");
  });

  it("is read again after a failed call, and nothing is forgotten", async () => {
    using vault = temporaryVault();
    using reference = temporaryVault();
    const { ConnectionLost } = await import("../cli/client/failures.ts");
    const board = new ScriptedBoard();
    for (let i = 0; i < 30; i++) board.send("harbor-lynx", { name: `task ${i}`, payload: { follows_up: i } });
    let calls = 0;
    board.onCall = (method) => {
      if (method === "tasks/list" && calls++ % 2 === 0)
        throw new ConnectionLost({ url: "http://127.0.0.1:1/", workspace: "default" }, "cut");
    };
    await catchUp(board, vault.root);
    board.onCall = () => {};
    await catchUp(board, reference.root);
    expect(texts(vault.root)).toEqual(texts(reference.root));
  });
});

describe("a purged note", () => {
  it("leaves the vault with its body", async () => {
    using vault = temporaryVault();
    const board = new ScriptedBoard();
    const task = board.send("harbor-lynx", { name: "one" });
    board.note("amber-fox", task, "the password is hunter2");
    await catchUp(board, vault.root);
    expect(Object.values(texts(vault.root)).join("")).toContain("hunter2");
    board.retract("owner", task, 0, "it leaked a secret");
    await catchUp(board, vault.root);
    expect(Object.values(texts(vault.root)).join("")).not.toContain("hunter2");
    expect(readFileSync(vault.path(".coord/journal.jsonl"), "utf8")).not.toContain("hunter2");
  });
});

describe("a long day", () => {
  it("is split into parts, of which only the last is written again", async () => {
    using vault = temporaryVault();
    using reference = temporaryVault();
    const board = new ScriptedBoard();
    board.step = 10;
    for (let i = 0; i < 1_100; i++) board.send("harbor-lynx", { name: `task ${i}` });
    await catchUp(board, vault.root);
    const parts = [...contents(vault.root).keys()].filter((path) => path.startsWith("log/"));
    expect(parts).toEqual(["log/2026-03-02 part 2.md", "log/2026-03-02.md"]);
    board.send("harbor-lynx", { name: "one more" });
    await catchUp(board, vault.root);
    await catchUp(board, reference.root);
    expect(texts(vault.root)).toEqual(texts(reference.root));
    expect(texts(vault.root)["log/2026-03-02.md"]).toContain("part 2|part 2]]");
  });
});

describe("an old state", () => {
  it("of another format is thrown away, and the vault made anew from the log", async () => {
    using vault = temporaryVault();
    const board = new ScriptedBoard();
    board.send("harbor-lynx", { name: "first" });
    await catchUp(board, vault.root);
    const wanted = texts(vault.root);
    writeFileSync(vault.path(".coord/journal.jsonl"), '{"journal":0,"workspace":"default"}\n{"what":1}\n');
    expect((await catchUp(board, vault.root)).cursor).toBe(board.events.length);
    expect(texts(vault.root)).toEqual(wanted);
  });

  it("that is copied with the vault works in the new place", async () => {
    using vault = temporaryVault();
    using copy = temporaryVault();
    const board = new ScriptedBoard();
    board.send("harbor-lynx", { name: "first" });
    await catchUp(board, vault.root);
    mkdirSync(copy.path(".coord"));
    copyFileSync(vault.path(".coord/journal.jsonl"), copy.path(".coord/journal.jsonl"));
    board.send("harbor-lynx", { name: "second" });
    expect((await catchUp(board, copy.root)).tasks).toBe(2);
  });
});
