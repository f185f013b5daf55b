import { dirname } from "node:path";
import { CliError } from "../cli/errors.ts";
import { isTemporary } from "./files.ts";

const MEANINGS: Readonly<Record<string, { what: string; next: string }>> = {
  ENOSPC: { what: "the disk is full", next: "make room on it" },
  EDQUOT: { what: "the disk quota is used up", next: "make room within it" },
  EROFS: { what: "the file system is read-only", next: "make it writable, or give another folder" },
  EACCES: { what: "permission is denied", next: "make the folder writable for you, or give another one" },
  EPERM: { what: "the system does not permit it", next: "make the folder writable for you, or give another one" },
  ENOTDIR: { what: "something on the way there is a file, not a folder", next: "move that file away, or give another folder" },
  EEXIST: { what: "there is a file where a folder has to be", next: "move that file away, or give another folder" },
  EISDIR: { what: "there is a folder where a file has to be", next: "move that folder away" },
  ENAMETOOLONG: { what: "the file system does not take a name or path this long", next: "give a folder with a shorter path" },
  EMFILE: { what: "this process has too many files open", next: "raise the limit: ulimit -n 4096" },
  EBUSY: { what: "another program keeps it busy", next: "end that program, or wait for it" },
};

/** Whether the file system said no, as it says no: such trouble may pass. */
export function isFileTrouble(error: unknown): error is NodeJS.ErrnoException {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return typeof code === "string" && (syscall !== undefined || code in MEANINGS);
}

/** What the file system refused, in words: what happened, what is true now, what to do. */
export function fileTrouble(root: string, error: NodeJS.ErrnoException): CliError {
  const { code = "" } = error;
  // A file in the making says nothing to a person; where it is made does.
  const path = error.path === undefined ? root : isTemporary(error.path) ? dirname(error.path) : error.path;
  const meaning = MEANINGS[code];
  const what = meaning ? `${meaning.what} (${code})` : error.message;
  return new CliError(`the vault ${root} cannot be written: ${what}: ${path}`, {
    next: meaning?.next ?? "look at the folder and at the disk",
    data: { code: "vault_unwritable", errno: code, path },
    cause: error,
  });
}

/** Trouble that every other file would meet as well. */
export function concernsAllFiles({ code }: NodeJS.ErrnoException): boolean {
  return code === "ENOSPC" || code === "EDQUOT" || code === "EROFS" || code === "EMFILE";
}
