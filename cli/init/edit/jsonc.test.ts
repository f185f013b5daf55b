import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { appendItem, NotAContainer, parseText, removeItem, removeMember, setMember } from "./jsonc.ts";
import { renderJson } from "./layout.ts";

const entry = { command: "coord", args: ["mcp"] };
const path = ["mcpServers", "coord"] as const;

/** Any object as JSON, in one of the layouts that people and programs write. */
const anyObject = fc
  .tuple(fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(0, 1, 2, 4, "\t"), fc.boolean())
  .map(([value, indent, windows]) => {
    const plain = JSON.stringify(value, null, indent);
    return windows ? plain.replaceAll("\n", "\r\n") : plain;
  });

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
    expect(() => setMember('{"mcpServers":[]}', path, entry)).toThrow(NotAContainer);
    expect(() => setMember("[]", path, entry)).toThrow(NotAContainer);
    expect(JSON.parse(setMember('{"mcpServers":[],"a":1}', path, entry, true))).toEqual({ mcpServers: { coord: entry }, a: 1 });
  });

  it("writes one line as that line is written", () => {
    expect(setMember('{ "a": 1, "b": [1, 2] }', path, entry)).toBe(
      '{ "a": 1, "b": [1, 2], "mcpServers": {"coord": {"command": "coord", "args": ["mcp"]}} }',
    );
  });

  it("stands behind the comment of the line before it, and keeps a trailing comma", () => {
    expect(setMember('{\n  "a": 1 // one, /* really */\n  // two\n}', ["b"], 2)).toBe(
      '{\n  "a": 1, // one, /* really */\n  "b": 2\n  // two\n}',
    );
    expect(setMember('{\n  "a": 1, // one\n}', ["b"], 2)).toBe('{\n  "a": 1, // one\n  "b": 2,\n}');
    expect(setMember("{\n  /* nothing */\n}", ["b"], 2)).toBe('{\n  /* nothing */\n  "b": 2\n}');
    expect(setMember("{ /* no */ }", ["b"], 2)).toBe('{ /* no */\n  "b": 2\n}');
    expect(setMember('{"a":{// no\n}}', ["a", "b"], 2)).toBe('{"a":{// no\n"b":2}}');
  });

  it("does to any JSON object what an assignment would, whatever its layout", () => {
    fc.assert(
      fc.property(anyObject, fc.string({ minLength: 1 }), fc.string(), fc.jsonValue(), (before, outer, inner, value) => {
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

describe("removeMember", () => {
  it.each([
    ['{\n  "a": 1, // one\n  "b": 2 // mine\n  // three\n}', ["b"], '{\n  "a": 1 // one\n  // mine\n  // three\n}'],
    ['{\n  "b": {\n    "c": 1\n  },\n  "a": 1\n}', ["b"], '{\n  "a": 1\n}'],
    ['{\n  "a": 1,\n  "b": 2,\n}', ["b"], '{\n  "a": 1,\n}'],
    ['{ "a": 1, "b": 2 }', ["b"], '{ "a": 1 }'],
    ['{ "b": 2, "a": 1 }', ["b"], '{ "a": 1 }'],
    ['{"a":1,"b":2}', ["b"], '{"a":1}'],
    ['{"b":2}', ["b"], "{}"],
    ['{"a":{"b":2},"c":3}', ["a", "b"], '{"a":{},"c":3}'],
    ['{"a":1}', ["b"], '{"a":1}'],
  ] as const)("%j without %j", (text, path, expected) => {
    expect(removeMember(text, path as unknown as [string])).toBe(expected);
  });

  it("takes an object that it leaves empty along, but none with a comment in it", () => {
    expect(removeMember('{"a":{"b":{"c":1}},"d":1}', ["a", "b", "c"], 0)).toBe('{"d":1}');
    expect(removeMember('{"a":{"b":{"c":1}},"d":1}', ["a", "b", "c"], 1)).toBe('{"a":{},"d":1}');
    expect(removeMember('{"a":{"b":1 /* b */},"d":1}', ["a", "b"], 0)).toBe('{"a":{/* b */},"d":1}');
  });

  it("undoes setMember by value, whatever is around", () => {
    fc.assert(
      fc.property(anyObject, fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (before, outer, inner) => {
        const value = JSON.parse(before) as Record<string, unknown>;
        fc.pre(outer !== "__proto__" && inner !== "__proto__" && !Object.hasOwn(value, outer));
        expect(JSON.parse(removeMember(setMember(before, [outer, inner], entry), [outer, inner], 0))).toEqual(value);
      }),
    );
  });
});

describe("items", () => {
  it("are added to a list and taken out of it, others stay where they are", () => {
    const text = '{\n  "hooks": {\n    "Stop": [\n      { "a": 1 } // first\n    ]\n  }\n}\n';
    const added = appendItem(text, ["hooks", "Stop"], { b: 2 });
    expect(added).toBe('{\n  "hooks": {\n    "Stop": [\n      { "a": 1 }, // first\n      {\n        "b": 2\n      }\n    ]\n  }\n}\n');
    expect(removeItem(added, ["hooks", "Stop"], 1)).toBe(text);
    expect(removeItem(added, ["hooks", "Stop"], 0)).toContain("// first");
    expect(appendItem('{"a":[1]}', ["a"], 2)).toBe('{"a":[1,2]}');
  });

  it("make the list that is not there, and leave none that is empty", () => {
    const made = appendItem('{"x":1}', ["hooks", "Stop"], 1);
    expect(made).toBe('{"x":1,"hooks":{"Stop":[1]}}');
    expect(removeItem(made, ["hooks", "Stop"], 0, 0)).toBe('{"x":1}');
    expect(() => appendItem('{"hooks":{"Stop":1}}', ["hooks", "Stop"], 1)).toThrow("hooks.Stop is not a JSON list");
  });
});

describe("parseText", () => {
  it("takes comments and trailing commas where they are allowed, and says where it cannot go on", () => {
    const text = '\ufeff// x\n{ "a": [1, 2,], "__proto__": 3, }';
    expect(Object.entries(parseText(text, false) as object)).toEqual([
      ["a", [1, 2]],
      ["__proto__", 3],
    ]);
    expect(() => parseText(text, true)).toThrow(SyntaxError);
    expect(() => parseText('{\n  "a": \n}', false)).toThrow("ValueExpected in line 3");
    expect(parseText('{"a":1,"a":2}', false)).toEqual({ a: 2 });
  });
});

describe("renderJson", () => {
  it("writes short lists on one line and ends with a newline", () => {
    expect(renderJson({ mcpServers: { coord: entry } })).toBe(
      '{\n  "mcpServers": {\n    "coord": {\n      "command": "coord",\n      "args": ["mcp"]\n    }\n  }\n}\n',
    );
  });
});
