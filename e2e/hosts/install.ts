import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { writeJson } from "./files.ts";
import type { Host } from "./hosts/host.ts";
import { start } from "./processes.ts";

const INSTALL_LIMIT_MS = 10 * 60_000;
const VERSION_LIMIT_MS = 60_000;

export type Installed =
  | { readonly ready: true; readonly program: string; readonly ms: number }
  | { readonly ready: false; readonly why: string };

/** Where the four programs are kept between runs: `--cache`, `COORD_E2E_CACHE`, or the user's cache folder. */
export function cacheFolder(given: string | undefined): string {
  const folder = given ?? process.env.COORD_E2E_CACHE;
  if (folder) return resolve(folder);
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "coord-e2e-hosts");
  if (process.platform === "win32") return join(process.env.LOCALAPPDATA ?? join(homedir(), "AppData", "Local"), "coord-e2e-hosts");
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "coord-e2e-hosts");
}

/** Installs a program into a folder of its own within the cache, unless that version is there and says so. */
export async function install(host: Host, cache: string): Promise<Installed> {
  const began = performance.now();
  const folder = join(cache, host.id);
  const program = join(folder, "node_modules", ".bin", host.bin);
  if (installedVersion(host, folder) !== host.version) {
    // npm runs a dependency's install script only where the project says that it may
    writeJson(folder, "package.json", { private: true, allowScripts: { [host.package]: true } });
    const args = ["install", "--prefix", folder, "--no-audit", "--no-fund", "--loglevel=error", `${host.package}@${host.version}`];
    const { code, stderr } = await start({ command: "npm", args, cwd: folder, env: inherited(), limitMs: INSTALL_LIMIT_MS }).ended;
    if (code !== 0) return { ready: false, why: `npm install ended with ${code}: ${stderr.trim().split("\n")[0] ?? ""}` };
  }
  const env = { PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ""}`, HOME: folder };
  const said = await start({ command: program, args: ["--version"], cwd: folder, env, limitMs: VERSION_LIMIT_MS }).ended;
  if (said.code !== 0 || !said.stdout.includes(host.version))
    return {
      ready: false,
      why: `${host.bin} --version ended with ${said.code} and said ${(said.stdout + said.stderr).trim().split("\n")[0]}`,
    };
  return { ready: true, program, ms: Math.round(performance.now() - began) };
}

function installedVersion(host: Host, folder: string): string | undefined {
  const file = join(folder, "node_modules", host.package, "package.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { version?: string }).version : undefined;
}

/** npm needs its user's settings. */
function inherited(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
