import { once } from "node:events";
import { createWriteStream, existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { backup } from "../backup/backup.ts";
import type { Target } from "../client/types.ts";
import { CliError } from "../errors.ts";
import { scratch } from "../server/private.ts";
import { diskFull } from "../surroundings.ts";
import type { PortRecord } from "./format.ts";
import { recordsOf } from "./records.ts";

export interface ExportOptions {
  readonly target: Target;
  /** A path, or `-` for standard output. */
  readonly file: string;
  readonly force: boolean;
  readonly progress: (workspace: string, rows: number, of: number) => void;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export interface ExportReport {
  /** null: it went to standard output. */
  readonly file: string | null;
  readonly workspace: string;
  readonly counts: Readonly<Record<string, number>>;
}

/**
 * Writes a workspace as an export (see format.ts) while everybody works on: it is in it as it was in one moment. The server's dump goes
 * to a private file first. The export appears under its name when it is whole.
 */
export async function exportWorkspace(options: ExportOptions): Promise<ExportReport> {
  const { target, force, now, progress } = options;
  const file = options.file === "-" ? null : resolve(options.file);
  if (file !== null && existsSync(file) && !force)
    throw new CliError(`${file} is there already`, { next: "choose another name, or replace it with --force" });
  using copy = scratch();
  const dump = join(copy.folder, "dump.gz");
  await backup({ target, file: dump, workspace: target.workspace, folder: "", force: true, progress, now });
  const records = recordsOf(dump, target.workspace);
  const counts = file === null ? await write(records, process.stdout, false) : await writeFile(records, file);
  return { file, workspace: target.workspace, counts };
}

async function writeFile(records: AsyncIterable<PortRecord>, file: string): Promise<Readonly<Record<string, number>>> {
  const partial = `${file}.partial`;
  const output = createWriteStream(partial, { mode: 0o600, flush: true });
  try {
    const counts = await write(records, output, true);
    await rename(partial, file);
    return counts;
  } catch (error) {
    output.destroy();
    await rm(partial, { force: true });
    if (error instanceof CliError) throw error;
    throw (
      diskFull(error, file) ??
      new CliError(
        `${file} cannot be written: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}; nothing is left behind`,
        {
          next: "name a file in a folder that you can write to",
          cause: error,
        },
      )
    );
  }
}

/** @returns the counts of the last line */
async function write(records: AsyncIterable<PortRecord>, output: Writable, end: boolean): Promise<Readonly<Record<string, number>>> {
  let counts: Readonly<Record<string, number>> = {};
  let failure: Error | undefined;
  const fail = (error: Error) => {
    failure ??= error;
  };
  output.on("error", fail);
  const gone = finished(output, { readable: false });
  // told by whoever awaits it, or by `failure`
  gone.catch(() => {});
  try {
    for await (const record of records) {
      if (record.record === "end") counts = record.counts;
      if (failure) throw failure;
      // what reads it may be slow, or gone (`| head`)
      if (!output.write(`${JSON.stringify(record)}\n`)) await Promise.race([once(output, "drain"), gone]);
    }
    if (end) {
      output.end();
      await gone;
    }
    if (failure) throw failure;
    return counts;
  } finally {
    output.off("error", fail);
  }
}
