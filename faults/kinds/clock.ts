import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { PROGRAM, temporaryFolder } from "../../tests/harness/server.ts";
import { rounds } from "./kills.ts";
import type { Kind } from "./kind.ts";

/** Compiles `clock.c`; undefined where there is no compiler. libfaketime would do the same, but workerd does not start under it. */
function library(folder: string): string | undefined {
  const made = join(folder, "clock.so");
  const compiled = spawnSync("cc", ["-O2", "-shared", "-fPIC", "-o", made, join(import.meta.dirname, "clock.c")], { stdio: "ignore" });
  return compiled.status === 0 ? made : undefined;
}

/**
 * The built program beside a workerd whose wall clock is ours: coord finds its runtime as it always does, through the packages next to
 * it, and runs a script that starts the real one with another clock.
 */
function programWithClock(): { program: string; set(seconds: number): void } {
  const folder = temporaryFolder();
  const clock = join(folder, "clock");
  writeFileSync(clock, Buffer.alloc(4096));
  const here = createRequire(import.meta.url);
  const platform = `@cloudflare/workerd-linux-${process.arch === "arm64" ? "arm64" : "64"}`;
  const real = dirname(createRequire(here.resolve("workerd/package.json")).resolve(`${platform}/package.json`));
  cpSync(dirname(dirname(PROGRAM)), join(folder, "dist"), { recursive: true });
  for (const [name, from] of [
    ["workerd", dirname(here.resolve("workerd/package.json"))],
    [platform, real],
  ] as const) {
    mkdirSync(join(folder, "node_modules", name), { recursive: true });
    cpSync(join(from, "package.json"), join(folder, "node_modules", name, "package.json"));
  }
  const binary = join(folder, "node_modules", platform, "bin", "workerd");
  mkdirSync(dirname(binary));
  const env = `LD_PRELOAD='${library(folder)}' COORD_TEST_CLOCK='${clock}'`;
  writeFileSync(binary, `#!/bin/sh\nexec env ${env} '${join(real, "bin", "workerd")}' "$@"\n`);
  chmodSync(binary, 0o755);
  const file = openSync(clock, "r+");
  const set = (seconds: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(seconds));
    writeSync(file, bytes, 0, 8, 0);
  };
  return { program: join(folder, "dist/cli/coord.js"), set };
}

export const clock: Kind = {
  promise: "a server whose clock is set forward and back, by seconds or by most of a day, breaks no promise but that of a lease's length",
  share: 2,
  impossible: () =>
    process.platform !== "linux" || !library(temporaryFolder()) ? "needs Linux and a C compiler, for a clock that can be set" : undefined,
  run: (plan) => rounds(plan, { weights: { "set clock": 4, "kill workerd": 1 }, between: [300, 1_500], clock: programWithClock() }),
};
