import { JSONCanvas } from "@trbn/jsoncanvas";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { extractOf } from "./record.ts";
import { assertCanvas } from "./testing/canvas.ts";
import { ScriptedBoard } from "./testing/scripted-board.ts";
import { catchUp, contents, temporaryVault, texts } from "./testing/vault.ts";

const ID = "0b54a2c1-7f3e-4c7e-9d6a-111111111111";
const OTHER = "0b54a2c1-7f3e-4c7e-9d6a-222222222222";
const record = { payload: null, result: null, description: "", review: "none", depends_on: [], attempts: [], reviews: [], notes: [] };

describe("the tasks that a payload names", () => {
  it.each([
    [{ fixed_bug_id: ID }, [{ label: "fixed bug", to: ID }]],
    [
      { bug_id: 12, ack_id: "#13", related_bug: "14" },
      [12, 13, 14].map((n, index) => ({ label: ["bug", "ack", "related bug"][index], to: `#${n}` })),
    ],
    [{ blocked_by: [ID, OTHER] }, [ID, OTHER].map((to) => ({ label: "blocked by", to }))],
    [{ deep: { note: `see ${ID.toUpperCase()}, please` } }, [{ label: "note", to: ID }]],
    [{ count: 12, other_id: "12" }, []],
    [{ hash: `${ID}0` }, []],
    [`after ${ID}`, [{ label: "payload", to: ID }]],
  ])("of %j", (payload, links) => {
    expect(extractOf({ ...record, payload }).links).toEqual(links);
  });

  it("are at most a hundred, and each is named once", () => {
    const many = Array.from({ length: 300 }, (_, i) => `${ID.slice(0, -3)}${String(i).padStart(3, "0")}`);
    expect(extractOf({ ...record, payload: { list: [...many, ...many] } }).links).toHaveLength(100);
    expect(extractOf({ ...record, payload: { list: [ID, ID] } }).links).toHaveLength(1);
  });
});

/** A board with a bug that was fixed, a decision about it, jobs that wait, and one that nobody can start. */
function scene() {
  const board = new ScriptedBoard();
  const bug = board.send("harbor-lynx", { name: "Login fails", kind: "bug" });
  board.claim("amber-fox", bug);
  const ack = board.complete("amber-fox", bug, { ack: "Login fixed" })!;
  const decision = board.send("ada", { name: "Sessions live in SQLite", kind: "decision", payload: { decided: bug.id } });
  const first = board.send("ada", { name: "Move sessions", depends_on: [bug.id] });
  const second = board.send("ada", { name: "Drop the old table", depends_on: [first.id] });
  board.claim("amber-fox", first);
  board.end("task.failed", "amber-fox", first, "no backup");
  return { board, bug, ack, decision, first, second };
}

describe("a note", () => {
  it("links bug, fix, decision, dependency and agents both ways", async () => {
    using vault = temporaryVault();
    const { board } = scene();
    await catchUp(board, vault.root);
    const all = texts(vault.root);
    const note = (part: string) => Object.entries(all).find(([path]) => path.includes(part))![1];
    const ackLink = "[[tasks/2026-03-02-0900-login-fixed-2|#2 Login fixed]]";
    const bugLink = "[[tasks/2026-03-02-0900-login-fails-1|#1 Login fails]]";
    expect(note("login-fails-1")).toContain(`- fixed by ack ${ackLink} — Published`);
    expect(note("login-fails-1")).toContain("announced by [[tasks/2026-03-02-0900-login-fixed-2|#2]]");
    expect(note("login-fails-1")).toContain("decision [[decisions/2026-03-02-0900-sessions-live-in-sqlite-3|");
    expect(note("login-fails-1")).toContain("## Needed by\n\n- [[tasks/2026-03-02-0900-move-sessions-4|#4 Move sessions]] — Failed");
    expect(note("login-fixed-2")).toContain(`- fixed bug: ${bugLink} — Done`);
    expect(note("login-fixed-2")).toContain(`fixed_bug:\n  - "${bugLink}"`);
    expect(note("drop-the-old")).toContain("## Depends on\n\n- [[tasks/2026-03-02-0900-move-sessions-4|#4 Move sessions]] — Failed");
    expect(note("drop-the-old")).toContain("**Held**");
    expect(note("agents/amber-fox")).toContain(`completed ${bugLink}`);
    expect(all["README.md"]).toContain("Held: something it depends on failed");
  });

  it("keeps its name when its task is renamed, and those that link it show the new one", async () => {
    using vault = temporaryVault();
    const { board, first } = scene();
    await catchUp(board, vault.root);
    const before = [...contents(vault.root).keys()];
    board.retry("ada", first);
    board.update("ada", first, { name: "Move the sessions" });
    await catchUp(board, vault.root);
    expect([...contents(vault.root).keys()]).toEqual(before);
    const bug = texts(vault.root)["tasks/2026-03-02-0900-login-fails-1.md"];
    expect(bug).toContain("[[tasks/2026-03-02-0900-move-sessions-4|#4 Move the sessions]] — Ready");
  });

  it("links only to notes that there are", async () => {
    using vault = temporaryVault();
    const { board } = scene();
    await catchUp(board, vault.root);
    const all = texts(vault.root);
    for (const [path, text] of Object.entries(all)) {
      for (const [, target = ""] of text.matchAll(/\[\[([^\]|]+)(?:\||\]\])/g)) {
        expect(Object.keys(all), `${target} in ${path}`).toContain(target.startsWith("Board.") ? target : `${target}.md`);
      }
    }
  });
});

describe("Board.canvas", () => {
  it("is JSON Canvas 1.0, to our reading of it and to another's", async () => {
    using vault = temporaryVault();
    const { board, first, second } = scene();
    for (let i = 0; i < 30; i++) board.send("ada", { name: `more ${i}`, state: i % 2 ? "backlog" : "idea" });
    await catchUp(board, vault.root);
    const text = texts(vault.root)["Board.canvas"]!;
    assertCanvas(text, new Set(contents(vault.root).keys()));
    const parsed = JSONCanvas.fromString(text);
    expect(parsed.getEdges().find(({ id }) => id === `dep:${first.id}:${second.id}`)).toMatchObject({
      fromNode: `job:${first.id}`,
      toNode: `job:${second.id}`,
      label: "blocks",
    });
    expect(JSON.parse(parsed.toString())).toEqual(JSON.parse(text));
  });

  it("draws a board of any size, the open jobs first", async () => {
    using vault = temporaryVault();
    const board = new ScriptedBoard();
    for (let i = 0; i < 600; i++) {
      const task = board.send("ada", { name: `job ${i}` });
      if (i >= 100) continue;
      board.claim("ada", task);
      board.complete("ada", task);
    }
    await catchUp(board, vault.root);
    const text = texts(vault.root)["Board.canvas"]!;
    assertCanvas(text, new Set(contents(vault.root).keys()));
    expect(JSON.parse(text).nodes.filter((node: { type: string }) => node.type === "file")).toHaveLength(400);
    expect(text).toContain("600 jobs");
  });
});

describe("Board.base", () => {
  it("is YAML with the views that people ask for", async () => {
    using vault = temporaryVault();
    await catchUp(new ScriptedBoard(), vault.root);
    const base = load(texts(vault.root)["Board.base"]!) as { views: { name: string; type: string; groupBy?: unknown }[] };
    expect(base.views.map(({ name }) => name)).toEqual(["By state", "By holder", "By kind", "Open", "Needs attention", "Decisions"]);
    expect(base.views[0]).toMatchObject({ type: "table", groupBy: { property: "note.state", direction: "ASC" } });
  });
});
