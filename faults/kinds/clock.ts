import { chmodSync, cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { PROGRAM, temporaryFolder } from "../../tests/harness/server.ts";
import { rounds } from "./kills.ts";
import type { Kind } from "./kind.ts";

/** Where Debian and its descendants put it; other places by COORD_LIBFAKETIME. */
const PLACES = ["x86_64-linux-gnu", "aarch64-linux-gnu"].map((machine) => `/usr/lib/${machine}/faketime/libfaketimeMT.so.1`);

function library(): string | undefined {
  return [process.env.COORD_LIBFAKETIME, ...PLACES].find((path) => path !== undefined && existsSync(path));
}

/**
 * The built program beside a workerd whose wall clock is read from a file: coord finds its runtime as it always does, through the
 * packages next to it, and runs a script that starts the real one under libfaketime. Timers keep the true clock, as they do when
 * somebody sets a machine's time.
 */
function fakedProgram(): { program: string; set(seconds: number): void } {
  const folder = temporaryFolder();
  const clock = join(folder, "clock");
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
  const env = `LD_PRELOAD='${library()}' FAKETIME_TIMESTAMP_FILE='${clock}' FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1`;
  writeFileSync(binary, `#!/bin/sh\nexec env ${env} '${join(real, "bin", "workerd")}' "$@"\n`);
  chmodSync(binary, 0o755);
  const set = (seconds: number) => writeFileSync(clock, `${seconds < 0 ? "-" : "+"}${Math.abs(seconds)}s\n`);
  set(0);
  return { program: join(folder, "dist/cli/coord.js"), set };
}

export const clock: Kind = {
  promise: "a server whose clock is set forward and back, by seconds or by a day, breaks no promise but that of the lease's length",
  share: 2,
  impossible: () => (process.platform !== "linux" || !library() ? "needs libfaketime (Debian: apt install faketime)" : undefined),
  run: (plan) => rounds(plan, { weights: { "set clock": 4, "kill workerd": 1 }, between: [300, 1_500], clock: fakedProgram() }),
};
