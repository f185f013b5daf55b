import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { CliError } from "../errors.ts";
import { linesOf } from "./lines.ts";

/**
 * A backup is gzipped lines of JSON: `{coord_backup, coord, at}`; then, for each workspace, what the server dumped: a head, pages, a
 * final, its pages, an end; and as the last line `{complete: {workspaces, lines, sha256}}`, the digest being of all lines before it.
 * A file without that line is a part of one, and is refused whole.
 */
export const FORMAT = 1;

type Value = string | number | null;

export interface Page {
  readonly table: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
}

/** The first line of a workspace. */
export interface WorkspaceHead {
  readonly workspace: string;
  readonly schema: number;
  readonly at: string;
  readonly head: number;
  /** The tables in the order in which they are loaded, and how each was read. */
  readonly tables: Readonly<Record<string, "number" | "seq" | "whole">>;
  readonly rows: Readonly<Record<string, number>>;
}

export type Line =
  | { readonly coord_backup: number; readonly coord: string; readonly at: string }
  | WorkspaceHead
  | Page
  | { readonly final: { readonly head: number; readonly touched: readonly number[] } }
  | { readonly end: { readonly rows: Readonly<Record<string, number>> } }
  | { readonly complete: Complete };

export interface Complete {
  readonly workspaces: readonly string[];
  readonly lines: number;
  readonly sha256: string;
}

/** Counts and digests lines, whoever writes or reads them. */
export class Tally {
  lines = 0;
  readonly #hash: Hash = createHash("sha256");

  add(line: string): void {
    this.lines += 1;
    this.#hash.update(line).update("\n");
  }

  complete(workspaces: readonly string[]): Complete {
    return { workspaces, lines: this.lines, sha256: this.#hash.copy().digest("hex") };
  }
}

/** The lines of a backup, in order; throws `CliError` at the first thing that shows that it is none, or not whole. */
export async function* readBackup(path: string): AsyncGenerator<Line> {
  const tally = new Tally();
  const workspaces: string[] = [];
  let complete: Complete | undefined;
  let failure: Error | undefined;
  const text = pipeline(createReadStream(path), createGunzip(), (error) => {
    failure = error ?? undefined;
  });
  try {
    for await (const json of linesOf(text)) {
      if (complete) throw damaged(path, "something follows its end");
      const line = parsed(path, json);
      if (tally.lines === 0 && !("coord_backup" in line)) throw damaged(path, "it does not begin like one");
      if ("coord_backup" in line && line.coord_backup !== FORMAT) {
        throw new CliError(`${path} was written by another coord (format ${line.coord_backup}, version ${line.coord})`, {
          next: "restore it with that version or a newer one",
        });
      }
      if ("complete" in line) {
        complete = line.complete;
        const { lines, sha256 } = tally.complete(workspaces);
        if (complete.lines !== lines || complete.sha256 !== sha256) throw damaged(path, "its digest is not that of its lines");
      } else {
        if ("workspace" in line) workspaces.push(line.workspace);
        tally.add(json);
      }
      yield line;
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw damaged(path, (error as Error).message, error);
  }
  if (failure) throw damaged(path, failure.message, failure);
  if (!complete) throw damaged(path, "its end is missing");
}

function parsed(path: string, json: string): Line {
  try {
    const line: unknown = JSON.parse(json);
    if (typeof line === "object" && line !== null) return line as Line;
  } catch {
    // told below
  }
  throw damaged(path, "a line in it is not JSON");
}

function damaged(path: string, what: string, cause?: unknown): CliError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  if (code === "ENOENT") return new CliError(`there is no file ${path}`, { next: "name the file that coord backup wrote", cause });
  if (code === "EACCES" || code === "EISDIR")
    return new CliError(`${path} cannot be read: ${what}`, { next: "name the file that coord backup wrote", cause });
  return new CliError(`${path} is not a whole backup: ${what}; nothing was restored`, {
    next: "use another backup",
    ...(cause ? { cause } : {}),
  });
}
