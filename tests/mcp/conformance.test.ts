import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer, temporaryFolder } from "../harness/server.ts";
import { rpc } from "./harness.ts";

const SUITE = join(import.meta.dirname, "../../node_modules/@modelcontextprotocol/conformance/dist/index.js");
const EXPECTED = join(import.meta.dirname, "conformance-expected.yml");

/** Scenarios that need no fixture, and that coord passes in every check. */
const FITS = {
  "2026-07-28": [
    ...["completion-complete", "tools-list", "resources-list", "prompts-list", "server-sse-multiple-streams"],
    ...["sep-2164-resource-not-found", "dns-rebinding-protection", "caching", "http-header-validation"],
  ],
  "2025-11-25": [
    ...["server-initialize", "ping", "completion-complete", "tools-list", "resources-list", "prompts-list"],
    ...["server-sse-multiple-streams", "dns-rebinding-protection", "server-session-lifecycle"],
  ],
} as const;

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await rpc(server, "tasks/send", { name: "something to list and to complete" });
});
afterAll(() => server.stop());

/** Runs all that a revision requires, which needs Node 22 or later. */
function run(revision: string, expected = EXPECTED): Promise<{ code: number | null; said: string }> {
  const args = [
    "server",
    "--url",
    `${server.url}mcp`,
    "--requirements",
    revision,
    "--expected-failures",
    expected,
    "-o",
    temporaryFolder(),
  ];
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [SUITE, ...args], {
      env: { ...process.env, NO_COLOR: "1" },
      timeout: 25_000,
      killSignal: "SIGKILL",
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
      });
    child.once("error", failed);
    child.once("close", (code) => done({ code, said }));
  });
}

/** A list of expected failures like ours but for what `change` does to it. */
function otherwise(change: (lines: string[]) => string[]): string {
  const file = join(temporaryFolder(), "expected.yml");
  writeFileSync(file, change(readFileSync(EXPECTED, "utf8").split("\n")).join("\n"));
  return file;
}

test("every expected failure has its reason", () => {
  const entries = readFileSync(EXPECTED, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("  - "));
  expect(entries.length).toBeGreaterThan(0);
  for (const entry of entries) expect(entry).toMatch(/^ {2}- [\w-]+:[\w-]+ # \w.{8,}/);
  expect(new Set(entries.map((entry) => entry.split("#")[0])).size).toBe(entries.length);
});

describe.each(["2026-07-28", "2025-11-25"] as const)("the official suite, revision %s", (revision) => {
  test("finds nothing wrong but what is expected, and nothing expected that is right", async () => {
    const { code, said } = await run(revision);
    expect(code, said.slice(said.indexOf("=== SUMMARY"))).toBe(0);
    for (const scenario of FITS[revision]) expect(said).toMatch(new RegExp(`✓ ${scenario}: [1-9]\\d* passed, 0 failed`));
  });

  test("would tell a failure that is not expected, and a pass that is not", async () => {
    const unexpectedFailure = await run(
      revision,
      otherwise((lines) => lines.filter((line) => !line.includes("tools-call-image"))),
    );
    expect(unexpectedFailure).toMatchObject({ code: 1, said: expect.stringMatching(/Unexpected failures.*✗ tools-call-image/s) });
    const unexpectedPass = await run(
      revision,
      otherwise((lines) => [...lines, "  - tools-list:tools-list"]),
    );
    expect(unexpectedPass).toMatchObject({ code: 1, said: expect.stringMatching(/stale.*tools-list/is) });
  });
});
