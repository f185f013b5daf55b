import { expect, test } from "vitest";
import { HOSTS } from "./hosts/index.ts";
import { page } from "./report.ts";
import { failures, type Results } from "./results.ts";

const [claude, codex] = HOSTS;
const results: Results = {
  date: "2026-11-21",
  coord: "0.1.0",
  node: "24.0.0",
  system: "Linux 6, x64",
  processors: 2,
  load: 1.25,
  command: "npm run e2e:hosts -- --write",
  versions: [
    { title: "Claude Code", package: "some-package", version: "1.2.3", allowed: "nothing", state: "installed" },
    { title: "Codex", package: "other-package", version: "4.5.6", allowed: "nothing", state: "npm install ended with 1" },
  ],
  results: [
    { host: claude!.id, scenario: "waits", verdict: "passed", ms: 1234, said: "one call" },
    { host: codex!.id, scenario: "waits", verdict: "not run", said: "npm install ended with 1" },
    { host: claude!.id, scenario: "lists", verdict: "failed", said: "not so: all tools | instead none" },
  ],
  race: { verdict: "failed", said: "not so" },
  refusedHosts: [{ name: "codex", targets: ["example.com:443"] }],
  wholeMs: 65_000,
};

test("the page says of every program and scenario whether it passed, failed or was not run, and why", () => {
  const text = page(
    results,
    [
      { name: "waits", title: "waits" },
      { name: "lists", title: "lists" },
    ],
    HOSTS,
  );
  expect(text).toContain("| waits | 1.2 s | not run | not asked for | not asked for |");
  expect(text).toContain("| lists | failed | not asked for |");
  expect(text).toContain("- **Claude Code**: passed, 1.2 s. One call.");
  expect(text).toContain("- **Codex**: not run. Npm install ended with 1.");
  expect(text).toContain("failed: not so");
  expect(text).toContain("Codex for `example.com:443`");
  expect(text).toContain("65.0 s in all,\non 2 processors with a load of 1.3.");
});

test("a failed scenario and a failed race count; what was not run is no pass", () => {
  expect(failures(results)).toBe(2);
});
