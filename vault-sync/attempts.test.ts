import { describe, expect, it } from "vitest";
import { attemptsOf } from "./attempts.ts";
import type { Entry } from "./entry.ts";
import { ScriptedBoard } from "./testing/scripted-board.ts";
import { catchUp, temporaryVault, texts } from "./testing/vault.ts";

let seq = 0;

function entry(type: string, more: Partial<Entry> = {}): Entry {
  seq += 1;
  return { seq, at: `2026-03-02T09:00:${String(seq % 60).padStart(2, "0")}.000Z`, type, ...more };
}

const claim = (agent: string, attempt?: number) => entry("task.claimed", { agent, ...(attempt === undefined ? {} : { set: { attempt } }) });

describe("the attempts of a task", () => {
  it("go on after a lapse or a release, and are numbered anew by a request for changes or a retry", () => {
    const story = [
      entry("task.created"),
      claim("heron", 1),
      entry("task.lapsed"),
      claim("otter"),
      entry("task.submitted", { agent: "otter" }),
      entry("review.decided", { agent: "anna", say: { attempt: 1, decision: "request_changes" } }),
      claim("otter", 2),
      entry("task.failed", { agent: "otter", say: { reason: "no disk" } }),
      claim("finch", 3),
    ];
    expect(attemptsOf(story)).toMatchObject([
      { number: 1, after: "first", agents: ["heron", "otter"], outcome: "changes requested", began: story[1]!.at, ended: story[4]!.at },
      { number: 2, after: "a request for changes", agents: ["otter"], outcome: "failed", reason: "no disk" },
      { number: 3, after: "a retry", agents: ["finch"], outcome: "under way", ended: null },
    ]);
  });

  it("that were dragged back are abandoned, and one that was approved stays handed in when it was", () => {
    const story = [
      claim("anna", 1),
      entry("task.released"),
      claim("anna", 2),
      entry("task.submitted"),
      entry("review.decided", { say: { attempt: 2, decision: "comment" } }),
      entry("review.decided", { say: { attempt: 2, decision: "approve" } }),
      entry("task.completed"),
    ];
    expect(attemptsOf(story)).toMatchObject([
      { number: 1, outcome: "abandoned" },
      { number: 2, outcome: "approved", ended: story[3]!.at },
    ]);
  });
});

describe("the note of a reviewed job", () => {
  /** A job that is reviewed twice, needs another and is needed by a third, with two notes of which one is taken back. */
  function reviewed(): ScriptedBoard {
    const board = new ScriptedBoard();
    const first = board.send("harbor-lynx", { name: "draw the plan" });
    const job = board.send("harbor-lynx", { name: "build it", review: "required", depends_on: [first.id] });
    board.send("harbor-lynx", { name: "ship it", depends_on: [job.id] });
    board.claim("amber-fox", first);
    board.complete("amber-fox", first, {});
    board.claim("amber-fox", job);
    board.complete("amber-fox", job, { summary: "built of straw" });
    board.review("sofia", job, "request_changes", "use bricks");
    board.note("amber-fox", job, "bricks are ordered");
    board.note("amber-fox", job, "the kiln's code is 4711");
    board.retract("owner", job, 1, "a code", false);
    board.claim("quiet-heron", job);
    board.complete("quiet-heron", job, { summary: "built of bricks\n\n- two storeys" });
    board.review("sofia", job, "approve", "good");
    return board;
  }

  it("has its attempts with what was said of each, the feedback, the notes, and its dependencies both ways", async () => {
    using vault = temporaryVault();
    const board = reviewed();
    await catchUp(board, vault.root);
    const notes = texts(vault.root);
    const noteOf = (name: string) => Object.entries(notes).find(([path]) => path.startsWith("tasks/") && path.includes(name))![1];
    const note = noteOf("build-it");
    const attempts = note.slice(note.indexOf("## Attempts"), note.indexOf("## Reviews"));
    expect(attempts).toMatch(
      /> \[!example\]\S* Attempt 1: changes requested — \[\[agents\/amber-fox\|amber-fox\]\], .*\n> built of straw\n/,
    );
    expect(attempts).toMatch(
      /> \[!example\]\S* Attempt 2, after a request for changes: approved — \[\[agents\/quiet-heron\|quiet-heron\]\], .*\n> built of bricks\n>\s*\n> - two storeys\n/,
    );
    expect(note).toMatch(/\[\[agents\/sofia\|sofia\]\]: request changes, attempt 1\n> use bricks/);
    expect(note).toContain("bricks are ordered");
    expect(note).toMatch(/## Depends on\n\n- \[\[tasks\/[^|]*draw-the-plan[^|]*\|#1 draw the plan\]\] — Done/);
    expect(note).toMatch(/## Needed by\n\n- \[\[tasks\/[^|]*ship-it[^|]*\|#3 ship it\]\]/);
    expect(noteOf("draw-the-plan")).toMatch(/## Needed by\n\n- \[\[tasks\/[^|]*build-it/);
    expect(noteOf("ship-it")).toMatch(/## Depends on\n\n- \[\[tasks\/[^|]*build-it/);
  });

  it("withholds a retracted note everywhere, and says that there was one", async () => {
    using vault = temporaryVault();
    await catchUp(reviewed(), vault.root);
    const all = Object.values(texts(vault.root)).join("\n");
    expect(all).not.toContain("4711");
    expect(all).toContain("(taken back by owner: a code)");
  });

  it("is the same whether it was followed line by line or written at once", async () => {
    using followed = temporaryVault();
    using atOnce = temporaryVault();
    const board = reviewed();
    const events = board.events.splice(0);
    for (const event of events) {
      board.events.push(event);
      await catchUp(board, followed.root);
    }
    await catchUp(board, atOnce.root);
    expect(texts(followed.root)).toEqual(texts(atOnce.root));
  });

  it("that was simply done tells of no attempts", async () => {
    using vault = temporaryVault();
    const board = new ScriptedBoard();
    const task = board.send("harbor-lynx", { name: "one" });
    board.claim("harbor-lynx", task);
    board.complete("harbor-lynx", task, { result: "done" });
    await catchUp(board, vault.root);
    expect(Object.values(texts(vault.root)).join("")).not.toContain("## Attempts");
  });
});
