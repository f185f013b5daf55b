import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { launch } from "./launch.ts";

describe("launch", () => {
  let root: string;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "coord-launch-")));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const program = (...parts: string[]) => {
    const file = join(root, ...parts);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, "#!/usr/bin/env node\n");
    chmodSync(file, 0o755);
    return file;
  };
  const around = (more: { path?: string; program?: string }) => ({
    folder: join(root, "project"),
    path: "",
    program: join(root, "coord.js"),
    node: "/node",
    ...more,
  });

  it("is plain coord where that is on the PATH", () => {
    program("bin", "coord");
    expect(launch(around({ path: ["/nowhere", join(root, "bin")].join(delimiter) }))).toEqual({
      entry: { command: "coord", args: ["mcp"] },
    });
  });

  it("goes through npx for a project's own copy, since a host's PATH lacks node_modules/.bin", () => {
    program("project", "node_modules", ".bin", "coord");
    const path = join(root, "project", "node_modules", ".bin");
    expect(launch(around({ path }))).toEqual({ entry: { command: "npx", args: ["--no", "coord", "mcp"] } });
  });

  it("fetches again what npx has fetched", () => {
    const fetched = program("_npx", "abc", "node_modules", "coord", "dist", "cli", "coord.js");
    expect(launch(around({ program: fetched })).entry).toEqual({ command: "npx", args: ["--yes", "coord", "mcp"] });
  });

  it("names this very file where nothing else would find it, and says so", () => {
    const clone = program("clone", "coord.js");
    const found = launch(around({ program: clone }));
    expect(found.entry).toEqual({ command: "/node", args: [clone, "mcp"] });
    expect(found.note).toContain("this machine only");
  });
});
