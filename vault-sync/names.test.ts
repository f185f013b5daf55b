import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { agentPath, slug, tag, taskPath } from "./names.ts";

const anyName = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 512 }),
  fc.string({ unit: "grapheme", maxLength: 300 }),
  fc.constantFrom("con", "..", "a/b\\c", "NUL.txt", "日本語のバグ", "🚀", " ", "-", "é́", "ꙭ"),
);

describe("a slug", () => {
  it.each([
    ["Login fails on Safari", "login-fails-on-safari"],
    ["  Ünïcode — naïve/Straße  ", "unicode-naive-straße"],
    ["日本語のバグ 修正", "日本語のハク-修正"],
    ["🚀🚀", ""],
    // a sign that only marks what stands before it, alone between spaces
    ["a \u{1d165} 1", "a-1"],
    ["../../etc/passwd", "etc-passwd"],
    ["Versions are compared by their numbers, not as text", "versions-are-compared-by-their-numbers-not-as"],
    ["a".repeat(512), "a".repeat(48)],
  ])("of %j is %j", (name, wanted) => {
    if (name.startsWith("日")) expect(slug(name)).toMatch(/^[\p{L}\p{M}\p{N}-]+$/u);
    else expect(slug(name)).toBe(wanted);
  });

  it("of any name is a file name on every file system", () => {
    fc.assert(
      fc.property(anyName, (name) => {
        const made = slug(name);
        expect(made).toMatch(/^(?:[\p{L}\p{N}][\p{L}\p{M}\p{N}-]*)?$/u);
        expect(made).not.toMatch(/-$|--/);
        expect(Buffer.byteLength(made)).toBeLessThanOrEqual(96);
        expect(made.normalize("NFC")).toBe(made);
        expect(made.toLowerCase()).toBe(made);
      }),
    );
  });
});

describe("a task's path", () => {
  it("holds its creation time, name and number", () => {
    const given = { at: "2026-11-21T09:43:12.345Z", name: "Use SQLite!", number: 12 };
    expect(taskPath({ ...given, kind: "bug" })).toBe("tasks/2026-11-21-0943-use-sqlite-12");
    expect(taskPath({ ...given, kind: "decision" })).toBe("decisions/2026-11-21-0943-use-sqlite-12");
    expect(taskPath({ ...given, name: "🚀", kind: "task" })).toBe("tasks/2026-11-21-0943-task-12");
  });
});

describe("an agent's path", () => {
  it.each([
    ["harbor-lynx", "agents/harbor-lynx"],
    ["Ada Lovelace", "agents/Ada Lovelace"],
    ["con", "agents/agent-con"],
    ["aux.md", "agents/agent-aux.md"],
    ["../../x", "agents/x"],
    ["a#b|c[d]", "agents/a-b-c-d"],
    [".hidden.", "agents/hidden"],
  ])("of %j is %j", (handle, wanted) => {
    expect(agentPath(handle, new Set())).toBe(wanted);
  });

  it("is never another's, even where the file system does not tell case", () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyName, { maxLength: 30 }), (handles) => {
        const taken = new Set<string>();
        const paths = handles.map((handle) => agentPath(handle, taken));
        expect(new Set(paths.map((path) => path.toLowerCase())).size).toBe(paths.length);
        for (const path of paths) expect(path).toMatch(/^agents\/[\p{L}\p{N}_@+][\p{L}\p{M}\p{N} ._@+-]*(?<![. ])$/u);
      }),
    );
  });
});

describe("a tag", () => {
  it.each([
    ["auth", "auth"],
    ["area/auth", "area/auth"],
    ["needs review!", "needs-review"],
    ["2026", "n2026"],
    ["///", undefined],
    ["#1 thing", "1-thing"],
    ["a//b/", "a/b"],
  ])("of %j is %j", (word, wanted) => {
    expect(tag(word)).toBe(wanted);
  });

  it("of any word is one that Obsidian takes", () => {
    fc.assert(
      fc.property(anyName, (word) => {
        const made = tag(word);
        if (made === undefined) return;
        expect(made).toMatch(/^[\p{L}\p{M}\p{N}_/-]+$/u);
        expect(made).toMatch(/[^\p{N}/]/u);
        expect(made).not.toMatch(/^\/|\/$|\/\//);
      }),
    );
  });
});
