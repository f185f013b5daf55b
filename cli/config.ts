import { existsSync, readFileSync } from "node:fs";
import { homedir, platform } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Target } from "./client/types.ts";
import { CliError } from "./errors.ts";

export const DEFAULT_ADDR = "127.0.0.1:7777";

/** Options that every client command takes; commander's `optsWithGlobals()` has this shape. */
export interface GlobalOptions {
  url?: string;
  workspace?: string;
  json?: boolean;
}

type Env = Record<string, string | undefined>;

/** `host:port` the server listens on: `--addr`, `COORD_ADDR`, or 127.0.0.1:7777. */
export function serverAddr(addr: string | undefined, env: Env = process.env): string {
  return addr ?? env.COORD_ADDR ?? DEFAULT_ADDR;
}

/** The URL that a client uses when none is given: the address that a server started from here would listen on. */
export function defaultUrl(env: Env = process.env): string {
  return `http://${serverAddr(undefined, env)}/`;
}

/** The folder with the workspaces' databases: `--db`, `COORD_DB`, or the per-user data directory. */
export function dataDir(db: string | undefined, env: Env = process.env): string {
  const given = db ?? env.COORD_DB;
  if (given) return resolve(given);
  if (platform() === "darwin") return join(homedir(), "Library", "Application Support", "coord");
  if (platform() === "win32") return join(env.LOCALAPPDATA ?? join(homedir(), "AppData", "Local"), "coord");
  return join(env.XDG_DATA_HOME || join(homedir(), ".local", "share"), "coord");
}

/** `.coord.json` of the nearest folder upwards: `{workspace?, url?}`. */
export function projectConfig(from: string = process.cwd()): { workspace?: string; url?: string; path?: string } {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const path = join(folder, ".coord.json");
    if (existsSync(path)) {
      let parsed: unknown;
      try {
        parsed = JSON.parse(readFileSync(path, "utf8"));
      } catch (cause) {
        throw new CliError(`${path} is not valid JSON: ${(cause as Error).message}`, {
          next: "mend the file, or write a new one: coord init --force",
        });
      }
      const { workspace, url } = (parsed ?? {}) as { workspace?: unknown; url?: unknown };
      return {
        path,
        ...(typeof workspace === "string" ? { workspace } : {}),
        ...(typeof url === "string" ? { url } : {}),
      };
    }
    if (dirname(folder) === folder) return {};
  }
}

/** Which server and workspace a client command speaks to: flags, then environment, then `.coord.json`, then the defaults. */
export function target(options: GlobalOptions, env: Env = process.env): Target {
  const project = projectConfig();
  const given = options.url ?? env.COORD_URL ?? project.url ?? defaultUrl(env);
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw new CliError(`not a URL: ${given}`, { next: `give one like ${defaultUrl({})} with --url or COORD_URL` });
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new CliError(`not an http or https URL: ${given}`, { next: `give one like ${defaultUrl({})} with --url or COORD_URL` });
  }
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  const workspace = options.workspace ?? env.COORD_WORKSPACE ?? project.workspace ?? "default";
  if (!/^[a-z0-9_-]{1,64}$/.test(workspace)) {
    throw new CliError(`not a workspace name: ${workspace}`, {
      next: "use 1 to 64 of a-z 0-9 - _ in --workspace, COORD_WORKSPACE or .coord.json",
    });
  }
  return { url: url.href, workspace, ...(env.COORD_TOKEN ? { token: env.COORD_TOKEN } : {}) };
}

/** Whether this command may start a server by itself: the URL is the default one and nobody turned it off. */
export function mayAutostart(t: Target, env: Env = process.env): boolean {
  return env.COORD_AUTOSTART !== "0" && t.url === defaultUrl(env);
}
