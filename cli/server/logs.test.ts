import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { entriesOf, followed, formatEntry, isAtLeast, readLog } from "./logs.ts";

const AT = "2026-01-02T03:04:05.678Z";

describe("the lines of a log", () => {
  it("begin with a time; what is indented belongs to the line before, what comes before any line is left out", () => {
    expect(entriesOf(`half a line\n${AT} error first\n  second\n\n${AT} info next\n`)).toEqual([
      { at: AT, level: "error", message: "first\nsecond" },
      { at: AT, level: "info", message: "next" },
    ]);
  });

  it("take the worker's JSON apart, and leave what only looks like it", () => {
    const [told, broken] = entriesOf(`${AT} warn {"message":"slow command","took_ms":120}\n${AT} log {"message"\n`);
    expect(told).toEqual({ at: AT, level: "warn", message: "slow command", fields: { took_ms: 120 } });
    expect(broken).toEqual({ at: AT, level: "log", message: '{"message"' });
  });

  it("are shown with their fields, a stack below, and nothing that a terminal obeys", () => {
    const entry = {
      at: AT,
      level: "error",
      message: "bug\u001b[2J",
      fields: { method: "tasks/get", error: "Error: a b", stack: "Error\n at x" },
    };
    expect(formatEntry(entry)).toBe('2026-01-02 03:04:05.678 error bug\\x1b[2J method=tasks/get error="Error: a b"\n  Error\n   at x');
  });

  it("are chosen by level; workerd's `log` is info", () => {
    const levels = ["debug", "log", "info", "warn", "error"];
    const chosen = (least: string) => levels.filter((level) => isAtLeast({ at: AT, level, message: "" }, least));
    expect(chosen("debug")).toEqual(levels);
    expect(chosen("info")).toEqual(["log", "info", "warn", "error"]);
    expect(chosen("error")).toEqual(["error"]);
  });
});

describe("a followed log", () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "coord-logs-"));
    path = join(folder, "coord.log");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("gives whole lines only, and none twice or lost when the file is rotated", async () => {
    writeFileSync(path, "old\n");
    const end = new AbortController();
    const lines = followed(path, readLog(path), end.signal);
    appendFileSync(path, "one\ntw");
    expect((await lines.next()).value).toBe("one\n");
    appendFileSync(path, "o\n");
    renameSync(path, `${path}.1`);
    writeFileSync(path, "three\n");
    let seen = "";
    while (!seen.includes("three")) seen += (await lines.next()).value;
    expect(seen).toBe("two\nthree\n");
    end.abort();
    expect((await lines.next()).done).toBe(true);
  });
});
