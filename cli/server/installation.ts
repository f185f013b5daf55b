import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CliError } from "../errors.ts";

/** The platform package that carries workerd's executable, by `process.platform` and `process.arch`. */
const PLATFORM_PACKAGES: Readonly<Record<string, string>> = {
  "darwin arm64": "@cloudflare/workerd-darwin-arm64",
  "darwin x64": "@cloudflare/workerd-darwin-64",
  "linux arm64": "@cloudflare/workerd-linux-arm64",
  "linux x64": "@cloudflare/workerd-linux-64",
  "win32 x64": "@cloudflare/workerd-windows-64",
  "win32 arm64": "@cloudflare/workerd-windows-64",
};

export interface WorkerdBinary {
  readonly path: string;
  /** The npm version, such as 1.20261102.1: what data folders remember. */
  readonly version: string;
}

/**
 * workerd's executable, taken straight from the platform package: neither workerd's install script nor a launcher in
 * Node has to have run. Throws `CliError` when the platform is not supported or the package is not installed.
 */
export function findWorkerd(platform: string = process.platform, arch: string = process.arch): WorkerdBinary {
  const name = PLATFORM_PACKAGES[`${platform} ${arch}`];
  if (name === undefined) {
    throw new CliError(`workerd does not run on ${platform} ${arch}`, {
      next: "run coord serve on Linux or macOS (x64 or arm64), or on Windows x64, and reach it with --url",
    });
  }
  const here = createRequire(import.meta.url);
  let manifest: string;
  try {
    // The platform package is a dependency of `workerd`, so it is looked up from there: a strict package manager hides it from us.
    manifest = createRequire(here.resolve("workerd/package.json")).resolve(`${name}/package.json`);
  } catch (cause) {
    throw new CliError(`the package ${name} is not installed, so there is no workerd to run`, {
      next: "install coord again with optional dependencies: npm install --include=optional",
      cause,
    });
  }
  const path = join(dirname(manifest), "bin", platform === "win32" ? "workerd.exe" : "workerd");
  if (!existsSync(path)) {
    throw new CliError(`workerd's executable is missing from ${dirname(manifest)}`, { next: "install coord again: npm install" });
  }
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  return { path, version };
}

/** The first of `candidates` that exists, looked up from this file's folder: dist/cli, dist/cli/chunks, or cli/server in the sources. */
function findBeside(candidates: readonly string[]): string | undefined {
  const folder = dirname(fileURLToPath(import.meta.url));
  return candidates.map((candidate) => join(folder, candidate)).find((path) => existsSync(path));
}

/** The bundled worker, dist/worker/index.js. Throws `CliError` when the package was not built. */
export function findWorkerModule(): string {
  const path = findBeside(["../worker/index.js", "../../worker/index.js", "../../dist/worker/index.js"]);
  if (path === undefined) {
    throw new CliError("the bundled worker (dist/worker/index.js) is missing from this installation", {
      next: "install coord again; in a checkout: npm run build",
    });
  }
  return path;
}

/** The built program, dist/cli/coord.js: what a background server is started from. */
export function findProgram(): string {
  const path = findBeside(["coord.js", "../coord.js", "../../dist/cli/coord.js"]);
  if (path === undefined) {
    throw new CliError("the built program (dist/cli/coord.js) is missing from this installation", {
      next: "install coord again; in a checkout: npm run build",
    });
  }
  return path;
}

/** Compares two dotted versions by their numbers: negative when `a` is older than `b`. */
export function compareVersions(a: string, b: string): number {
  const left = a.split(".").map(Number);
  const right = b.split(".").map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
