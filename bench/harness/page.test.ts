import { describe, expect, test } from "vitest";
import { type Circumstances, circumstances } from "./machine.ts";
import { page } from "./page.ts";
import { type Finding, held, noted, table } from "./report.ts";

const OF: Circumstances = {
  processor: "A Processor",
  cores: 2,
  memory: 24,
  system: "Linux 6.1, x64",
  coord: "1.2.3",
  workerd: "1.0.0",
  node: "24.0.0",
  date: "2026-11-21",
  command: "npm run bench",
  took: 600,
};
const CHAPTERS = [
  { name: "claims", about: "durable claims" },
  { name: "wake", about: "waking" },
  { name: "calls", about: "all calls" },
];
const of = (name: string, what: string, figures = "coord 1, bare 2\n    more of it") => ({ case: name, what, figures, details: {} });

const FINDINGS: Finding[] = [
  held(of("claims", "claims over sessions, 8 callers"), 0.75, { least: 0.7 }, "%"),
  held(of("claims", "HTTP claims, p99 of p50, 8 callers"), 4.5, { most: 4 }, "×"),
  { ...noted(of("calls", "send | HTTP"), "10/s"), grid: { head: ["callers", "rate"], rows: [["1", "10 | 11"]] } },
];

describe("the page", () => {
  const text = page(FINDINGS, CHAPTERS, OF);

  test("says where, with what, when and by which command", () => {
    for (const part of [
      "A Processor, 2 cores",
      "24 GB",
      "Linux 6.1, x64",
      "1.2.3",
      "1.0.0",
      "24.0.0",
      "2026-11-21",
      "`npm run bench`",
      "10.0 minutes",
    ])
      expect(text).toContain(part);
  });

  test("lists every aim with its verdict, and counts them", () => {
    expect(text).toContain("1 of 2 met; not met: HTTP claims, p99 of p50, 8 callers.");
    expect(text).toContain("| claims over sessions, 8 callers | 75 % | ≥ 70 % | met |");
    expect(text).toContain("| HTTP claims, p99 of p50, 8 callers | 4.50× | ≤ 4.00× | NOT MET |");
    expect(text).not.toContain("| send");
  });

  test("has a chapter for each case that was run, and none for the others", () => {
    expect(text).toContain("\n## claims\n");
    expect(text).toContain("\n### The slowest claims over HTTP\n");
    expect(text).not.toContain("## wake");
    expect(text).toContain("\n### send | HTTP\n\n| callers | rate |\n| --- | --- |\n| 1 | 10 \\| 11 |\n");
  });

  test("has no table of aims where none was measured", () => {
    expect(page(FINDINGS.slice(2), CHAPTERS, OF)).not.toContain("## Aims");
  });

  test("does not count what was not measured as met", () => {
    const unmeasured = { ...noted(of("claims", "elsewhere")), target: "≤ 2.00×" };
    expect(page([FINDINGS[0]!, unmeasured], CHAPTERS, OF)).toContain("1 of 2 met.");
  });

  test("keeps each table row on one line", () => {
    const rows = text.split("\n").filter((line) => line.startsWith("|"));
    for (const row of rows) expect(row.endsWith("|")).toBe(true);
    expect(text).toContain("coord 1, bare 2; more of it");
  });
});

test("the circumstances are these and no others: nothing names the machine or its owner", () => {
  const found = circumstances("npm run bench", 12.4, new Date("2026-11-21T10:00:00Z"));
  expect(found).toMatchObject({ date: "2026-11-21", took: 12, command: "npm run bench", node: process.versions.node });
  expect(Object.keys(found).sort()).toEqual(Object.keys(OF).sort());
  expect(found.cores).toBeGreaterThan(0);
  expect(found.memory).toBeGreaterThan(0);
  expect(JSON.stringify(found)).not.toMatch(/\/(home|root|tmp|work)\//);
});

describe("findings", () => {
  test("an aim is met at its very limit, from either side", () => {
    expect(held(of("a", "b"), 0.7, { least: 0.7 }, "%")).toMatchObject({ met: true, shown: "70 %", target: "≥ 70 %" });
    expect(held(of("a", "b"), 0.69, { least: 0.7 }, "%").met).toBe(false);
    expect(held(of("a", "b"), 2, { most: 2 }, "×")).toMatchObject({ met: true, shown: "2.00×" });
    expect(held(of("a", "b"), 61, { most: 60 }, "ms")).toMatchObject({ met: false, shown: "61.0 ms", target: "≤ 60.0 ms" });
  });

  test("what could not be measured does not count as met", () => {
    expect(held(of("a", "b"), Number.NaN, { most: 2 }, "×").met).toBe(false);
    expect(table([{ ...noted(of("a", "b")), target: "≤ 2.00×" }])).toContain("not measured");
  });

  test("the terminal's table says NOT MET where an aim was missed", () => {
    expect(table(FINDINGS)).toContain("NOT MET");
    expect(table([FINDINGS[0]!])).toMatch(/75 % {2}≥ 70 % {5}met\n {4}coord 1/);
  });
});
