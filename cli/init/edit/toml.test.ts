import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseToml, removeTable, renderTable, setTable, tableText, Unwieldy } from "./toml.ts";

const path = ["mcp_servers", "coord"];
const table = { command: "coord", args: ["mcp"], tool_timeout_sec: 300 };
const written = '[mcp_servers.coord]\ncommand = "coord"\nargs = ["mcp"]\ntool_timeout_sec = 300\n';

describe("setTable", () => {
  it("adds a table at the end, set apart by one empty line", () => {
    expect(setTable("", path, table)).toBe(written);
    expect(setTable("a = 1 # one\n", path, table)).toBe(`a = 1 # one\n\n${written}`);
    expect(setTable("a = 1", path, table)).toBe(`a = 1\n\n${written}`);
    expect(setTable("a = 1\n\n", path, table)).toBe(`a = 1\n\n${written}`);
    expect(setTable("a = 1\r\n", path, table)).toBe(`a = 1\r\n\r\n${written.replaceAll("\n", "\r\n")}`);
  });

  it("replaces its own table where it stands, with what is below it", () => {
    const text = `# top\n[mcp_servers.coord]\ncommand = "old" # why\n[mcp_servers.coord.env]\nA = "1"\n\n# next\n[next]\nb = 1\n`;
    expect(setTable(text, path, table)).toBe(`# top\n${written}\n# next\n[next]\nb = 1\n`);
  });

  it("takes a header within a string for what it is", () => {
    const text = 'x = """\n[mcp_servers.coord]\ncommand = "no"\n"""\n';
    expect(parseToml(setTable(text, path, table))).toEqual({ x: '[mcp_servers.coord]\ncommand = "no"\n', mcp_servers: { coord: table } });
    expect(removeTable(setTable(text, path, table), path)).toBe(text);
  });

  it("becomes a member where the parent is written on one line", () => {
    const after = setTable('mcp_servers = { db = { command = "x" } } # ours\n', path, table);
    expect(parseToml(after)).toEqual({ mcp_servers: { db: { command: "x" }, coord: table } });
    expect(after).toContain("# ours");
  });

  it("refuses what it cannot do without touching what is not ours", () => {
    expect(() => setTable('mcp_servers = "none"\n', path, table)).toThrow(Unwieldy);
    expect(() => setTable('mcp_servers = "none"\n', path, table)).toThrow("mcp_servers is not a table");
    expect(() => setTable('mcp_servers = { coord = { command = "x" } }\n', path, table)).toThrow("not written as a table of its own");
  });

  it("keeps every line of any file, adds its own, and takes them back", () => {
    const line = fc.oneof(
      fc.constantFrom("", "  ", "# a remark", "\t# [mcp_servers.coord]"),
      fc
        .tuple(fc.stringMatching(/^[a-z]{1,6}$/), fc.oneof(fc.integer(), fc.boolean()))
        .map(([name, value]) => `${name} = ${value}   # ${name}`),
    );
    const section = fc.tuple(fc.stringMatching(/^[a-z]{1,6}$/), fc.array(line)).map(([name, lines]) => [`[${name}]`, ...lines].join("\n"));
    const file = fc.tuple(fc.array(section), fc.constantFrom("", "\n", "\n\n"), fc.constantFrom("\n", "\r\n"));
    fc.assert(
      fc.property(file, ([sections, end, newline]) => {
        const text = (sections.join("\n") + end).replaceAll("\n", newline);
        fc.pre(isToml(text));
        const after = setTable(text, path, table);
        expect(after.startsWith(text)).toBe(true);
        expect(parseToml(after)).toEqual({ ...parseToml(text), mcp_servers: { coord: table } });
        expect(setTable(after, path, table)).toBe(after);
        expect(removeTable(after, path).trimEnd()).toBe(text.trimEnd());
      }),
    );
  });
});

describe("removeTable", () => {
  it("keeps the comment of what follows, and an empty parent", () => {
    const text = `[mcp_servers]\n\n${written}# about b\n[b]\nc = 1\n`;
    expect(removeTable(text, path)).toBe("[mcp_servers]\n\n# about b\n[b]\nc = 1\n");
    expect(removeTable("a = 1\n", path)).toBe("a = 1\n");
  });

  it("knows its own lines", () => {
    expect(tableText(`a = 1\n\n${written}\n# end\n`, path)).toBe(written);
    expect(tableText("a = 1\n", path)).toBeUndefined();
    expect(renderTable(["a b", "c"], { d: true })).toBe('["a b".c]\nd = true\n');
  });
});

function isToml(text: string): boolean {
  try {
    parseToml(text);
    return true;
  } catch {
    // The same name twice, or a table twice: no file of anybody's.
    return false;
  }
}
