import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseText } from "../../cli/init/edit/jsonc.ts";
import { actions, type Files, pack, TestProject, unpack } from "./project.ts";

const GOLDEN = join(import.meta.dirname, "wake");

const FILES = {
  claude: ".claude/settings.json",
  codex: ".codex/hooks.json",
  gemini: ".gemini/settings.json",
  cursor: ".cursor/hooks.json",
  opencode: ".opencode/plugins/coord.js",
} as const;
type HostName = keyof typeof FILES;
const HOSTS = Object.keys(FILES) as HostName[];
const CASES = HOSTS.flatMap((host) => ["fresh", "full"].map((example) => ({ host, example })));

const before = (host: string, example: string): Files => unpack(readFileSync(join(GOLDEN, host, example, "before.txt"), "utf8"));
/** Hooks alone: what else init writes has golden files of its own. */
const hooks = (host: string) => ({ for: host, wake: true, mcp: false, agents: false });

describe.each(CASES)("the hooks of $host, $example", ({ host, example }) => {
  it("are written beside what is there, once", async () => {
    const project = new TestProject(before(host, example));
    project.init(hooks(host));
    const { ".coord.json": _board, ...after } = project.files();
    await expect(pack(after)).toMatchFileSnapshot(join(GOLDEN, host, example, "after.txt"));
    const again = project.init(hooks(host));
    expect(new Set(Object.values(actions(again)))).toEqual(new Set(["unchanged"]));
    project.init({ ...hooks(host), wake: false });
    expect(project.read(FILES[host])).toBe(after[FILES[host]]);
  });

  it("are taken out again, to the letter", () => {
    const files = before(host, example);
    const project = new TestProject(files);
    const folders = project.folders();
    project.init(hooks(host));
    project.init({ remove: true });
    expect(project.files()).toEqual(files);
    expect(project.folders()).toEqual(folders);
  });

  it("are taken out, and nothing else, where nothing is known of what init did", () => {
    const files = before(host, example);
    const project = new TestProject(files);
    project.init(hooks(host));
    rmSync(project.dataFolder, { recursive: true });
    project.init({ for: host, remove: true });
    const left = project.files();
    for (const text of Object.values(left)) expect(text).not.toContain("coord");
    for (const [name, text] of Object.entries(files)) {
      if (name.endsWith(".json")) expect(filled(parseText(left[name]!, false))).toEqual(filled(parseText(text, false)));
      else expect(left[name]).toBe(text);
    }
  });

  it("are shown on a dry run, which writes nothing", () => {
    const project = new TestProject(before(host, example));
    const files = project.files();
    expect(Object.keys(actions(project.init({ ...hooks(host), dryRun: true })))).toContain(FILES[host]);
    expect(project.files()).toEqual(files);
  });
});

describe.each(HOSTS.filter((host) => host !== "opencode"))("the hooks of %s", (host) => {
  const edit = (project: TestProject, change: (text: string) => string) =>
    project.write({ [FILES[host]]: change(project.read(FILES[host])) });

  it("keep what their user added, and make room for a longer wait", () => {
    const project = new TestProject();
    project.init(hooks(host));
    const [command] = host === "claude" ? ["hook claude --event wait"] : [`hook ${host}`];
    edit(project, (text) => text.replaceAll(`${command}"`, `${command} --wait 2m --kind ack --name-contains 'v1 stable'"`));
    const edited = project.read(FILES[host]);
    project.init(hooks(host));
    const now = project.read(FILES[host]);
    expect(now).toContain("--wait 2m --kind ack --name-contains 'v1 stable'");
    if (host === "claude") expect(now).toBe(edited);
    else expect(now).toContain(host === "gemini" ? "135000" : "135");
    project.init({ remove: true });
    expect(Object.keys(project.files())).toEqual([]);
  });

  it("are started in another way once coord is, without a second one", () => {
    const project = new TestProject();
    project.init(hooks(host));
    rmSync(join(project.bin, "coord"));
    project.init(hooks(host));
    const text = project.read(FILES[host]);
    expect(text).toContain(`/node ${join(project.root, "coord.js")} hook ${host}`);
    expect(text).not.toContain('"coord hook');
  });
});

describe("opencode's plugin", () => {
  it("is not replaced where it was edited, but with --force", () => {
    const project = new TestProject();
    project.init(hooks("opencode"));
    const written = project.read(FILES.opencode);
    project.write({ [FILES.opencode]: `${written}// and more\n` });
    expect(actions(project.init(hooks("opencode")))[FILES.opencode]).toBe("kept");
    project.init({ ...hooks("opencode"), force: true });
    expect(project.read(FILES.opencode)).toBe(written);
  });
});

it("no hook is written unless it is asked for", () => {
  const project = new TestProject();
  project.init({ for: "all" });
  expect(Object.values(project.files()).join("")).not.toContain("coord hook");
});

it("all of them go in and out beside everything else that init writes", () => {
  const files = Object.assign({}, ...HOSTS.map((host) => before(host, "full"))) as Files;
  const project = new TestProject(files);
  project.init({ for: "all", wake: true });
  expect(new Set(Object.values(actions(project.init({ for: "all", wake: true }))))).toEqual(new Set(["unchanged"]));
  for (const host of HOSTS) expect(project.read(FILES[host])).toContain("coord");
  project.init({ remove: true });
  expect(project.files()).toEqual(files);
});

/** Without empty lists and objects: a removal cannot know that they were there before. */
function filled(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(filled);
  const members = Object.entries(value).flatMap(([name, one]) => (filled(one) === undefined ? [] : [[name, filled(one)] as const]));
  return members.length === 0 ? undefined : Object.fromEntries(members);
}
