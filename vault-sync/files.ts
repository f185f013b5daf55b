import type { BigIntStats } from "node:fs";
import * as real from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { divide, join as joinNote } from "./marker.ts";

/** The file operations that the vault uses, so that a test can make a disk full. */
export type Disk = Pick<typeof real, "lstat" | "mkdir" | "open" | "readFile" | "readdir" | "rename" | "unlink">;

/** What became of a file. `foreign`: something that is not the vault's own lies at its place, and was not touched. */
export type Written = "written" | "unchanged" | "foreign";

/** Decides by its bytes whether a file is the vault's own. Files are small, and what a manifest says may be out of date. */
export type IsOwn = (content: Buffer) => boolean;

/** How often a file that a person keeps saving at the same time is tried. */
const MOST_TRIES = 5;
const TEMPORARY = /^\.coord-\d+-\d+\.tmp$/;

/** Whether a path is one of a file that is being written, and not yet in its place. */
export function isTemporary(path: string): boolean {
  return TEMPORARY.test(basename(path));
}

/** Writes into one vault's folder: whole files at once, only where their content changed, never over something that is not its own. */
export class Files {
  readonly root: string;
  readonly #disk: Disk;
  #temporaries = 0;

  constructor(root: string, disk: Disk = real) {
    this.root = root;
    this.#disk = disk;
  }

  /**
   * Writes a note: `above` is coord's part; what is below the marker in the file that is there now is kept byte for byte.
   * @throws what the file system throws; the file is then as it was.
   */
  note(path: string, above: string, isOwn: IsOwn): Promise<Written> {
    return this.#replace(path, (old) => {
      if (old === undefined) return joinNote(above, Buffer.alloc(0));
      const parts = divide(old);
      if (!parts || !isOwn(parts.above)) return "foreign";
      return joinNote(above, parts.below);
    });
  }

  /** Writes a file that is coord's alone. */
  whole(path: string, content: string, isOwn: IsOwn): Promise<Written> {
    return this.#replace(path, (old) => (old === undefined || isOwn(old) ? Buffer.from(content) : "foreign"));
  }

  /** An empty file counts as none: a crash of the machine or a careless editor left it, and nothing is lost with it. */
  async #replace(path: string, next: (old: Buffer | undefined) => Buffer | "foreign"): Promise<Written> {
    const full = join(this.root, path);
    for (let tries = 0; ; tries++) {
      const before = await this.#stat(full);
      if (before !== undefined && !before.isFile()) return "foreign";
      const old = before === undefined || before.size === 0n ? undefined : await this.#disk.readFile(full);
      const content = next(old);
      if (content === "foreign") return "foreign";
      if (old?.equals(content)) return "unchanged";
      const isCareful = old !== undefined && (divide(old)?.below.length ?? 0) > 0;
      const temporary = await this.#temporary(full, content, before, isCareful);
      const now = await this.#stat(full);
      // Somebody saved it meanwhile: what they wrote is read again, or it would be lost.
      if (sameFile(before, now)) {
        await this.#disk.rename(temporary, full);
        return "written";
      }
      await this.#disk.unlink(temporary);
      if (tries >= MOST_TRIES) throw Object.assign(new Error(`${path} is being written by another program`), { code: "EBUSY", path: full });
    }
  }

  async #stat(full: string): Promise<BigIntStats | undefined> {
    try {
      return await this.#disk.lstat(full, { bigint: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** The content in a new file beside its place, where a rename is one step. A crash leaves it; `cleanUp` of the next run removes it. */
  async #temporary(full: string, content: Buffer, like: BigIntStats | undefined, isCareful: boolean): Promise<string> {
    const temporary = join(dirname(full), `.coord-${process.pid}-${this.#temporaries++}.tmp`);
    const mode = like === undefined ? 0o666 : Number(like.mode & 0o777n);
    const open = () => this.#disk.open(temporary, "w", mode);
    const handle = await open().catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      await this.#disk.mkdir(dirname(full), { recursive: true });
      return open();
    });
    try {
      await handle.writeFile(content);
      if (isCareful) await handle.sync(); // a person's words are in it: they are on the disk before the old file goes
    } catch (error) {
      await handle.close();
      await this.#disk.unlink(temporary).catch(() => {}); // a full disk: the first error is the one to tell
      throw error;
    }
    await handle.close();
    return temporary;
  }

  /** Removes what a run that was killed left of half-written files. */
  async cleanUp(folders: readonly string[]): Promise<void> {
    for (const folder of folders) {
      const names = await this.#disk.readdir(join(this.root, folder)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
        throw error;
      });
      for (const name of names) if (isTemporary(name)) await this.#disk.unlink(join(this.root, folder, name));
    }
  }

  /** Puts an own note that the board has no task for any more aside, unless a person wrote in it. */
  async putAside(path: string, into: string, isOwn: IsOwn): Promise<"moved" | "kept" | "absent"> {
    const full = join(this.root, path);
    const stat = await this.#stat(full);
    if (!stat?.isFile()) return "absent";
    const parts = divide(await this.#disk.readFile(full));
    if (!parts || !isOwn(parts.above) || parts.below.toString().trim() !== "") return "kept";
    const target = join(this.root, into, path);
    await this.#disk.mkdir(dirname(target), { recursive: true });
    await this.#disk.rename(full, target);
    return "moved";
  }
}

function sameFile(a: BigIntStats | undefined, b: BigIntStats | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs;
}
