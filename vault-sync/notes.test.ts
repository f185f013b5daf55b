import fc from "fast-check";
import matter from "gray-matter";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { Day, frontMatter, Moment } from "./front-matter.ts";
import { callout, inline, link } from "./markdown.ts";
import { divide, MARKER } from "./marker.ts";
import { ScriptedBoard } from "./testing/scripted-board.ts";
import { catchUp, contents, temporaryVault } from "./testing/vault.ts";

/** Texts that the protocol lets through: anything but NUL and lone surrogates. */
const hostile = fc
  .oneof(
    fc.string({ unit: "binary", minLength: 1, maxLength: 200 }),
    fc.constantFrom(
      "no",
      "~",
      "null",
      "1e3",
      "12:30",
      "0o7",
      "2026-01-01",
      "- a",
      "a: b",
      "# x",
      "---",
      "...",
      "'\"\\",
      "!!js/x",
      "&a *a",
      "{{x}}",
      "[[x]]",
      "%% x",
      "\u0085\u2028\u2029\ufeff\x7f\x9f",
      "\ufffe\uffff",
      "a\n---\nb",
      "\t",
      "🚀 👩‍👩‍👧",
      "<<",
      "=",
      "@x",
      "`x",
      "y",
      "NaN",
      ".inf",
      "0x1F",
      "1_000",
    ),
  )
  .map((text) => text.replaceAll("\0", ""))
  .filter((text) => text !== "");

describe("front matter", () => {
  it("says the same to parsers of YAML 1.1 and 1.2", () => {
    fc.assert(
      fc.property(hostile, fc.array(hostile, { minLength: 1, maxLength: 4 }), fc.integer(), fc.boolean(), (name, labels, number, held) => {
        const text = frontMatter({ name, labels, number, held, nothing: undefined, none: [] });
        expect(matter(`${text}# body\n`).data).toEqual({ name, labels, number, held });
        expect(load(text.split("\n").slice(1, -2).join("\n"))).toEqual({ name, labels, number, held });
        expect(matter(`${text}# body\n`).content).toBe("# body\n");
      }),
      { numRuns: 500 },
    );
  });

  it("has times as Obsidian's properties have them", () => {
    expect(frontMatter({ created: new Moment("2026-11-21T09:43:12.345Z"), date: new Day("2026-11-21") })).toBe(
      "---\ncreated: 2026-11-21T09:43:12\ndate: 2026-11-21\n---\n",
    );
  });
});

describe("other people's text", () => {
  it.each([
    ["**a** _b_ `c`", "\\*\\*a\\*\\* \\_b\\_ \\`c\\`"],
    ["fix_login_bug", "fix_login_bug"],
    ["#tag and #1", "\\#tag and \\#1"],
    ["[[link]] <b>", "\\[\\[link\\]\\] \\<b>"],
    ["a\nb\u202ec", "a b c"],
    ["50%% off", "50\\%% off"],
    ["&amp; R&D", "\\&amp; R&D"],
  ])("%j on one line is %j", (given, wanted) => {
    expect(inline(given)).toBe(wanted);
  });

  it.each([
    ["a]] b [[c|d", "[[p|a)) b ((c¦d]]"],
    ["two\nlines", "[[p|two lines]]"],
    ["\u0007", "[[p]]"],
  ])("%j as an alias is %j", (given, wanted) => {
    expect(link("p", given)).toBe(wanted);
  });

  it("in a callout never leaves it, and names no language that a plugin would run", () => {
    const lines = callout(
      "abstract",
      "Description",
      `# big\n\`\`\`dataviewjs\nalert(1) %%\n\`\`\`\n%%\nhidden?\n\`\`\`ts\nconst a = 1;\n${MARKER}`,
    );
    expect(lines.every((line) => line.startsWith(">"))).toBe(true);
    expect(lines.join("\n")).not.toContain("dataviewjs");
    expect(lines).toContain("> ```ts");
    expect(lines).toContain("> %\\%");
    expect(lines).toContain("> alert(1) %%");
  });

  it("in a task gives a note of one marker, whose properties say what the task does", async () => {
    await fc.assert(
      fc.asyncProperty(hostile, hostile, fc.jsonValue(), async (name, description, payload) => {
        using vault = temporaryVault();
        const board = new ScriptedBoard();
        const task = board.send("harbor-lynx", {
          name,
          description: `${description}\n${MARKER}\n${description}`,
          payload: { payload, text: MARKER },
        });
        board.claim("harbor-lynx", task);
        board.end("task.failed", "harbor-lynx", task, `${description}\n${MARKER}`);
        await catchUp(board, vault.root);
        const [[, bytes] = []] = [...contents(vault.root)].filter(([path]) => path.startsWith("tasks/"));
        const { data } = matter(bytes!.toString());
        expect(data).toMatchObject({ id: task.id, number: 1, name, state: "failed" });
        expect(divide(bytes!)?.below.length).toBe(0);
        const block = /## Payload\n\n```json\n([\s\S]*?)\n```\n/.exec(bytes!.toString())?.[1];
        expect(JSON.parse(block ?? "")).toEqual(JSON.parse(JSON.stringify({ payload, text: MARKER })));
      }),
      { numRuns: 60 },
    );
  });
});
