import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeWhole } from "../../cli/init/files.ts";
import { renderJsonOutcome, renderText } from "../../cli/init/report.ts";
import { type InitOptions, init } from "../../cli/init/run.ts";

let root: string;
let folder: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "coord-init-")));
  folder = join(root, "Shop");
  mkdirSync(join(folder, ".git"), { recursive: true });
  mkdirSync(join(root, "bin"));
  write(join(root, "bin", "coord"), "#!/bin/sh\n");
  chmodSync(join(root, "bin", "coord"), 0o755);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (path: string, text: string) => writeFileSync(path, text);
const read = (name: string) => readFileSync(join(folder, name), "utf8");
const run = (more: Partial<InitOptions> = {}) =>
  init({
    folder,
    mcp: true,
    agents: true,
    force: false,
    dryRun: false,
    program: join(root, "coord.js"),
    node: "/node",
    path: join(root, "bin"),
    ...more,
  });
const actions = (outcome: ReturnType<typeof run>) => Object.fromEntries(outcome.changes.map((change) => [change.file, change.action]));
/** Every file of the folder with its text: what must not change does not. */
const contents = () =>
  Object.fromEntries(
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [entry.name, read(entry.name)]),
  );

const entry = { command: "coord", args: ["mcp"], alwaysLoad: true };

describe("in an empty project", () => {
  it("writes the three files and says so", () => {
    const outcome = run();
    expect(actions(outcome)).toEqual({ ".mcp.json": "created", "AGENTS.md": "created", ".coord.json": "created" });
    expect(JSON.parse(read(".mcp.json"))).toEqual({ mcpServers: { coord: entry } });
    expect(JSON.parse(read(".coord.json"))).toEqual({ workspace: "shop" });
    expect(read("AGENTS.md")).toContain("coord claim");
    expect(renderText(outcome, false)).toMatchInlineSnapshot(`
      "created      .mcp.json   server coord
      created      AGENTS.md   how agents work together
      created      .coord.json workspace shop

      Workspace shop. Agents started in this folder now share its board.
      See it with: coord tasks
      "
    `);
  });

  it("changes nothing the second time, forced or not", () => {
    run();
    const before = contents();
    const times = Object.keys(before).map((name) => statSync(join(folder, name)).mtimeMs);
    expect(actions(run())).toEqual({ ".mcp.json": "unchanged", "AGENTS.md": "unchanged", ".coord.json": "unchanged" });
    expect(actions(run({ force: true }))).toEqual({ ".mcp.json": "unchanged", "AGENTS.md": "unchanged", ".coord.json": "unchanged" });
    expect(contents()).toEqual(before);
    expect(Object.keys(before).map((name) => statSync(join(folder, name)).mtimeMs)).toEqual(times);
  });

  it("leaves out what it is told to", () => {
    const outcome = run({ mcp: false, agents: false });
    expect(readdirSync(folder).sort()).toEqual([".coord.json", ".git"]);
    expect(outcome.skipped).toEqual([".mcp.json", "AGENTS.md"]);
  });

  it("shows the difference and writes nothing on a dry run", () => {
    const outcome = run({ dryRun: true });
    expect(readdirSync(folder)).toEqual([".git"]);
    const text = renderText(outcome, false);
    expect(text).toContain("would create .mcp.json");
    expect(text).toContain("--- /dev/null\n+++ b/.coord.json\n@@ -0,0 +1,3 @@\n+{\n");
    expect(text.split("\n").filter((line) => line.length > 81)).toEqual([]);
    const json = JSON.parse(renderJsonOutcome(outcome)) as { dry_run: boolean; files: { action: string; diff: string }[] };
    expect(json.dry_run).toBe(true);
    expect(json.files[0]!.diff).toContain('+    "coord": {');
  });

  it("leaves no temporary files", () => {
    run();
    expect(readdirSync(folder).sort()).toEqual([".coord.json", ".git", ".mcp.json", "AGENTS.md"]);
  });
});

describe("beside what is there", () => {
  it("keeps other servers, keys and text, to the letter", () => {
    const mcp = '{\n    "mcpServers": {\n        "db": {"command": "db-mcp", "args": ["--port","1"]}\n    },\n    "inputs": []\n}';
    write(join(folder, ".mcp.json"), mcp);
    write(join(folder, "AGENTS.md"), "# House rules\n\n* be kind   \n");
    write(join(folder, ".coord.json"), '{ "url": "http://127.0.0.1:9000/" }\n');
    expect(actions(run())).toEqual({ ".mcp.json": "updated", "AGENTS.md": "updated", ".coord.json": "updated" });
    expect(read(".mcp.json")).toContain(
      '        "db": {"command": "db-mcp", "args": ["--port","1"]},\n        "coord": {\n            "command": "coord",',
    );
    expect(read(".mcp.json").endsWith('    "inputs": []\n}')).toBe(true);
    expect(JSON.parse(read(".mcp.json")).mcpServers.coord).toEqual(entry);
    expect(read("AGENTS.md").startsWith("# House rules\n\n* be kind")).toBe(true);
    expect(JSON.parse(read(".coord.json"))).toEqual({ url: "http://127.0.0.1:9000/", workspace: "shop" });
  });

  it("keeps an entry of another's making, and replaces it when forced, with a copy", () => {
    const mine = '{"mcpServers":{"coord":{"command":"coord","args":["mcp"],"env":{"COORD_URL":"http://127.0.0.1:9/"}}}}';
    write(join(folder, ".mcp.json"), mine);
    expect(actions(run())[".mcp.json"]).toBe("kept");
    expect(read(".mcp.json")).toBe(mine);
    const forced = run({ force: true });
    expect(JSON.parse(read(".mcp.json"))).toEqual({ mcpServers: { coord: entry } });
    expect(forced.changes[0]!.backup).toBe(join(folder, ".mcp.json.bak"));
    expect(read(".mcp.json.bak")).toBe(mine);
  });

  it("keeps a block that was edited by hand, and replaces it when forced, with a copy", () => {
    run();
    const edited = read("AGENTS.md").replace("gives you a name", "gives you a bird's name");
    write(join(folder, "AGENTS.md"), edited);
    expect(actions(run())["AGENTS.md"]).toBe("kept");
    expect(read("AGENTS.md")).toBe(edited);
    expect(actions(run({ force: true }))["AGENTS.md"]).toBe("updated");
    expect(read("AGENTS.md")).not.toContain("bird's");
    expect(read("AGENTS.md.bak")).toBe(edited);
  });

  it("keeps the workspace that is set, unless another is asked for", () => {
    write(join(folder, ".coord.json"), '{"workspace":"team"}');
    const outcome = run({ force: true });
    expect([outcome.workspace, actions(outcome)[".coord.json"]]).toEqual(["team", "unchanged"]);
    expect(actions(run({ workspace: "other" }))[".coord.json"]).toBe("updated");
    expect(read(".coord.json")).toBe('{"workspace":"other"}');
  });

  it("takes the workspace of the repository's top folder in a folder below", () => {
    write(join(folder, ".coord.json"), '{"workspace":"team"}');
    mkdirSync(join(folder, "packages"));
    expect(run({ folder: join(folder, "packages") }).workspace).toBe("team");
  });

  it("has CLAUDE.md import AGENTS.md where a project has one, unless it does", () => {
    write(join(folder, "CLAUDE.md"), "# Claude\n");
    expect(actions(run())["CLAUDE.md"]).toBe("updated");
    expect(read("CLAUDE.md")).toMatch(/^# Claude\n\n<!-- coord:begin .*-->\n@AGENTS.md\n<!-- coord:end -->\n$/);
    write(join(folder, "CLAUDE.md"), "Read @AGENTS.md first.\n");
    expect(actions(run())).not.toHaveProperty("CLAUDE.md");
  });

  it("keeps a file's mode", () => {
    write(join(folder, "AGENTS.md"), "# x\n");
    chmodSync(join(folder, "AGENTS.md"), 0o600);
    run();
    expect(statSync(join(folder, "AGENTS.md")).mode & 0o777).toBe(0o600);
  });
});

describe("refusals leave the folder as it was", () => {
  it.each([
    [".mcp.json", '{ "mcpServers": {} // mine\n}', "not valid JSON"],
    [".mcp.json", "[]", "not a JSON object"],
    [".mcp.json", '{"mcpServers":[]}', "mcpServers is not a JSON object"],
    [".coord.json", "{", "not valid JSON"],
    ["AGENTS.md", "<!-- coord:begin -->\n", "instead of one pair"],
  ])("%s with %s", (name, text, message) => {
    write(join(folder, name), text);
    const before = contents();
    expect(() => run()).toThrow(message);
    expect(contents()).toEqual(before);
    const forced = run({ force: true });
    const change = forced.changes.find((one) => one.file === name)!;
    expect(change.action).toBe("updated");
    expect(readFileSync(change.backup!, "utf8")).toBe(text);
    expect(actions(run())[name]).toBe("unchanged");
  });

  it("follows no link out of the folder, and keeps one within it", () => {
    write(join(root, "theirs.md"), "# theirs\n");
    symlinkSync(join(root, "theirs.md"), join(folder, "AGENTS.md"));
    expect(() => run({ force: true })).toThrow("link out of the folder");
    expect(readFileSync(join(root, "theirs.md"), "utf8")).toBe("# theirs\n");
    expect(existsSync(join(folder, ".mcp.json"))).toBe(false);

    rmSync(join(folder, "AGENTS.md"));
    symlinkSync("missing.md", join(folder, "AGENTS.md"));
    expect(() => run()).toThrow("leads nowhere");

    rmSync(join(folder, "AGENTS.md"));
    write(join(folder, "CLAUDE.md"), "# ours\n");
    symlinkSync("CLAUDE.md", join(folder, "AGENTS.md"));
    run();
    expect(lstatSync(join(folder, "AGENTS.md")).isSymbolicLink()).toBe(true);
    expect(read("CLAUDE.md")).toContain("coord:begin");
  });

  it("says what is wrong with the folder", () => {
    expect(() => run({ folder: join(root, "nowhere") })).toThrow("no such file or folder");
    expect(() => run({ folder: join(root, "bin", "coord") })).toThrow("not a folder");
    mkdirSync(join(folder, "AGENTS.md"));
    expect(() => run()).toThrow("AGENTS.md is not a file");
  });

  it("names the file that it cannot write", () => {
    expect(() => writeWhole(join(folder, "gone", "AGENTS.md"), "")).toThrow(
      `cannot write ${join(folder, "gone", "AGENTS.md")}: no such file or folder`,
    );
    // Root may write anywhere, so only others see this one refused.
    if (process.getuid?.() === 0) return;
    chmodSync(folder, 0o555);
    try {
      expect(() => run()).toThrow(`cannot write ${join(folder, ".mcp.json")}: permission denied`);
    } finally {
      chmodSync(folder, 0o755);
    }
  });

  it("refuses a name that is no workspace's", () => {
    expect(() => run({ workspace: "No Spaces" })).toThrow("not a workspace name");
    expect(readdirSync(folder)).toEqual([".git"]);
  });
});
