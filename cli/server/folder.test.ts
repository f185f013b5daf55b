import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../tests/harness/server.ts";
import { databaseBytes, layout, prepareFolder, readRuntimeRecord, recordRuntime } from "./folder.ts";
import { compareVersions, findWorkerd } from "./installation.ts";
import { formatBytes, formatDuration } from "./status.ts";
import { configText } from "./worker-config.ts";

function newFolder(): string {
  return join(temporaryFolder(), "deep", "data");
}

test("versions compare by their numbers", () => {
  expect(compareVersions("1.20261102.1", "1.20261102.1")).toBe(0);
  expect(compareVersions("1.20261102.1", "1.20261102.10")).toBeLessThan(0);
  expect(compareVersions("1.20270101.0", "1.20261231.9")).toBeGreaterThan(0);
  expect(compareVersions("1.2", "1.2.1")).toBeLessThan(0);
});

test("the folder remembers the newest runtime and refuses an older one", () => {
  const folder = newFolder();
  prepareFolder(folder);
  expect(readRuntimeRecord(folder)).toBeUndefined();
  recordRuntime(folder, "1.20261102.1");
  recordRuntime(folder, "1.20261103.0");
  expect(readRuntimeRecord(folder)).toEqual({ workerd: "1.20261103.0", uniqueKey: "coord-Workspace", schema: 1 });
  expect(() => recordRuntime(folder, "1.20261102.1")).toThrow(/1\.20261103\.0.*older/);
  expect(readRuntimeRecord(folder)?.workerd).toBe("1.20261103.0");
});

test("the size counts the databases and nothing else", () => {
  const folder = newFolder();
  expect(databaseBytes(folder)).toBe(0);
  prepareFolder(folder);
  writeFileSync(join(folder, "coord.log"), "xxxxx");
  writeFileSync(join(layout(folder).databases, "a.sqlite"), "1234567");
  expect(databaseBytes(folder)).toBe(7);
});

test("the configuration names bindings, never values, and the compatibility date of wrangler's", () => {
  const text = configText(["COORD_TOKEN"]);
  expect(text).toContain('(name = "COORD_TOKEN", fromEnvironment = "COORD_TOKEN")');
  expect(text).toContain('compatibilityDate = "2026-04-21"');
  expect(text).toContain('uniqueKey = "coord-Workspace"');
});

test("the worker reaches webhooks on this machine where only this machine reaches it, public ones elsewhere, and nothing else", () => {
  expect(configText(["COORD_LOCAL"])).toContain('network = (allow = ["127.0.0.0/8", "::1/128"])');
  expect(configText(["COORD_TOKEN"])).toContain('network = (allow = ["public"], ');
  for (const names of [["COORD_LOCAL"], []]) expect(configText(names).match(/network = /g)).toHaveLength(1);
});

test("workerd is found where npm put it; a platform without one is refused", () => {
  const { version } = JSON.parse(readFileSync(new URL("../../node_modules/workerd/package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  expect(findWorkerd().version).toBe(version);
  expect(() => findWorkerd("sunos", "sparc")).toThrow("workerd does not run on sunos sparc");
});

test("durations and sizes for people", () => {
  expect([0, 59, 60, 3_661, 90_000, 200_000].map(formatDuration)).toEqual(["0 s", "59 s", "1 min 0 s", "1 h 1 min", "1 d 1 h", "2 d 7 h"]);
  expect([0, 999, 1000, 1_500_000, 2_000_000_000].map(formatBytes)).toEqual(["0 B", "999 B", "1.0 kB", "1.5 MB", "2.0 GB"]);
});
