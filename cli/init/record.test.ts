import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../tests/harness/server.ts";
import { readRecord, recordPath, spliceOf, undone, withSplice, writeRecord } from "./record.ts";

describe("splices", () => {
  it("lead back, whatever the edit", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), fc.string({ minLength: 1 }), (head, tail, cut, put) => {
        const before = head + cut + tail;
        const after = `${head}«${put}»${tail}`;
        expect(undone(after, spliceOf("a", before, after))).toBe(before);
      }),
    );
  });

  it("lead back to what was there first after a second edit within the first", () => {
    const first = withSplice([], "a", "one three", "one [two] three");
    const second = withSplice(first, "a", "one [two] three", "one [two, and more] three");
    expect(second).toHaveLength(1);
    expect(undone("one [two, and more] three", second[0]!)).toBe("one three");
  });

  it("lead back beside what somebody else changed, and nowhere when that is within", () => {
    const [splice] = withSplice([], "a", "one three", "one [two] three");
    expect(undone("zero one [two] three four", splice!)).toBe("zero one three four");
    expect(undone("one [2] three", splice!)).toBeUndefined();
    expect(undone("one [two] three [two] ", splice!)).toBeUndefined();
  });
});

describe("the record", () => {
  it("is kept for its folder and for its user alone, and goes when it says nothing", () => {
    const data = temporaryFolder();
    const path = recordPath(data, "/project");
    const record = {
      version: 1,
      folder: "/project",
      hosts: ["zed"],
      files: { "/project/x": { made: true, folders: [], splices: [] } },
    } as const;
    writeRecord(path, record);
    expect(readRecord(path, "/project")).toEqual(record);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readRecord(path, "/elsewhere").files).toEqual({});
    writeFileSync(path, "{");
    expect(readRecord(path, "/project").files).toEqual({});
    writeRecord(path, { ...record, hosts: [], files: {} });
    expect(existsSync(path)).toBe(false);
    expect(readRecord(join(data, "nowhere"), "/project").hosts).toEqual([]);
  });
});
