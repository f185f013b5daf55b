import { deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import { zipOf } from "./testing.ts";
import { fileInZip } from "./zip.ts";

const archive = zipOf({ "issues.csv": "a,b\n".repeat(100), "attachments/x": "y" });

test("a file is taken out, packed or not", () => {
  expect(fileInZip(archive, "issues.csv")?.toString()).toBe("a,b\n".repeat(100));
  expect(fileInZip(zipOf({ "issues.csv": "plain" }, { stored: true }), "issues.csv")?.toString()).toBe("plain");
  expect(fileInZip(archive, "other")).toBeUndefined();
});

test("what is damaged at any byte is read or refused, and never more", () => {
  for (let at = 0; at < archive.length; at += 1) {
    for (const bytes of [archive.subarray(0, at), Buffer.from(archive).fill(0xff, at, at + 1)]) {
      try {
        fileInZip(bytes, "issues.csv");
      } catch (error) {
        expect(error, `byte ${at}`).toBeInstanceOf(Error);
      }
    }
  }
});

test("an archive that unpacks to more than it says, or than is taken, is refused", () => {
  const packed = deflateRawSync(Buffer.alloc(1_000_000));
  expect(() => fileInZip(zipOf({ "issues.csv": "" }, { packed }), "issues.csv", 100_000)).toThrow();
  expect(() => fileInZip(zipOf({ "issues.csv": "x".repeat(100_001) }), "issues.csv", 100_000)).toThrow("larger than 100000 bytes");
});
