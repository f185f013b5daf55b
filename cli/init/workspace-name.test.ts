import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defaultWorkspace, repository, slug } from "./workspace-name.ts";

describe("slug", () => {
  it.each([
    ["coord", "coord"],
    ["My Project (2)", "my-project-2"],
    ["Café_Übung", "cafe_ubung"],
    ["store.git", "store"],
    ["--a..b--", "a-b"],
    ["x".repeat(90), "x".repeat(64)],
  ])("%s", (name, expected) => {
    expect(slug(name)).toBe(expected);
  });

  it("tells apart names of which no character may stay", () => {
    expect(slug("日本")).toMatch(/^project-[0-9a-f]{8}$/);
    expect(slug("日本")).not.toBe(slug("中国"));
  });
});

describe("defaultWorkspace", () => {
  let root: string;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "coord-name-")));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const folder = (...parts: string[]) => {
    const path = join(root, ...parts);
    mkdirSync(path, { recursive: true });
    return path;
  };

  it("is the folder's name outside a repository", () => {
    expect(defaultWorkspace(folder("Shop"))).toBe("shop");
  });

  it("is the repository's for every folder in it", () => {
    folder("Shop", ".git");
    expect(defaultWorkspace(folder("Shop", "packages", "api"))).toBe("shop");
  });

  it("is the main work tree's for a linked one", () => {
    const administration = folder("Shop", ".git", "worktrees", "fix");
    writeFileSync(join(administration, "commondir"), "../..\n");
    const linked = folder("elsewhere", "fix");
    writeFileSync(join(linked, ".git"), `gitdir: ${administration}\n`);
    expect(repository(linked)).toEqual({ root: linked, home: join(root, "Shop") });
    expect(defaultWorkspace(linked)).toBe("shop");
  });

  it("is a submodule's own, and a stray work tree's own", () => {
    const module = folder("super", ".git", "modules", "part");
    const part = folder("super", "part");
    writeFileSync(join(part, ".git"), `gitdir: ${module}\n`);
    expect(defaultWorkspace(part)).toBe("part");
    const stray = folder("stray");
    writeFileSync(join(stray, ".git"), "gitdir: /nowhere/at/all\n");
    expect(defaultWorkspace(stray)).toBe("stray");
  });
});
