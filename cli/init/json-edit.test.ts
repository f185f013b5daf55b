import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NotAnObject, renderJson, setMember } from "./json-edit.ts";

const entry = { command: "coord", args: ["mcp"] };
const path = ["mcpServers", "coord"] as const;

describe("setMember", () => {
  it("adds a member and leaves every other character as it was", () => {
    const before = '{\n\t"mcpServers": {\n\t\t"other": { "command": "x",  "args": ["a","b"] }\n\t},\n\t"more": 1\n}\n';
    expect(setMember(before, path, entry)).toBe(
      '{\n\t"mcpServers": {\n\t\t"other": { "command": "x",  "args": ["a","b"] },\n\t\t"coord": {\n\t\t\t"command": "coord",\n\t\t\t"args": ["mcp"]\n\t\t}\n\t},\n\t"more": 1\n}\n',
    );
  });

  it("fills an empty object", () => {
    expect(setMember('{\n    "mcpServers": {}\n}', path, entry)).toBe(
      '{\n    "mcpServers": {\n        "coord": {\n            "command": "coord",\n            "args": ["mcp"]\n        }\n    }\n}',
    );
    expect(setMember("{}", ["workspace"], "w")).toBe('{\n  "workspace": "w"\n}');
  });

  it("keeps one line on one line", () => {
    expect(setMember('{"a":[1,{"b":"}"}]}', path, entry)).toBe(
      '{"a":[1,{"b":"}"}],"mcpServers":{"coord":{"command":"coord","args":["mcp"]}}}',
    );
  });

  it("keeps Windows line ends", () => {
    const after = setMember('{\r\n  "a": 1\r\n}\r\n', path, entry);
    expect(after.replaceAll("\r\n", "")).not.toContain("\n");
    expect(JSON.parse(after)).toEqual({ a: 1, mcpServers: { coord: entry } });
  });

  it("replaces only the value that is there", () => {
    expect(setMember('{ "workspace": "a", "url": "u" }', ["workspace"], "b")).toBe('{ "workspace": "b", "url": "u" }');
  });

  it("sets the member that JSON.parse reads where one name stands twice", () => {
    expect(JSON.parse(setMember('{"workspace":"a","workspace":"b"}', ["workspace"], "c"))).toEqual({ workspace: "c" });
  });

  it("refuses a path through a value that is no object, unless it may replace it", () => {
    expect(() => setMember('{"mcpServers":[]}', path, entry)).toThrow(NotAnObject);
    expect(() => setMember("[]", path, entry)).toThrow(NotAnObject);
    expect(JSON.parse(setMember('{"mcpServers":[],"a":1}', path, entry, true))).toEqual({ mcpServers: { coord: entry }, a: 1 });
  });

  it("does to any JSON object what an assignment would, whatever its layout", () => {
    const text = fc
      .tuple(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 1, 2, 4, "\t"), fc.boolean())
      .map(([value, indent, windows]) => {
        const plain = JSON.stringify(value, null, indent);
        return windows ? plain.replaceAll("\n", "\r\n") : plain;
      });
    fc.assert(
      fc.property(text, fc.string({ minLength: 1 }), fc.string(), fc.jsonValue(), (before, outer, inner, value) => {
        fc.pre(outer !== "__proto__" && inner !== "__proto__");
        const expected = JSON.parse(before) as Record<string, unknown>;
        const there = expected[outer];
        const holder = typeof there === "object" && there !== null && !Array.isArray(there) ? (there as Record<string, unknown>) : {};
        holder[inner] = value;
        expected[outer] = holder;
        expect(JSON.parse(setMember(before, [outer, inner], value, true))).toEqual(JSON.parse(JSON.stringify(expected)));
      }),
    );
  });
});

describe("renderJson", () => {
  it("writes short lists on one line and ends with a newline", () => {
    expect(renderJson({ mcpServers: { coord: entry } })).toBe(
      '{\n  "mcpServers": {\n    "coord": {\n      "command": "coord",\n      "args": ["mcp"]\n    }\n  }\n}\n',
    );
  });
});
