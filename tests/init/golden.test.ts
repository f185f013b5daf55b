import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseText } from "../../cli/init/edit/jsonc.ts";
import { HOSTS } from "../../cli/init/hosts/index.ts";
import { renderJsonOutcome } from "../../cli/init/report.ts";
import type { InitOutcome } from "../../cli/init/run.ts";
import { actions, type Files, pack, TestProject, unpack } from "./project.ts";

const GOLDEN = join(import.meta.dirname, "golden");

const CASES = HOSTS.flatMap(({ name }) => readdirSync(join(GOLDEN, name)).map((example) => ({ host: name, example })));

const before = (host: string, example: string): Files => unpack(readFileSync(join(GOLDEN, host, example, "before.txt"), "utf8"));
const eachText = (files: Files, change: (text: string) => string): Files =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [name, change(text)]));

it("has an example of a fresh project and of one with content for every host", () => {
  for (const { name } of HOSTS) expect(readdirSync(join(GOLDEN, name))).toEqual(expect.arrayContaining(["fresh", "full"]));
});

describe.each(CASES)("$host, $example", ({ host, example }) => {
  it("is configured beside what is there, once", async () => {
    const project = new TestProject(before(host, example));
    project.init({ for: host });
    const after = project.files();
    await expect(pack(after)).toMatchFileSnapshot(join(GOLDEN, host, example, "after.txt"));

    const times = project.times();
    const again = project.init({ for: host });
    expect(new Set(Object.values(actions(again)))).toEqual(new Set(["unchanged"]));
    expect(project.files()).toEqual(after);
    expect(project.times()).toEqual(times);
  });

  it("is as it was, to the letter, after --remove", () => {
    const files = before(host, example);
    const project = new TestProject(files);
    const folders = project.folders();
    project.init({ for: host });
    project.init({ for: host, force: true });
    project.init({ for: host, remove: true });
    expect(project.files()).toEqual(files);
    expect(project.folders()).toEqual(folders);
    expect(Object.keys(actions(project.init({ remove: true })))).toEqual([]);
  });

  it("is without coord after --remove where nothing is known of what init did, and otherwise as it was", () => {
    const files = before(host, example);
    const project = new TestProject(files);
    project.init({ for: host });
    rmSync(project.dataFolder, { recursive: true });
    project.init({ remove: true });
    expect(said(project.files())).toEqual(said(files));
  });

  it.each([
    ["Windows line ends", (text: string) => text.replaceAll("\n", "\r\n")],
    ["no newline at the end", (text: string) => text.trimEnd()],
    ["a byte order mark", (text: string) => `\ufeff${text}`],
  ])("keeps %s", (_what, change) => {
    const files = eachText(before(host, example), change);
    const project = new TestProject(files);
    project.init({ for: host });
    for (const [name, text] of Object.entries(files)) {
      const now = project.read(name);
      if (text.includes("\r\n")) expect(now.replaceAll("\r\n", ""), name).not.toContain("\n");
      if (text.startsWith("\ufeff")) expect(now.lastIndexOf("\ufeff"), name).toBe(0);
    }
    expect(new Set(Object.values(actions(project.init({ for: host }))))).toEqual(new Set(["unchanged"]));
    project.init({ remove: true });
    expect(project.files()).toEqual(files);
  });

  it("shows on a dry run what it would do, either way, and does nothing", () => {
    const project = new TestProject(before(host, example));
    const files = project.files();
    const preview = project.init({ for: host, dryRun: true });
    expect(project.files()).toEqual(files);
    expect(existsSync(project.dataFolder)).toBe(false);
    for (const { file, action, before: from = "", after: to = "" } of preview.changes) {
      const added = action === "unchanged" ? [] : to.split("\n").filter((line) => !from.split("\n").includes(line));
      const shown = differences(preview).get(file) ?? "";
      for (const line of added) expect(shown, file).toContain(`+${line.trimEnd()}`);
    }
    expect(differences(preview).size).toBeGreaterThan(0);
    project.init({ for: host });
    const after = project.files();
    const removal = project.init({ remove: true, dryRun: true });
    expect(project.files()).toEqual(after);
    expect(new Set(Object.values(actions(removal)))).toEqual(
      new Set(Object.values(actions(removal)).filter((action) => /removed|updated/.test(action))),
    );
  });
});

describe("all of them at once", () => {
  it("are configured and taken out again beside everything that is there", () => {
    const files = Object.assign(
      {},
      ...CASES.filter(({ example }) => example === "full").map(({ host, example }) => before(host, example)),
    ) as Files;
    const project = new TestProject(files);
    const folders = project.folders();
    project.init({ for: "all" });
    expect(new Set(Object.values(actions(project.init({ for: "all" }))))).toEqual(new Set(["unchanged"]));
    project.init({ remove: true });
    expect(project.files()).toEqual(files);
    expect(project.folders()).toEqual(folders);
  });
});

/** What a dry run shows of each file that it would change. */
function differences(outcome: InitOutcome): Map<string, string> {
  const { files } = JSON.parse(renderJsonOutcome(outcome)) as { files: { file: string; diff: string }[] };
  return new Map(files.filter(({ diff }) => diff !== "").map(({ file, diff }) => [file, diff]));
}

/** What files say: --remove cannot know that an empty file or member, or the layout of one, was there before. */
function said(files: Files): Record<string, unknown> {
  // .coord.json stays where it holds more than a board's name: it is coord's own, and says nothing about who wrote which part.
  const others = Object.entries(files).filter(([name]) => name !== ".coord.json");
  const filled = others.map(([name, text]): [string, unknown] => [
    name,
    /\.jsonc?$/.test(name) ? [filledOnly(parseText(text, false)), text.match(/\/\/.*|\/\*.*\*\//g)] : text.trimEnd(),
  ]);
  return Object.fromEntries(filled.filter(([, value]) => !(Array.isArray(value) && value[0] === undefined && value[1] === null)));
}

function filledOnly(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const members = Object.entries(value).flatMap(([name, one]) => (filledOnly(one) === undefined ? [] : [[name, filledOnly(one)] as const]));
  return members.length === 0 ? undefined : Object.fromEntries(members);
}
