import { describe, expect, it } from "vitest";
import { longestWait } from "../../../mcp/hosts.ts";
import { actions, TestProject } from "../../../tests/init/project.ts";
import { Draft } from "../draft.ts";
import { readRecord } from "../record.ts";
import { surroundings } from "../run.ts";
import { CODEX_TOOL_SECONDS } from "./codex.ts";
import { GEMINI_TOOL_MS } from "./gemini.ts";
import type { Host } from "./host.ts";
import { detectHosts, HOSTS, hostsNamed } from "./index.ts";
import { serverPart } from "./shapes.ts";

const named = (name: string): Host => HOSTS.find((host) => host.name === name)!;
const around = (project: TestProject, env: Record<string, string> = {}) =>
  surroundings(
    project.folder,
    "shop",
    { path: project.bin, program: "/coord.js", node: "/node", home: project.home, env },
    new Draft(project.folder, false, readRecord(undefined, project.folder)),
  );

describe("which hosts", () => {
  it("are named, by name or title, once each", () => {
    expect(hostsNamed("claude, Codex,VS Code,claude").map(({ name }) => name)).toEqual(["claude", "codex", "vscode"]);
    expect(hostsNamed("all")).toEqual(HOSTS);
    expect(() => hostsNamed("claude,emacs")).toThrow('no host is called "emacs"');
    expect(() => hostsNamed(" ,")).toThrow("--for names no host");
  });

  it("are none on an empty machine, in an empty project", () => {
    const { folder, home, bin } = new TestProject();
    expect(detectHosts({ folder, home, path: bin })).toEqual([]);
  });

  it.each(HOSTS)("are found by what $name leaves in a project, in a home and on the PATH", ({ name, inProject, inHome, commands }) => {
    const found = (project: TestProject) =>
      detectHosts({ folder: project.folder, home: project.home, path: project.bin }).map((one) => [one.host.name, one.because]);
    for (const sign of inProject) expect(found(new TestProject({ [`${sign}/x`]: "" })), sign).toContainEqual([name, "in the project"]);
    for (const sign of inHome) expect(found(new TestProject({ [`~/${sign}/x`]: "" })), sign).toContainEqual([name, "installed"]);
    for (const command of commands) {
      const project = new TestProject();
      project.install(command);
      expect(found(project), command).toEqual([[name, "installed"]]);
    }
  });

  it("are those found, those prepared before, and with none the file that most can read", () => {
    const project = new TestProject({ ".zed/settings.json": "{}" });
    expect(Object.keys(actions(project.init()))).toEqual([".zed/settings.json", "AGENTS.md", ".coord.json"]);
    project.init({ for: "windsurf" });
    expect(project.init().hosts.map(({ name, because }) => [name, because])).toEqual([
      ["zed", "in the project"],
      ["windsurf", "installed"],
    ]);
    expect(Object.keys(actions(new TestProject().init()))).toEqual([".mcp.json", "AGENTS.md", ".coord.json"]);
  });
});

describe("an entry", () => {
  it.each(HOSTS)("of $name is read as it was written", (host) => {
    const project = new TestProject();
    const start = host.start(host.entry(around(project)));
    expect(start.command?.slice(0, 2)).toEqual(["coord", "mcp"]);
    expect(start.url).toBeUndefined();
  });

  it("lets no host cut off a wait that coord mcp takes for allowed", () => {
    expect(longestWait("codex-mcp-client")).toBeLessThan(CODEX_TOOL_SECONDS);
    expect(longestWait("gemini-cli-mcp-client")).toBeLessThan(GEMINI_TOOL_MS / 1000);
    expect(longestWait("claude-code")).toBeLessThan(named("claude").limit!.least / 1000);
  });

  it("of another making or of another project is kept; a former one of coord's is not", () => {
    const project = new TestProject();
    const put = (name: string, entry: object) => {
      const host = named(name);
      const { part, place } = serverPart(host, host.file(around(project))!, around(project));
      return part.put(JSON.stringify({ mcpServers: { coord: entry } }), place, false).action;
    };
    expect(put("cursor", { command: "npx", args: ["--no", "coord", "mcp", "--workspace", "old"] })).toBe("replaced");
    expect(put("cursor", { command: "/usr/bin/node", args: ["/src/coord/dist/cli/coord.js", "mcp"] })).toBe("replaced");
    expect(put("claude", { command: "coord", args: ["mcp"], alwaysLoad: true })).toBe("unchanged");
    expect(put("claude", { command: "coord", args: ["mcp"] })).toBe("replaced");
    expect(put("copilot", { command: "npx", args: ["--no", "coord", "mcp"] })).toBe("replaced");
    expect(put("claude", { command: "coord", args: ["mcp"], alwaysLoad: false })).toBe("kept");
    expect(put("claude", { command: "other" })).toBe("kept");
    expect(put("cursor", { command: "coord", args: ["mcp", "--as", "me"] })).toBe("kept");
    expect(put("cursor", { command: "coord", args: ["mcp"], env: { A: "1" } })).toBe("kept");
    expect(put("windsurf", { command: "coord", args: ["mcp", "--workspace", "blog"] })).toBe("kept");
    expect(put("windsurf", { command: "/node", args: ["/x/coord.js", "mcp", "--workspace", "shop"] })).toBe("replaced");
  });

  it("in the user's one file belongs to one project", () => {
    const shop = new TestProject();
    shop.init({ for: "windsurf" });
    const outcome = shop.init({ for: "windsurf", workspace: "blog", dryRun: true });
    expect(outcome.changes[0]).toMatchObject({
      file: "~/.codeium/windsurf/mcp_config.json",
      action: "kept",
      detail: "has coord for the board shop; --force replaces it",
    });
  });
});

describe("the rules", () => {
  it.each(HOSTS)("reach $name once init has been here", (host) => {
    const project = new TestProject();
    expect(host.reach(around(project)).ok).toBe(false);
    project.init({ for: host.name });
    expect(host.reach(around(project))).toMatchObject({ ok: true });
  });

  it("reach Claude Code by AGENTS.md itself where no file of its own has a word, and else by an import only", () => {
    const reach = (files: Record<string, string>) => {
      const project = new TestProject(files);
      project.init({ for: "codex" });
      return named("claude").reach(around(project));
    };
    expect(reach({})).toEqual({ ok: true, by: "AGENTS.md" });
    for (const name of [".claude/CLAUDE.md", "CLAUDE.local.md"]) {
      expect(reach({ [name]: "\n" })).toMatchObject({ ok: true, by: "AGENTS.md" });
      expect(reach({ [name]: "x\n" })).toMatchObject({ ok: false, next: "coord init --for claude" });
    }
  });

  it("do not reach a host that reads something else first", () => {
    const project = new TestProject({
      ".rules": "x\n",
      "AGENTS.override.md": "x\n",
      ".gemini/settings.json": '{"context":{"fileName":"X.md"}}',
    });
    project.init({ for: "zed,codex" });
    expect(named("zed").reach(around(project))).toMatchObject({ ok: false, message: "Zed reads .rules here and not AGENTS.md" });
    expect(named("codex").reach(around(project))).toMatchObject({
      ok: false,
      message: "Codex reads AGENTS.override.md here and not AGENTS.md",
    });
    expect(named("gemini").reach(around(project))).toMatchObject({ ok: false, message: "Gemini CLI reads X.md here and not AGENTS.md" });
    const long = new TestProject({ "AGENTS.md": `${"long\n".repeat(8000)}` });
    long.init({ for: "codex" });
    expect(named("codex").reach(around(long))).toMatchObject({ ok: false, next: "move the block to the top of AGENTS.md" });
  });
});

describe("the user's consent", () => {
  it("to a server of the project's, as Claude Code keeps it", () => {
    const said = (files: Record<string, string>) => {
      const project = new TestProject(files);
      return named("claude").consent?.(around(project))?.level;
    };
    expect(said({})).toBe("warn");
    expect(said({ "~/.claude/settings.json": '{"enabledMcpjsonServers":["coord"]}' })).toBeUndefined();
    expect(said({ ".claude/settings.local.json": '{"enabledMcpjsonServers":["coord"]}' })).toBe("warn");
    expect(said({ "~/.claude/settings.json": '{"enableAllProjectMcpServers":true}' })).toBeUndefined();
    expect(said({ ".claude/settings.json": '{"disabledMcpjsonServers":["coord"]}' })).toBe("fail");
    const trusted = new TestProject({ ".claude/settings.local.json": '{"enabledMcpjsonServers":["coord"]}' });
    trusted.write({ "~/.claude.json": JSON.stringify({ projects: { [trusted.folder]: { hasTrustDialogAccepted: true } } }) });
    expect(named("claude").consent?.(around(trusted))).toBeUndefined();
    const asked = new TestProject();
    asked.write({ "~/.claude.json": JSON.stringify({ projects: { [asked.folder]: { hasTrustDialogAccepted: true } } }) });
    expect(named("claude").consent?.(around(asked))?.level).toBe("warn");
  });

  it("to a project's configuration, as Codex keeps it", () => {
    const project = new TestProject();
    expect(named("codex").consent?.(around(project))?.next).toContain('trust_level = "trusted"');
    project.write({ "~/.codex/config.toml": `[projects.${JSON.stringify(project.folder)}]\ntrust_level = "trusted"\n` });
    expect(named("codex").consent?.(around(project))).toBeUndefined();
    expect(named("codex").todo(around(project))).toEqual(["restart codex where it runs here"]);
    expect(named("codex").consent?.(around(project, { CODEX_HOME: project.root }))?.level).toBe("warn");
  });

  it("to a folder, as Gemini CLI keeps it", () => {
    const said = (list: (project: TestProject) => object, env = {}) => {
      const project = new TestProject();
      project.write({ "~/.gemini/trustedFolders.json": JSON.stringify(list(project)) });
      return named("gemini").consent?.(around(project, env))?.message;
    };
    expect(said(() => ({}))).toContain("has not been told to trust");
    expect(said(({ folder }) => ({ [folder]: "DO_NOT_TRUST" }))).toContain("was told not to trust");
    expect(said(({ root }) => ({ [root]: "TRUST_FOLDER" }))).toBeUndefined();
    expect(said(({ root }) => ({ [`${root}/other`]: "TRUST_PARENT" }))).toBeUndefined();
    expect(said(() => ({}), { GEMINI_CLI_TRUST_WORKSPACE: "true" })).toBeUndefined();
  });
});
