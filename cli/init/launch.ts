import { accessSync, constants, existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, join, resolve, sep } from "node:path";

/** An entry of `mcpServers`. */
export interface McpEntry {
  readonly command: string;
  readonly args: readonly string[];
}

export interface Launch {
  readonly entry: McpEntry;
  /** What the reader should know about the entry; undefined where it simply works. */
  readonly note?: string;
}

export interface Surroundings {
  /** The folder that hosts start the command in. */
  readonly folder: string;
  readonly path: string | undefined;
  /** This program's file, `process.argv[1]`. */
  readonly program: string;
  readonly node: string;
  /** For a file of the user's: the host may start it in any folder, so a project's own copy does not count. */
  readonly anywhere?: boolean;
}

/**
 * How an agent's host starts `coord mcp`. Hosts start it in the project's folder with the user's PATH, which has no
 * `node_modules/.bin`, so that a bare `coord` works only where it is installed for the user. In this order:
 * 1. `coord` on the PATH (looked up without the folders that npm adds): `coord mcp`.
 * 2. coord is a dependency of the project: `npx --no coord mcp`, which never downloads a package of that name.
 * 3. this is a copy that npx fetched: the same again, `npx --yes coord mcp`.
 * 4. any other copy, such as a clone: this very file, which holds on this machine only.
 */
export function launch(around: Surroundings): Launch {
  if (onPath(around.path)) return { entry: { command: "coord", args: ["mcp"] } };
  if (!around.anywhere && inProject(around.folder)) return { entry: { command: "npx", args: ["--no", "coord", "mcp"] } };
  const program = real(around.program);
  if (program.includes(`${sep}_npx${sep}`)) return { entry: { command: "npx", args: ["--yes", "coord", "mcp"] } };
  return {
    entry: { command: around.node, args: [program, "mcp"] },
    note: "coord is not on the PATH, so the entry names this copy of it: it works on this machine only",
  };
}

/**
 * Whether a command line is one that init writes: coord by any of the ways above, with `mcp` and at most a workspace.
 * Answers the workspace it names, null where it names none, undefined where the command is somebody else's making.
 */
export function workspaceOf(command: readonly string[]): string | null | undefined {
  const at = command.indexOf("mcp");
  const words = command.slice(0, at);
  const [first, second, third] = words;
  const known =
    (words.length === 1 && first === "coord") ||
    (words.length === 3 && first === "npx" && (second === "--no" || second === "--yes") && third === "coord") ||
    (words.length === 2 && /(^|[\\/])coord\.js$/.test(second!));
  if (at === -1 || !known) return undefined;
  const rest = command.slice(at + 1);
  if (rest.length === 0) return null;
  return rest.length === 2 && rest[0] === "--workspace" ? rest[1] : undefined;
}

/** Whether a program of one of these names is on the PATH. */
export function isInstalled(path: string | undefined, names: readonly string[]): boolean {
  const endings = process.platform === "win32" ? [".cmd", ".exe"] : [""];
  return (path ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .some((folder) => names.some((name) => endings.some((ending) => isExecutable(join(folder, name + ending)))));
}

function onPath(path: string | undefined): boolean {
  const folders = (path ?? "").split(delimiter).filter((folder) => folder !== "" && !isNpmFolder(folder));
  const names = process.platform === "win32" ? ["coord.cmd", "coord.exe"] : ["coord"];
  return folders.some((folder) => names.some((name) => isExecutable(join(folder, name))));
}

/** Folders that npm and npx put on the PATH of what they run; a host's PATH lacks them. */
function isNpmFolder(folder: string): boolean {
  return /[\\/](node_modules[\\/]\.bin|node-gyp-bin)[\\/]?$/.test(folder) || folder.includes(`${sep}_npx${sep}`);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // Not there, or not ours to run: either way a host cannot start it.
    return false;
  }
}

function inProject(folder: string): boolean {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (existsSync(join(at, "node_modules", ".bin", process.platform === "win32" ? "coord.cmd" : "coord"))) return true;
    if (dirname(at) === at) return false;
  }
}

function real(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    // The program's own file cannot be resolved (removed while it runs): the path as given is the best there is.
    return file;
  }
}

/** How a person types `coord` here: the word itself where it is on the PATH, else node with this program's file. */
export function coordWords(around: { path: string | undefined; program: string; from: (file: string) => string }): string {
  if (onPath(around.path)) return "coord";
  const near = around.from(around.program);
  return `node ${near !== "" && !near.startsWith("..") ? near : around.program}`;
}
