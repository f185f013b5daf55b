import { createHash } from "node:crypto";
import { CliError } from "../cli/errors.ts";
import type { Event } from "../protocol/index.ts";
import { entryOf } from "./entry.ts";
import type { Files, Written } from "./files.ts";
import type { Journal, JournalLine } from "./journal.ts";
import { type Dirt, type FileKey, Model, noDirt } from "./model.ts";
import { extractOf, type TaskRecord } from "./record.ts";
import type { Records } from "./records.ts";
import { type Place, placeOf, taskOf, textOf } from "./render/file.ts";
import { concernsAllFiles, isFileTrouble } from "./trouble.ts";

export type Phase = "replaying" | "reading" | "writing";

export interface SyncOptions {
  readonly workspace: string;
  readonly files: Files;
  readonly journal: Journal;
  readonly records: Records;
  /** Files or records done, of how many. */
  readonly onProgress?: (what: Phase, done: number, total: number) => void;
  /** A file that is not the vault's own lies where one of it should; told once for each. */
  readonly onForeign?: (path: string) => void;
}

/** Notes rendered at a time: bounds what is in memory of their records. */
const BATCH = 100;
/** Files written at once: the file system's own threads are four. */
const WRITERS = 8;

/**
 * Brings the vault's files to where the log is. What is promised: a file is a function of the log up to the cursor and of the
 * records, so a vault that is *at rest* (its cursor is the log's head and nothing is left to be written) has the same bytes however it came there.
 * A crash at any point leaves whole files and a journal whose last `done` says from where on files may be behind.
 */
export class Sync {
  readonly model = new Model();
  readonly #options: SyncOptions;
  readonly #dirt: Dirt = noDirt();
  /** Lines that the model has and the journal does not yet. */
  #unwritten: JournalLine[] = [];
  #isDone = true;
  #baseHash: string | undefined;
  readonly #foreign = new Set<string>();
  /** Files written since the start. */
  written = 0;

  constructor(options: SyncOptions) {
    this.#options = options;
  }

  /** Takes over what the journal says. Files that follow from lines after its last `done` are to be written again. */
  load(lines: readonly JournalLine[]): void {
    const lastDone = lines.findLastIndex((line) => "done" in line);
    const past = noDirt();
    lines.forEach((line, index) => {
      const dirt = index < lastDone ? past : this.#dirt;
      if ("entry" in line) this.model.apply(line.entry, dirt);
      else if ("record" in line) this.model.setExtract(line.record, line.extract, dirt);
      else if ("wrote" in line) this.#baseHash = line.sha256;
    });
    this.#dirt.files.add("base"); // nothing in the log ever changes it: a deleted one comes back at the next start
    this.#isDone = false;
  }

  /** Every file is to be looked at again. */
  refresh(): void {
    for (const key of this.model.allFiles()) this.#dirt.files.add(key);
    this.#isDone = false;
  }

  get hasWork(): boolean {
    return this.#dirt.files.size > 0 || this.#dirt.records.size > 0 || this.#unwritten.length > 0;
  }

  get foreign(): readonly string[] {
    return [...this.#foreign].sort();
  }

  take(event: Event): void {
    if (event.seq <= this.model.cursor) return;
    const before = (event.data.task as { id?: string } | undefined)?.id;
    const entry = entryOf(event, before === undefined ? undefined : this.model.tasks.get(before)?.now);
    this.model.apply(entry, this.#dirt);
    this.#unwritten.push({ entry });
    this.#isDone = false;
  }

  /**
   * One round: records that changed are read, the journal is written, then the files. Nothing is forgotten where it throws; call it again.
   * @throws what the board refuses, what the file system throws, CliError where the journal is gone.
   */
  async flush(signal?: AbortSignal): Promise<void> {
    await this.#readRecords(signal);
    if (signal?.aborted) return;
    await this.#writeJournal();
    await this.#writeFiles(signal);
    if (this.#dirt.files.size > 0 || this.#dirt.records.size > 0 || this.#isDone) return;
    this.#unwritten.push({ done: true });
    await this.#writeJournal();
    this.#isDone = true;
  }

  async #writeJournal(): Promise<void> {
    const lines = this.#unwritten;
    await this.#options.journal.append(lines);
    this.#unwritten = [];
  }

  async #readRecords(signal: AbortSignal | undefined): Promise<void> {
    const { records, onProgress } = this.#options;
    const total = this.#dirt.records.size;
    const due = [...this.#dirt.records];
    for (let from = 0; from < due.length && !signal?.aborted; ) {
      const ids = due.slice(from, from + records.page);
      from += ids.length;
      const tasks = ids.map((id) => this.model.tasks.get(id)).filter((task) => task !== undefined);
      const found = await records.read(tasks);
      for (const id of ids) {
        const record = found.get(id);
        const extract = record && extractOf(record);
        if (extract && this.model.setExtract(id, extract, this.#dirt)) this.#unwritten.push({ record: id, extract });
        this.#dirt.records.delete(id);
      }
      onProgress?.("reading", Math.min(from, total), total);
    }
  }

  async #writeFiles(signal: AbortSignal | undefined): Promise<void> {
    const { onProgress, records } = this.#options;
    const keys = [...this.#dirt.files];
    let trouble: unknown;
    for (let from = 0; from < keys.length && !signal?.aborted; from += BATCH) {
      const batch = keys.slice(from, from + BATCH);
      const tasks = batch.map((key) => taskOf(this.model, key)).filter((task) => task !== undefined);
      const known = await records.get(tasks);
      trouble = (await this.#writeBatch(batch, known)) ?? trouble;
      if (trouble !== undefined && (!isFileTrouble(trouble) || concernsAllFiles(trouble))) break;
      onProgress?.("writing", Math.min(from + BATCH, keys.length), keys.length);
    }
    if (trouble !== undefined) throw trouble;
  }

  /** @returns the first trouble; the files that met any stay to be written, the others are. */
  async #writeBatch(keys: readonly FileKey[], records: ReadonlyMap<string, TaskRecord>): Promise<unknown> {
    const queue = [...keys];
    let trouble: unknown;
    const worker = async () => {
      for (let key = queue.shift(); key !== undefined; key = queue.shift()) {
        try {
          const task = taskOf(this.model, key);
          const place = placeOf(this.model, key);
          if (place) await this.#write(place, textOf(this.model, key, this.#options.workspace, task && records.get(task.id)));
          this.#dirt.files.delete(key);
        } catch (error) {
          if (!isFileTrouble(error)) throw error;
          trouble ??= error;
          if (concernsAllFiles(error)) queue.length = 0;
        }
      }
    };
    await Promise.all(Array.from({ length: WRITERS }, worker));
    return trouble;
  }

  async #write(place: Place, text: string): Promise<void> {
    const { files, onForeign } = this.#options;
    let outcome: Written;
    if (place.kind === "note") outcome = await files.note(place.path, text, place.isOwn);
    else if (place.kind === "canvas") outcome = await files.whole(place.path, text, place.isOwn);
    else outcome = await this.#writeBase(place.path, text);
    if (outcome === "written") this.written++;
    if (outcome !== "foreign" || this.#foreign.has(place.path)) return;
    this.#foreign.add(place.path);
    onForeign?.(place.path);
  }

  /** The base is the vault's as long as nobody changed it: its views are for people to arrange. */
  async #writeBase(path: string, text: string): Promise<Written> {
    const isOwn = (content: Buffer) => sha256(content) === this.#baseHash || content.toString() === text;
    const outcome = await this.#options.files.whole(path, text, isOwn);
    const hash = sha256(Buffer.from(text));
    if (outcome !== "foreign" && hash !== this.#baseHash) {
      this.#baseHash = hash;
      this.#unwritten.push({ wrote: path, sha256: hash });
    }
    // Changed by a person: theirs from now on, and nothing to be told of.
    return outcome === "foreign" && this.#baseHash !== undefined ? "unchanged" : outcome;
  }
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** @throws CliError where the log that the vault was made from is not this board's. */
export function assureSameBoard(
  first: Event | undefined,
  mine: { at: string; type: string; task?: string; agent?: string } | undefined,
  root: string,
): void {
  if (mine === undefined) return;
  if (first && first.at === mine.at && first.type === mine.type && first.task_id === mine.task && first.agent_id === mine.agent) return;
  throw otherBoard(root);
}

export function otherBoard(root: string): CliError {
  return new CliError(`the vault ${root} was made from another board, or from this one before its data were replaced`, {
    next: `give another folder, or make this one anew from the board as it is: coord vault '${root}' --rebuild`,
    data: { code: "other_board" },
  });
}
