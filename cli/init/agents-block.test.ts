import { describe, expect, it } from "vitest";
import { block, withBlock, withoutBlock } from "./agents-block.ts";
import { AGENTS_TEXT } from "./agents-text.ts";

describe("withBlock", () => {
  it("makes a file of the block alone", () => {
    expect(withBlock(undefined, "body")).toEqual({ action: "created", text: `${block("body")}\n` });
    expect(withBlock(" \n", "body").action).toBe("created");
  });

  it("appends to what is there", () => {
    expect(withBlock("# Rules\n\nBe kind.", "body")).toEqual({ action: "updated", text: `# Rules\n\nBe kind.\n\n${block("body")}\n` });
  });

  it("changes nothing the second time", () => {
    const once = withBlock("# Rules\n", "body").text;
    expect(withBlock(once, "body")).toEqual({ action: "unchanged", text: once });
  });

  it("updates its own block and nothing around it", () => {
    const before = `# Before\n\n${block("old text\n\nof coord")}\n\n# After\n`;
    expect(withBlock(before, "new")).toEqual({ action: "updated", text: `# Before\n\n${block("new")}\n\n# After\n` });
  });

  it("keeps a block that was edited by hand until it is forced", () => {
    const edited = `# Before\n\n${block("old").replace("old", "old, and ours")}\n`;
    expect(withBlock(edited, "new")).toEqual({ action: "kept", text: edited });
    expect(withBlock(edited, "new", true)).toEqual({ action: "updated", text: `# Before\n\n${block("new")}\n`, replaced: "edited" });
  });

  it("writes in the file's own line ends, and knows its block by them", () => {
    const once = withBlock("# Rules\r\n", "one\ntwo").text;
    expect(once.replaceAll("\r\n", "")).not.toContain("\n");
    expect(withBlock(once, "one\ntwo").action).toBe("unchanged");
    expect(withBlock(once, "three").action).toBe("updated");
  });

  it.each([
    ["no end", "<!-- coord:begin 0123456789ab -->\nbody\n"],
    ["no begin", "body\n<!-- coord:end -->\n"],
    ["two blocks", `${block("a")}\n${block("b")}\n`],
    ["the wrong order", "<!-- coord:end -->\nbody\n<!-- coord:begin -->\n"],
  ])("refuses markers that do not pair up: %s", (_what, before) => {
    expect(withBlock(before, "body").action).toBe("damaged");
    const forced = withBlock(before, "new", true);
    expect(forced).toMatchObject({ action: "updated", replaced: "damaged" });
    expect(withBlock(forced.text, "new").action).toBe("unchanged");
  });
});

describe("withoutBlock", () => {
  it.each([
    ["# Rules\n\nBe kind.\n", "\n"],
    ["# Rules\r\n", "\r\n"],
  ])("undoes withBlock: %j", (before) => {
    expect(withoutBlock(withBlock(before, "body").text)).toEqual({ action: "removed", text: before });
  });

  it("keeps what stands around it apart, and leaves nothing of a file that is the block alone", () => {
    expect(withoutBlock(`# A\n\n${block("body")}\n\n# B\n`).text).toBe("# A\n\n# B\n");
    expect(withoutBlock(`# A\n${block("body")}\n# B\n`).text).toBe("# A\n\n# B\n");
    expect(withoutBlock(`${block("body")}\n\n# B\n`).text).toBe("# B\n");
    expect(withoutBlock(`${block("body")}\n`).text).toBe("");
  });

  it("keeps a block that was edited until it is forced, and touches no markers that do not pair up", () => {
    const edited = `${block("old").replace("old", "ours")}\n`;
    expect(withoutBlock(edited)).toEqual({ action: "kept", text: edited });
    expect(withoutBlock(edited, true).text).toBe("");
    expect(withoutBlock("<!-- coord:end -->\n", true).action).toBe("damaged");
    expect(withoutBlock("nothing\n")).toEqual({ action: "absent", text: "nothing\n" });
  });
});

describe("the text itself", () => {
  it("stays under 1,200 tokens", () => {
    // Tokenizers in use spend 3.5 to 4.5 characters on a token of English with code in it: three is the careless bound.
    expect(block(AGENTS_TEXT).length / 3).toBeLessThanOrEqual(1200);
  });

  it("fits 80 columns", () => {
    expect(AGENTS_TEXT.split("\n").filter((line) => line.length > 80)).toEqual([]);
  });
});
