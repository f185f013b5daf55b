import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AGENTS_TEXT } from "../../cli/init/agents-text.ts";
import { TOOLS } from "../../cli/mcp/tools/index.ts";
import { PROGRAM, runCoord, temporaryFolder } from "../harness/server.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("coord init, the program", () => {
  it("prepares the folder that it is run in, and prints one JSON value when asked to", async () => {
    const { code, stdout, stderr } = await runCoord(["init", "--json", "--workspace", "team"], { cwd: folder });
    expect([code, stderr]).toEqual([0, ""]);
    const outcome = JSON.parse(stdout) as {
      folder: string;
      workspace: string;
      dry_run: boolean;
      files: { file: string; action: string }[];
    };
    expect(outcome).toMatchObject({ folder, workspace: "team", dry_run: false });
    expect(outcome.files.map(({ file, action }) => [file, action])).toEqual([
      [".mcp.json", "created"],
      ["AGENTS.md", "created"],
      [".coord.json", "created"],
    ]);
    expect(JSON.parse(readFileSync(join(folder, ".coord.json"), "utf8"))).toEqual({ workspace: "team" });
  });

  it("writes an entry that starts this program, wherever it is", async () => {
    await runCoord(["init", "--no-agents"], { cwd: folder, env: { PATH: "" } });
    const { mcpServers } = JSON.parse(readFileSync(join(folder, ".mcp.json"), "utf8")) as { mcpServers: { coord: unknown } };
    expect(mcpServers.coord).toEqual({ command: process.execPath, args: [PROGRAM, "mcp"] });
    expect(readdirSync(folder).sort()).toEqual([".coord.json", ".mcp.json"]);
  });

  it("takes the folder as an argument, and shows a dry run without colours or long lines", async () => {
    const project = join(folder, "Shop");
    mkdirSync(project);
    const { code, stdout } = await runCoord(["init", "Shop", "--dry-run"], { cwd: folder });
    expect(code).toBe(0);
    expect(stdout).toContain("would create .coord.json workspace shop");
    expect(stdout).not.toContain("\u001b");
    expect(readdirSync(project)).toEqual([]);
  });

  it("refuses what it cannot do in a line, with what to do next and no stack", async () => {
    const { code, stdout, stderr } = await runCoord(["init", "nowhere"], { cwd: folder });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("cannot open the folder nowhere: no such file or folder");
    expect(stderr).toContain("mkdir -p nowhere && coord init nowhere");
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe("what AGENTS.md tells agents to type", () => {
  /** `coord …` in backticks, line breaks undone. */
  const commands = [...AGENTS_TEXT.matchAll(/`coord ([a-z][^`]*)`/g)].map((match) => match[1]!.replace(/\s+/g, " "));

  it("names commands", () => {
    expect(commands.length).toBeGreaterThan(10);
  });

  it("names only tools that coord mcp has", () => {
    const named = [...AGENTS_TEXT.matchAll(/`(checkin|(?:tasks|agents)_[a-z]+)`/g)].map((match) => match[1]!);
    expect(named.length).toBeGreaterThan(8);
    expect(TOOLS.map((tool) => tool.name)).toEqual(expect.arrayContaining(named));
  });

  it.each([...new Set(commands.map((command) => command.split(" ")[0]!))])(
    "coord %s has every option that it is shown with",
    async (name) => {
      const { code, stdout } = await runCoord([name, "--help"], { cwd: folder });
      expect(code).toBe(0);
      const shown = commands.filter((command) => command.split(" ")[0] === name);
      for (const option of shown.flatMap((command) => command.match(/(?<= )--[a-z-]+/g) ?? [])) {
        expect(stdout, `coord ${name} ${option}`).toMatch(new RegExp(`${option}(?![a-z-])`));
      }
    },
  );
});
