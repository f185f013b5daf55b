import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderText } from "../../cli/init/report.ts";
import { actions, type Files, TestProject } from "./project.ts";

const remove = (project: TestProject, more = {}) => project.init({ remove: true, ...more });

describe("--remove", () => {
  it("takes coord's parts out from among what was written since", () => {
    const project = new TestProject({ ".mcp.json": '{\n  "mcpServers": {}\n}\n', "CLAUDE.md": "# One\n" });
    project.init({ for: "claude,codex" });
    project.write({
      ".mcp.json": project.read(".mcp.json").replace(/(\n {4}\})(\n {2}\})/, '$1,\n    "db": {}$2'),
      "CLAUDE.md": `${project.read("CLAUDE.md")}\n# Two\n`,
      ".codex/config.toml": `model = "x"\n${project.read(".codex/config.toml")}\n[mcp_servers.db]\ncommand = "db"\n`,
      ".codex/hooks.json": "{}",
    });
    remove(project);
    expect(project.files()).toEqual({
      ".mcp.json": '{\n  "mcpServers": {\n    "db": {}\n  }\n}\n',
      "CLAUDE.md": "# One\n\n# Two\n",
      ".codex/config.toml": 'model = "x"\n\n[mcp_servers.db]\ncommand = "db"\n',
      ".codex/hooks.json": "{}",
    });
  });

  it("keeps what was edited, says so, and takes it when forced, with a copy", () => {
    const project = new TestProject();
    project.init({ for: "claude,codex,cursor" });
    const edited: Files = {
      ".mcp.json": project.read(".mcp.json").replace('["mcp"]', '["mcp", "--as", "heron"]'),
      ".codex/config.toml": project.read(".codex/config.toml").replace("300", "900"),
      "AGENTS.md": project.read("AGENTS.md").replace("gives you a name", "gives you a bird's name"),
    };
    project.write(edited);
    const outcome = remove(project);
    expect(actions(outcome)).toEqual({
      ".mcp.json": "kept",
      ".codex/config.toml": "kept",
      "AGENTS.md": "kept",
      "CLAUDE.md": "removed",
      ".cursor/mcp.json": "removed",
      ".cursor/rules/coord.mdc": "removed",
      ".coord.json": "removed",
    });
    expect(project.files()).toEqual(edited);
    expect(renderText(outcome, false)).toContain(
      "kept         .mcp.json               the server coord is not as coord wrote it;\n                                     --force takes it out\n",
    );

    const forced = remove(project, { force: true });
    expect(new Set(Object.values(actions(forced)))).toEqual(new Set(["removed"]));
    expect(project.files()).toEqual(Object.fromEntries(Object.entries(edited).map(([name, text]) => [`${name}.bak`, text])));
  });

  it("keeps what was there before the first init, unless forced", () => {
    const files = {
      ".mcp.json": '{"mcpServers":{"coord":{"command":"coord","args":["mcp"],"alwaysLoad":true}}}',
      ".coord.json": '{"workspace":"team"}',
    };
    const project = new TestProject(files);
    project.init({ for: "claude" });
    expect(actions(remove(project))).toEqual({
      ".mcp.json": "kept",
      "AGENTS.md": "removed",
      "CLAUDE.md": "removed",
      ".coord.json": "kept",
    });
    expect(project.files()).toEqual(files);
  });

  it("puts an entry of an earlier coord back, which init had brought up to date", () => {
    const files = { ".mcp.json": '{"mcpServers":{"coord":{"command":"coord","args":["mcp"]}}}\n', "CLAUDE.md": "@AGENTS.md\n" };
    const project = new TestProject(files);
    expect(actions(project.init({ for: "claude,copilot" }))[".mcp.json"]).toBe("updated");
    expect(project.read(".mcp.json")).toContain('"alwaysLoad":true');
    remove(project);
    expect(project.files()).toEqual(files);
    project.init({ for: "claude" });
    project.write({ ".mcp.json": files[".mcp.json"] });
    rmSync(project.dataFolder, { recursive: true });
    expect(actions(remove(project))[".mcp.json"]).toBe("removed");
  });

  it("undoes one host and leaves to the others what they share", () => {
    const project = new TestProject();
    project.init({ for: "claude,copilot,cursor" });
    const before = project.files();
    expect(actions(remove(project, { for: "copilot" }))).toEqual({});
    expect(project.files()).toEqual(before);
    expect(actions(remove(project, { for: "cursor" }))).toEqual({ ".cursor/mcp.json": "removed", ".cursor/rules/coord.mdc": "removed" });
    expect(Object.keys(actions(remove(project, { for: "claude" }))).sort()).toEqual([".coord.json", ".mcp.json", "AGENTS.md", "CLAUDE.md"]);
    expect(project.files()).toEqual({});
  });

  it("leaves to the others what they share where nothing is known of what init did", () => {
    const project = new TestProject();
    project.init({ for: "claude,zed" });
    rmSync(project.dataFolder, { recursive: true });
    expect(actions(remove(project, { for: "claude" }))).toEqual({ ".mcp.json": "removed", "CLAUDE.md": "removed" });
    expect(Object.keys(project.files())).toEqual([".coord.json", ".zed/settings.json", "AGENTS.md"]);
  });

  it("puts back what --force replaced, and then leaves it alone", () => {
    const files = { ".mcp.json": '{"mcpServers":{"coord":{"command":"other"}},"a":1}' };
    const project = new TestProject(files);
    project.init({ for: "claude", force: true });
    remove(project);
    expect(project.files()).toEqual({ ...files, ".mcp.json.bak": files[".mcp.json"] });
    expect(actions(remove(project))).toEqual({ ".mcp.json": "kept" });
    expect(renderText(remove(new TestProject()), false)).toBe("Nothing of coord's was found here.\n");
  });

  it("leaves another project's entry in the user's file alone, and tells of it where that host is asked for", () => {
    const project = new TestProject({ "~/.codeium/windsurf/mcp_config.json": "{}" });
    project.init({ for: "windsurf", workspace: "blog" });
    rmSync(project.dataFolder, { recursive: true });
    project.write({ ".coord.json": '{"workspace":"shop"}' });
    const entry = project.read("~/.codeium/windsurf/mcp_config.json");
    const told = remove(project, { for: "windsurf" }).changes.find(({ file }) => file.startsWith("~"));
    expect(told).toMatchObject({ action: "kept", detail: "has coord for the board blog" });
    project.init({ for: "claude" });
    expect(Object.keys(actions(remove(project)))).not.toContain("~/.codeium/windsurf/mcp_config.json");
    expect(project.read("~/.codeium/windsurf/mcp_config.json")).toBe(entry);
  });

  it("takes the others out where one file cannot be read", () => {
    const project = new TestProject();
    project.init({ for: "claude,zed" });
    project.write({ ".zed/settings.json": "{ broken" });
    expect(actions(remove(project))).toMatchObject({ ".zed/settings.json": "kept", ".mcp.json": "removed" });
    expect(project.read(".zed/settings.json")).toBe("{ broken");
  });

  it("knows which name it gave a board that was there under another", () => {
    const project = new TestProject({ ".coord.json": '{"workspace":"one"}' });
    project.init({ for: "cursor", workspace: "two" });
    expect(project.read(".cursor/mcp.json")).toContain('"two"');
    project.init({ for: "cursor", workspace: "three" });
    expect(project.read(".cursor/mcp.json")).toContain('"three"');
    remove(project);
    expect(project.files()).toEqual({ ".coord.json": '{"workspace":"one"}' });
  });

  it("brings back any text around, to the letter", () => {
    const spaces = fc.constantFrom("", " ", "\n", "\n\n", "  \n", "\r\n", "\t");
    const texts = fc.tuple(spaces, fc.string(), spaces, fc.lorem(), spaces).map((parts) => parts.join(""));
    const json = fc.tuple(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 2, "\t"), spaces);
    fc.assert(
      fc.property(texts, texts, json, (claude, agents, [value, indent, end]) => {
        fc.pre(!claude.includes("coord:") && !agents.includes("coord:"));
        fc.pre(!Object.hasOwn(value, "mcpServers") && !Object.hasOwn(value, "context_servers"));
        const text = JSON.stringify(value, null, indent) + end;
        const files = { "CLAUDE.md": claude, "AGENTS.md": agents, ".mcp.json": text, ".zed/settings.json": `// mine\n${text}` };
        const project = new TestProject(files);
        project.init({ for: "claude,zed" });
        remove(project);
        expect(project.files()).toEqual(files);
        rmSync(project.root, { recursive: true });
      }),
      { numRuns: 25 },
    );
  });
});

describe("a file that cannot be touched", () => {
  it("is refused before anything is written: a folder that leads out of the project", () => {
    const project = new TestProject();
    mkdirSync(join(project.root, "elsewhere"));
    symlinkSync(join(project.root, "elsewhere"), join(project.folder, ".zed"));
    expect(() => project.init({ for: "claude,zed" })).toThrow(".zed/settings.json would lie outside the folder");
    expect(project.exists(".mcp.json")).toBe(false);
  });

  it("is followed at home, where a link is the user's own", () => {
    const project = new TestProject({ "~/dotfiles/mcp_config.json": "{}\n" });
    mkdirSync(project.path("~/.codeium/windsurf"), { recursive: true });
    symlinkSync(project.path("~/dotfiles/mcp_config.json"), project.path("~/.codeium/windsurf/mcp_config.json"));
    project.init({ for: "windsurf" });
    expect(project.read("~/dotfiles/mcp_config.json")).toContain('"coord"');
    remove(project);
    expect(project.read("~/dotfiles/mcp_config.json")).toBe("{}\n");
  });

  it("does not keep init from its work where only the record cannot be kept", () => {
    const project = new TestProject();
    writeFileSync(project.dataFolder, "a file, no folder");
    const outcome = project.init({ for: "zed" });
    expect(outcome.notes.join()).toContain("could not be recorded");
    expect(actions(remove(project))[".zed/settings.json"]).toBe("removed");
    expect(project.files()).toEqual({});
  });

  it("is nobody's where the user has no home", () => {
    const project = new TestProject();
    const outcome = project.init({ for: "windsurf", home: undefined });
    expect(outcome.notes.join()).toContain("Windsurf has no file in a project");
    expect(Object.keys(project.files())).toEqual([".coord.json", "AGENTS.md"]);
  });
});
