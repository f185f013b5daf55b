import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { PROGRAM } from "../harness/server.ts";

const CHUNKS = join(dirname(PROGRAM), "chunks");

/** The built files that are loaded when one is, itself included. */
function loadedWith(path: string, seen: Set<string> = new Set()): Set<string> {
  if (seen.has(path)) return seen;
  seen.add(path);
  for (const [, target] of readFileSync(path, "utf8").matchAll(/\b(?:from|import)"(\.{1,2}\/[^"]+\.js)"/g)) {
    loadedWith(join(dirname(path), target!), seen);
  }
  return seen;
}

function command(name: string): Set<string> {
  const own = readdirSync(CHUNKS).filter((file) => new RegExp(`^${name}-[A-Z0-9]{8}\\.js$`).test(file));
  const files = own.map((file) => join(CHUNKS, file)).filter((file) => readFileSync(file, "utf8").includes(`.command("${name}")`));
  expect(files, `the chunk of coord ${name}`).toHaveLength(1);
  return loadedWith(files[0]!, loadedWith(PROGRAM));
}

const ONE_SHOT = "send claim extend complete fail release cancel update start review dismiss note tasks get heartbeat agents".split(" ");

describe("a command that agents call a thousand times a day", () => {
  test.each(ONE_SHOT)("coord %s opens few files, and none of what it does not use", (name) => {
    const files = command(name);
    expect([...files].map((file) => basename(file)).length).toBeLessThanOrEqual(5);
    for (const file of files) {
      const text = readFileSync(file, "utf8");
      expect(text, file).not.toMatch(/ZodError|permessage-deflate|modelcontextprotocol|ink-box|SIGKILL.*workerd/);
      // an import statement of a module of Node's evaluates all of its getters: 24 ms for node:http alone
      const imported = Array.from(text.matchAll(/\bfrom\s*"node:([^"]+)"/g), ([, builtin]) => builtin);
      expect(new Set(imported), file).toEqual(new Set(["module"]));
    }
  });
});
