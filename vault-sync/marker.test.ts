import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { divide, join, MARKER } from "./marker.ts";

const bytes = (text: string) => Buffer.from(text);

describe("a note", () => {
  it("gives back a person's bytes, whatever they are", () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .constantFrom(MARKER, `${MARKER}\n`, `a\r\n${MARKER}\r\nb`, "\r\n\r\n", "no newline", "\0\xff")
        .map((text) => new Uint8Array(bytes(text))),
    );
    fc.assert(
      fc.property(anything, (below) => {
        const parts = divide(join("# title\n\ntext\n", Buffer.from(below)));
        expect(parts?.above.toString()).toBe("# title\n\ntext\n");
        expect(parts?.below.equals(Buffer.from(below))).toBe(true);
      }),
    );
  });

  it("that an editor gave CRLF is divided at the same place", () => {
    const parts = divide(bytes(`# title\r\n${MARKER}\r\nmine\r\n`));
    expect(parts?.below.toString()).toBe("mine\r\n");
  });

  it.each([
    ["at its end without a line end", `x\n${MARKER}`, ""],
    ["at its very beginning", `${MARKER}\nmine`, "mine"],
  ])("may have the marker %s", (_where, text, below) => {
    expect(divide(bytes(text))?.below.toString()).toBe(below);
  });

  it.each([
    ["in the middle of a line", `see ${MARKER}\n`],
    ["with something behind it", `${MARKER} really\n`],
    ["in a quotation", `> ${MARKER}\n`],
    ["nowhere", "# title\n"],
  ])("that has the marker %s is not divided", (_where, text) => {
    expect(divide(bytes(text))).toBeUndefined();
  });
});
