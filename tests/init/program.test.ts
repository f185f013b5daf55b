import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AGENTS_TEXT } from "../../cli/init/agents-text.ts";
import { TOOLS } from "../../mcp/tools/index.ts";
import { PROGRAM, runCoord, temporaryFolder } from "../harness/server.ts";

let folder: string;
let env: Record<string, string>;
beforeEach(() => {
  folder = temporaryFolder();
  // a machine with no agent's host on it, whatever is installed on this one
  const home = temporaryFolder();
  env = { HOME: home, USERPROFILE: home, XDG_DATA_HOME: "", XDG_CONFIG_HOME: "", PATH: "", COORD_DB: temporaryFolder() };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("coord init, the program", () => {
  it("prepares the folder that it is run in, and prints one JSON value when asked to", async () => {
    const { code, stdout, stderr } = await runCoord(["init", "--json", "--workspace", "team"], { cwd: folder, env });
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
    await runCoord(["init", "--no-agents"], { cwd: folder, env });
    const { mcpServers } = JSON.parse(readFileSync(join(folder, ".mcp.json"), "utf8")) as { mcpServers: { coord: unknown } };
    expect(mcpServers.coord).toEqual({ command: process.execPath, args: [PROGRAM, "mcp"], alwaysLoad: true });
    expect(readdirSync(folder).sort()).toEqual([".coord.json", ".mcp.json"]);
  });

  it("takes the folder as an argument, and shows a dry run without colours or long lines", async () => {
    const project = join(folder, "Shop");
    mkdirSync(project);
    const { code, stdout } = await runCoord(["init", "Shop", "--dry-run"], { cwd: folder, env });
    expect(code).toBe(0);
    expect(stdout).toContain("would create .coord.json workspace shop");
    expect(stdout).not.toContain("\u001b");
    expect(readdirSync(project)).toEqual([]);
  });

  it("prepares the hosts that are asked for, tells what is left to do, and undoes it", async () => {
    const init = (...more: string[]) => runCoord(["init", ...more], { cwd: folder, env });
    const told = (await init("--for", "codex,windsurf")).stdout;
    expect(told).toContain("created      ~/.codeium/windsurf/mcp_config.json\n");
    expect(told).toContain("Codex        trust the project, or Codex ignores its .codex");
    expect(told).toContain("Check every host with: coord doctor");
    // a command to be copied stands whole on a line of its own
    expect(told.split("\n").filter((line) => line.length > 79)).toEqual([
      expect.stringMatching(/^ {2}mkdir -p ~\/\.codex && printf .* >> ~\/\.codex\/config\.toml$/),
    ]);

    const again = JSON.parse((await init("--for", "codex,windsurf", "--json")).stdout) as { files: { action: string }[]; hosts: object[] };
    expect(again.files.map(({ action }) => action)).toEqual(["unchanged", "unchanged", "unchanged", "unchanged"]);
    expect(again.hosts).toMatchObject([
      { name: "codex", because: "asked for" },
      { name: "windsurf", because: "asked for" },
    ]);

    const preview = (await init("--remove", "--dry-run")).stdout;
    expect(preview).toContain("would remove AGENTS.md");
    expect(preview).toContain("--- a/.codex/config.toml\n+++ /dev/null\n");
    const undone = await init("--remove");
    expect([undone.code, undone.stderr]).toEqual([0, ""]);
    expect(readdirSync(folder)).toEqual([]);
    expect(readdirSync(env.HOME!, { recursive: true }).filter((name) => String(name).endsWith(".json"))).toEqual([]);
  });

  it.skipIf(process.platform === "win32")(
    "shows a command that makes Codex trust the project, even where Codex has never run",
    async () => {
      const settings = { ...env, PATH: "/usr/bin:/bin" };
      for (const home of [{}, { CODEX_HOME: join(env.HOME!, "a 'codex' home") }]) {
        await runCoord(["init", "--remove"], { cwd: folder, env: settings });
        const told = (await runCoord(["init", "--for", "codex"], { cwd: folder, env: { ...settings, ...home } })).stdout;
        const command = told.split("\n").find((line) => line.includes(">>"))!;
        execFileSync("/bin/sh", ["-c", command], { cwd: folder, env: { ...settings, PWD: folder } });
        const doctor = await runCoord(["doctor", "--json", "--addr", "127.0.0.1:0"], { cwd: folder, env: { ...settings, ...home } });
        expect(doctor.stdout).toContain("reads the rules by");
        expect(doctor.stdout).not.toContain("does not trust this project");
      }
    },
  );

  it("names the hosts it knows when one is asked for that it does not", async () => {
    const { code, stderr } = await runCoord(["init", "--for", "emacs"], { cwd: folder, env });
    expect(code).toBe(1);
    expect(stderr).toContain('no host is called "emacs"');
    expect(stderr).toContain("coord init --for claude,codex,gemini,cursor,vscode,opencode,zed,windsurf,copilot");
    expect(readdirSync(folder)).toEqual([]);
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
