import { CliError } from "./errors.ts";

const NO_ROOM = new Set(["ENOSPC", "EDQUOT"]);
const NO_RIGHT = new Set(["EACCES", "EPERM", "EROFS"]);
const TOO_MANY = new Set(["EMFILE", "ENFILE"]);

/** What a disk that is full, or a quota that is used up, is told as; undefined for any other error. `path` is where it happened. */
export function diskFull(error: unknown, path?: string): CliError | undefined {
  const { code = "", path: own } = systemError(error);
  if (!NO_ROOM.has(code)) return undefined;
  const where = own ?? path;
  return new CliError(`the disk is full${where === undefined ? "" : `: ${where} cannot be written`} (${code})`, {
    next: "make room (df -h shows where), then run it again",
    data: { code: "disk_full", ...(where === undefined ? {} : { path: where }) },
    cause: error,
  });
}

/**
 * What the machine kept the program from doing, told as such and not as a bug: a working folder that is gone, a full disk, missing rights,
 * too many open files. Undefined for anything else.
 */
export function troubleOf(error: unknown): CliError | undefined {
  if (!(error instanceof Error) || error instanceof CliError) return undefined;
  const { code = "", syscall = "", path } = systemError(error);
  if (code === "ENOENT" && (syscall === "uv_cwd" || /\buv_cwd\b|process\.cwd failed/.test(error.message))) {
    return new CliError("the folder that this program was started in is gone", {
      next: "cd to one that is there, or name the board and the server: --workspace NAME --url URL",
      data: { code: "no_folder" },
      cause: error,
    });
  }
  const full = diskFull(error);
  if (full) return full;
  if (NO_RIGHT.has(code) && path !== undefined) {
    return new CliError(`this user may not use ${path} (${code})`, {
      next: `see its owner and rights: ls -ld '${path}'`,
      data: { code: "no_right", path },
      cause: error,
    });
  }
  if (TOO_MANY.has(code)) {
    return new CliError(`too many files are open (${code})`, {
      next: "end some programs, or raise the limit: ulimit -n 4096",
      data: { code: "too_many_files" },
      cause: error,
    });
  }
  return undefined;
}

function systemError(error: unknown): { code?: string; syscall?: string; path?: string } {
  const { code, syscall, path, dest } = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  const fields = { code: text(code), syscall: text(syscall), path: text(dest) ?? text(path) };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
