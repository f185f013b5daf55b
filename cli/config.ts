import { existsSync, readFileSync } from "node:fs";
import { homedir, platform, userInfo } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
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

/** A variable's value; one that is empty counts as unset. */
function set(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === "" ? undefined : value;
}

/** `host:port` the server listens on: `--addr`, `COORD_ADDR`, or 127.0.0.1:7777. */
export function serverAddr(addr: string | undefined, env: Env = process.env): string {
  return addr ?? set(env.COORD_ADDR) ?? DEFAULT_ADDR;
}

/** The URL that a client uses when none is given: the address that a server started from here would listen on. */
export function defaultUrl(env: Env = process.env): string {
  return `http://${serverAddr(undefined, env)}/`;
}

/**
 * The folder with the workspaces' databases: `--db`, `COORD_DB`, or the per-user data directory.
 * @throws CliError where none is given and nobody knows the user's home.
 */
export function dataDir(db: string | undefined, env: Env = process.env): string {
  const given = db ?? set(env.COORD_DB);
  if (given) return resolve(given);
  if (platform() === "darwin") return join(home(), "Library", "Application Support", "coord");
  if (platform() === "win32") return join(env.LOCALAPPDATA || join(home(), "AppData", "Local"), "coord");
  // a relative one is to be ignored (XDG Base Directory Specification)
  const shared = env.XDG_DATA_HOME && isAbsolute(env.XDG_DATA_HOME) ? env.XDG_DATA_HOME : join(home(), ".local", "share");
  return join(shared, "coord");
}

/** The user's home. `HOME` may be set to nothing; the data would then lie in whatever folder the program is started from. */
function home(): string {
  for (const ask of [homedir, () => userInfo().homedir]) {
    try {
      const folder = ask();
      if (isAbsolute(folder)) return folder;
    } catch {
      // a user that the system does not know: told below
    }
  }
  throw new CliError("this user has no home folder, so there is no default place for the data", {
    next: "name one with --db or COORD_DB",
  });
}

/** The board that a flag or the environment names; undefined where neither does. */
export function givenWorkspace(flag: string | undefined, env: Env = process.env): string | undefined {
  return flag ?? set(env.COORD_WORKSPACE);
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
  const givenUrl = options.url ?? set(env.COORD_URL);
  const givenBoard = givenWorkspace(options.workspace, env);
  // not looked for where it would not be heeded: the folder that the program is started from may be gone
  const project = givenUrl !== undefined && givenBoard !== undefined ? {} : projectConfig();
  const given = givenUrl ?? project.url ?? defaultUrl(env);
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
  const workspace = givenBoard ?? project.workspace ?? "default";
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
