import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";
import { CliError } from "../errors.ts";
import type { Place } from "./parts.ts";

/** The folder itself, links resolved. Refuses what is not there or no folder. */
export function resolveFolder(folder: string): string {
  try {
    const real = realpathSync(folder);
    if (statSync(real).isDirectory()) return real;
  } catch (error) {
    throw new CliError(`cannot open the folder ${folder}: ${reason(error)}`, {
      next: `mkdir -p ${quote(folder)} && coord init ${quote(folder)}`,
      cause: error,
    });
  }
  throw new CliError(`not a folder: ${folder}`, { next: `name the folder: coord init ${quote(dirname(folder))}` });
}

/** A file: where its bytes are (behind a link), and what they are now. */
export interface ReadFile extends Place {
  /** undefined where there is no such file. */
  readonly text: string | undefined;
}

/**
 * Reads a file that init may write. In a project a link to another file within the folder is followed and stays a link; one that leads
 * out of it, or nowhere, is refused: what lies there is not this project's to change. A link of the user's own is followed anywhere.
 * @param folder as `resolveFolder` answered it
 */
export function readPlace(folder: string, place: Place): ReadFile {
  const { name, path, scope } = place;
  try {
    lstatSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return { ...place, path: behindLinks(folder, place), text: undefined };
    throw unreadable(path, error);
  }
  let target: string;
  try {
    target = realpathSync(path);
  } catch (error) {
    throw new CliError(`${name} is a link that leads nowhere: ${reason(error)}`, { next: `remove it: rm ${quote(path)}`, cause: error });
  }
  if (scope === "project" && !isWithin(folder, target)) {
    throw new CliError(`${name} is a link out of the folder, to ${target}; nothing was changed`, {
      next: `replace the link by a file, or leave it out: ${leaveOut(name)}`,
    });
  }
  if (!statSync(target).isFile())
    throw new CliError(`${name} is not a file; nothing was changed`, { next: `move it away: mv ${quote(path)} ${quote(`${path}.old`)}` });
  try {
    return { ...place, path: target, text: readFileSync(target, "utf8") };
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Where a file that is not there yet will be. Its folder, too, may be a link, and must not lead out of the project. */
function behindLinks(folder: string, { name, path, scope }: Place): string {
  let parent = dirname(path);
  while (!existsSync(parent) && dirname(parent) !== parent) parent = dirname(parent);
  const target = join(realpathSync(parent), relative(parent, path));
  if (scope === "project" && !isWithin(folder, target)) {
    throw new CliError(`${name} would lie outside the folder, in ${dirname(target)}; nothing was changed`, {
      next: "leave that host out: coord init --for LIST",
    });
  }
  return target;
}

function isWithin(folder: string, target: string): boolean {
  const inside = relative(folder, target);
  return inside !== ".." && !inside.startsWith(`..${sep}`) && !inside.startsWith(sep);
}

/** Makes the folders that a file needs. Answers those that were not there, outermost first. */
export function makeFolders(path: string): string[] {
  const missing: string[] = [];
  for (let at = dirname(path); !existsSync(at); at = dirname(at)) missing.unshift(at);
  try {
    if (missing.length > 0) mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    throw new CliError(`cannot make the folder ${dirname(path)}: ${reason(error)}`, {
      next: "make its folder writable, or look first with: coord init --dry-run",
      cause: error,
    });
  }
  return missing;
}

/** Removes a file, then those of the folders that are empty now. */
export function removeFile(path: string, folders: readonly string[]): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    throw new CliError(`cannot remove ${path}: ${reason(error)}`, { next: `remove it: rm ${quote(path)}`, cause: error });
  }
  for (const folder of [...folders].reverse()) {
    try {
      rmdirSync(folder);
    } catch {
      // Somebody put something into it: it is theirs now, and so are those around it.
      return;
    }
  }
}

/**
 * Writes a whole file or nothing: a temporary file beside it, flushed, then renamed over it. Keeps the file's mode.
 * A crash leaves the old content, and at worst a stray `.name.….tmp` beside it.
 */
export function writeWhole(path: string, text: string, mode = modeOf(path)): void {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const descriptor = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode);
    try {
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new CliError(`cannot write ${path}: ${reason(error)}`, {
      next: "make the folder writable, or look first with: coord init --dry-run",
      cause: error,
    });
  }
}

/** Copies the text to `name.bak`, or `name.bak.2`, … where that is taken. Answers the copy's path. */
export function backUp(path: string, text: string): string {
  for (let number = 1; number <= 100; number++) {
    const copy = number === 1 ? `${path}.bak` : `${path}.bak.${number}`;
    try {
      writeFileSync(copy, text, { flag: "wx", mode: modeOf(path) });
      return copy;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") continue;
      throw new CliError(`cannot keep a copy of ${path}: ${reason(error)}`, { next: "make the folder writable", cause: error });
    }
  }
  throw new CliError(`${path} has a hundred backups already`, { next: `remove those you do not need: ${path}.bak*` });
}

function modeOf(path: string): number {
  try {
    return statSync(path).mode & 0o777;
  } catch {
    // A new file: what everybody's files get (the umask takes away the rest).
    return 0o666;
  }
}

function unreadable(path: string, error: unknown): CliError {
  return new CliError(`cannot read ${path}: ${reason(error)}`, { next: `look at it: ls -l ${quote(path)}`, cause: error });
}

const REASONS: Record<string, string> = {
  EACCES: "permission denied",
  EPERM: "permission denied",
  EROFS: "the file system is read-only",
  ENOENT: "no such file or folder",
  ENOSPC: "no space left on the disk",
  ELOOP: "a link that leads to itself",
  ENOTDIR: "a part of the path is not a folder",
};

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code && REASONS[code]) || message;
}

function leaveOut(name: string): string {
  if (name === ".mcp.json") return "coord init --no-mcp";
  if (name === "AGENTS.md") return "coord init --no-agents";
  return `rm ${name}`;
}

/** As a word of a shell command. */
function quote(path: string): string {
  return /^[\w./:@%+,=-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
