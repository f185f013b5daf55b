import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Environment, run } from "./processes.ts";

/** What is wrong in the throw-away project: versions are compared as text, so 1.9.0 counts as newer than 1.10.0. */
export const BUG = "newest([1.9.0, 1.10.0]) answers 1.9.0";

const BROKEN = "  return [...versions].sort().at(-1);";
const MENDED = `  const numbers = (version) => version.split(".").map(Number);
  const byNumber = (a, b) => numbers(a).map((part, i) => part - numbers(b)[i]).find((difference) => difference !== 0) ?? 0;
  return [...versions].sort(byNumber).at(-1);`;

const source = (body: string) => `/** The newest of some versions, such as 1.10.0. */
export function newest(versions) {
${body}
}
`;

const FILES: Record<string, string> = {
  "package.json": `${JSON.stringify({ name: "shop", version: "1.1.0", private: true, type: "module", scripts: { test: "node --test" } }, null, 2)}\n`,
  "versions.js": source(BROKEN),
  "versions.test.js": `import assert from "node:assert/strict";
import { test } from "node:test";
import { newest } from "./versions.js";

test("the newest of one-digit versions", () => {
  assert.equal(newest(["1.2.0", "1.1.0"]), "1.2.0");
});

test("1.10.0 is newer than 1.9.0", () => {
  assert.equal(newest(["1.9.0", "1.10.0"]), "1.10.0");
});
`,
};

/** The mended source file, by its name: what the fixing agent writes. */
export const FIX = { file: "versions.js", text: source(MENDED) } as const;

/**
 * The environment that git runs in here: no settings but its own, so that neither the user's name, hooks, signing nor an
 * outer repository (a demo started from a git hook) has a part in it, and nothing of the user's is written.
 */
export function gitEnvironment(author: string): Environment {
  return {
    GIT_CONFIG_GLOBAL: process.platform === "win32" ? "NUL" : "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_AUTHOR_NAME: author,
    GIT_AUTHOR_EMAIL: `${author}@example.invalid`,
    GIT_COMMITTER_NAME: author,
    GIT_COMMITTER_EMAIL: `${author}@example.invalid`,
  };
}

/** Whether there is a git to run. */
export async function hasGit(environment: Environment): Promise<boolean> {
  try {
    return (await run("git", ["--version"], { environment })).exit === 0;
  } catch {
    // No such program.
    return false;
  }
}

/** Makes the project's repository with its first commit, in which one of two tests fails. */
export async function makeRepository(folder: string, environment: Environment): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text);
  const options = { cwd: folder, environment, must: true };
  await run("git", ["-c", "init.defaultBranch=main", "init", "--quiet", "--template="], options);
  await run("git", ["add", "."], options);
  await run("git", ["commit", "--quiet", "--message", "Find the newest version"], options);
}
