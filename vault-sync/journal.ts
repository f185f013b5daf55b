import { constants } from "node:fs";
import * as real from "node:fs/promises";
import { dirname } from "node:path";
import { CliError } from "../cli/errors.ts";
import type { Entry } from "./entry.ts";
import type { Extract } from "./record.ts";

/** The journal's own format, and what the renderers make of it: where either is another one, the vault is made anew. */
export const JOURNAL_VERSION = 1;

/**
 * A line of the journal: a line of the log, what a record said, or that every file is as all lines above say.
 * Lines are on disk before the files that follow from them, so a run that was killed knows which files may be behind.
 */
export type JournalLine =
  | { readonly entry: Entry }
  | { readonly record: string; readonly extract: Extract }
  | { readonly done: true }
  | { readonly wrote: string; readonly sha256: string };

export interface JournalHeader {
  readonly journal: number;
  readonly workspace: string;
}

type Disk = Pick<typeof real, "open" | "readFile" | "rename" | "mkdir">;

/** `.coord/journal.jsonl`: the log and the vault's cursor in it. Appended to by one process, the holder of the lock. */
export class Journal {
  readonly path: string;
  readonly #disk: Disk;
  #length: number;

  private constructor(path: string, length: number, disk: Disk) {
    this.path = path;
    this.#length = length;
    this.#disk = disk;
  }

  /** Reads a journal; undefined where there is none, or one of another format. A last line that a crash cut short does not count. */
  static async read(
    path: string,
    disk: Disk = real,
  ): Promise<{ journal: Journal; header: JournalHeader; lines: JournalLine[] } | undefined> {
    let bytes: Buffer;
    try {
      bytes = await disk.readFile(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    const values: unknown[] = [];
    let good = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, good)) {
      try {
        values.push(JSON.parse(bytes.toString("utf8", good, end)));
      } catch {
        break; // torn by a failing machine: what stands before it is whole, and the server tells the rest again
      }
      good = end + 1;
    }
    const [header, ...lines] = values as [JournalHeader | undefined, ...JournalLine[]];
    if (header?.journal !== JOURNAL_VERSION || typeof header.workspace !== "string") return undefined;
    return { journal: new Journal(path, good, disk), header, lines };
  }

  /** Begins a new journal in the place of any old one. */
  static async create(path: string, workspace: string, disk: Disk = real): Promise<Journal> {
    await disk.mkdir(dirname(path), { recursive: true });
    const header = Buffer.from(`${JSON.stringify({ journal: JOURNAL_VERSION, workspace } satisfies JournalHeader)}\n`);
    const temporary = `${path}.new`;
    const handle = await disk.open(temporary, "w", 0o666);
    try {
      await handle.writeFile(header);
    } finally {
      await handle.close();
    }
    await disk.rename(temporary, path);
    return new Journal(path, header.length, disk);
  }

  /**
   * Appends lines and has them on disk when it resolves. Where it throws, the next call begins where this one did.
   * @throws CliError where somebody removed or changed the journal while it was in use.
   */
  async append(lines: readonly JournalLine[]): Promise<void> {
    if (lines.length === 0) return;
    const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const handle = await this.#disk.open(this.path, constants.O_RDWR).catch((error: NodeJS.ErrnoException) => {
      throw error.code === "ENOENT" ? this.#lost() : error;
    });
    try {
      const { size } = await handle.stat();
      if (size < this.#length) throw this.#lost();
      if (size > this.#length) await handle.truncate(this.#length); // the rest of an append that failed
      for (let written = 0; written < bytes.length; ) {
        written += (await handle.write(bytes, written, bytes.length - written, this.#length + written)).bytesWritten;
      }
      await handle.datasync();
      this.#length += bytes.length;
    } finally {
      await handle.close();
    }
  }

  #lost(): CliError {
    return new CliError(`${this.path} was removed or replaced while the vault was kept`, {
      next: "start it again; it makes the vault anew from the board's log",
      data: { code: "vault_state_lost" },
    });
  }
}
