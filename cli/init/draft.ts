import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { CliError } from "../errors.ts";
import { isBare } from "./edit/jsonc.ts";
import { type ReadFile, readPlace } from "./files.ts";
import type { FilePart, Part, Place } from "./parts.ts";
import { type FileRecord, type InitRecord, type Splice, undone, withSplice } from "./record.ts";

/** What happens to one file. `kept` has another's content where ours would be; only `--force` replaces that. */
export interface Change {
  readonly file: string;
  readonly path: string;
  readonly action: "created" | "updated" | "unchanged" | "kept" | "removed";
  readonly before: string | undefined;
  /** Undefined where the file goes. */
  readonly after: string | undefined;
  readonly detail: string;
  /** The old text is not in the new one: a copy of it is put aside first. */
  readonly backUp: boolean;
  /** Folders to make for it, or to remove with it where they are empty, outermost first. */
  readonly folders: readonly string[];
}

interface Sheet {
  readonly file: ReadFile;
  text: string | undefined;
  details: string[];
  kept: boolean;
  loses: boolean;
  splices: readonly Splice[];
}

/**
 * All that init is about to do, made up in memory: every file is read once, parts are put into it or taken out one after the other, and
 * nothing is written before all of it has been decided.
 */
export class Draft {
  readonly #folder: string;
  readonly #force: boolean;
  readonly #record: InitRecord;
  readonly #sheets = new Map<string, Sheet>();
  /** Those that a part was put into or taken out of; others were only read. */
  readonly #touched = new Set<Sheet>();

  constructor(folder: string, force: boolean, record: InitRecord) {
    this.#folder = folder;
    this.#force = force;
    this.#record = record;
  }

  /** A file's text as the draft has it; undefined too where it must not be touched. */
  read(place: Place): string | undefined {
    try {
      return this.#sheetOf(place).text;
    } catch (error) {
      if (error instanceof CliError) return undefined;
      throw error;
    }
  }

  /** Whether two places are one file, by a link. */
  isSame(one: Place, other: Place): boolean {
    return readPlace(this.#folder, one).path === readPlace(this.#folder, other).path;
  }

  /** Puts a part into its file. Answers whether that changes it. */
  put({ place, part }: FilePart): boolean {
    const sheet = this.#open(place);
    const before = sheet.text;
    const { action, text, detail, loses } = part.put(before, sheet.file, this.#force);
    if (detail !== "") sheet.details.push(detail);
    if (action === "kept") sheet.kept = true;
    if (loses) sheet.loses = true;
    if (action === "unchanged" || action === "kept" || text === before) return false;
    sheet.splices = withSplice(sheet.splices, part.id, before ?? "", text);
    sheet.text = text;
    return true;
  }

  /**
   * Takes a part out of its file: what init is known to have put there goes as it came, to the letter; else the part is known by what it
   * looks like. One that was there before the first init stays, unless forced.
   */
  take({ place, part }: FilePart): void {
    const sheet = this.#open(place);
    if (sheet.text === undefined) return;
    const splice = sheet.splices.find((one) => one.part === part.id);
    const restored = splice && undone(sheet.text, splice);
    if (restored !== undefined && isReadable(part, restored, sheet.file)) {
      this.#taken(sheet, part.id, restored, "took coord's part out");
      return;
    }
    try {
      const looks = part.take(sheet.text, sheet.file, this.#force);
      if (looks.action === "absent") sheet.splices = sheet.splices.filter((one) => one.part !== part.id);
      else if (looks.action === "kept") this.#keep(sheet, looks.detail);
      else if (splice === undefined && this.#isKnown() && !this.#force)
        this.#keep(sheet, "was there before coord init; --force takes it out");
      else {
        if (this.#force) sheet.loses = true;
        this.#taken(sheet, part.id, looks.text, looks.detail);
      }
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      this.#keep(sheet, error.message.replace(`${place.name}: `, "").replace(`${place.name} is`, "it is"));
    }
  }

  /** Takes out whatever else init is known to have put into a file, by parts that are planned no more. */
  takeRest(place: Place): void {
    const sheet = this.#open(place);
    for (const splice of [...sheet.splices].reverse()) {
      const restored = sheet.text === undefined ? undefined : undone(sheet.text, splice);
      if (restored !== undefined) this.#taken(sheet, splice.part, restored, "took coord's part out");
      else if (sheet.text === undefined) sheet.splices = [];
    }
  }

  #taken(sheet: Sheet, part: string, text: string, detail: string): void {
    sheet.text = text;
    if (detail !== "") sheet.details.push(detail);
    sheet.splices = sheet.splices.filter((one) => one.part !== part);
  }

  #keep(sheet: Sheet, detail: string): void {
    sheet.kept = true;
    sheet.details.push(detail);
  }

  /** Whether it is known what init did here. */
  #isKnown(): boolean {
    return Object.keys(this.#record.files).length > 0;
  }

  /** What becomes of each file, in the order in which they were first touched. */
  changes(): Change[] {
    return [...this.#touched].map((sheet) => this.#changeOf(sheet));
  }

  #changeOf(sheet: Sheet): Change {
    const { file, text, kept, loses } = sheet;
    const details = [...new Set(sheet.details)];
    const base = {
      file: file.name,
      path: file.path,
      before: file.text,
      backUp: loses && file.text !== undefined,
      detail: details.join(", "),
    };
    if (text === file.text) return { ...base, action: kept ? "kept" : "unchanged", after: text, backUp: false, folders: [] };
    if (file.text === undefined) return { ...base, action: "created", after: text, folders: missingFolders(file.path) };
    const made = this.#record.files[file.path]?.made ?? !this.#isKnown();
    if (made && text !== undefined && (text.trim() === "" || isBare(text)) && sheet.splices.length === 0) {
      const folders = this.#record.files[file.path]?.folders ?? foldersWithin(this.#folder, file);
      return { ...base, action: "removed", after: undefined, detail: "it held nothing else", folders };
    }
    return { ...base, action: "updated", after: text, folders: [] };
  }

  /** What is known of each file when the draft has been carried out. */
  files(): Record<string, FileRecord> {
    const files: Record<string, FileRecord> = { ...this.#record.files };
    for (const sheet of this.#touched) {
      const { path, text } = sheet.file;
      const earlier = files[path];
      if (sheet.splices.length === 0) delete files[path];
      else
        files[path] = {
          made: earlier?.made ?? text === undefined,
          folders: earlier?.folders ?? (text === undefined ? missingFolders(path) : []),
          splices: sheet.splices,
        };
    }
    return files;
  }

  #open(place: Place): Sheet {
    const sheet = this.#sheetOf(place);
    this.#touched.add(sheet);
    return sheet;
  }

  #sheetOf(place: Place): Sheet {
    const file = readPlace(this.#folder, place);
    const there = this.#sheets.get(file.path);
    if (there) return there;
    const splices = this.#record.files[file.path]?.splices ?? [];
    const sheet: Sheet = { file, text: file.text, details: [], kept: false, loses: false, splices };
    this.#sheets.set(file.path, sheet);
    return sheet;
  }
}

/** Whether a part's file can still be read with this text. */
function isReadable(part: Part, text: string, file: Place): boolean {
  try {
    part.take(text, file, false);
    return true;
  } catch (error) {
    if (error instanceof CliError) return false;
    throw error;
  }
}

function missingFolders(path: string): string[] {
  const missing: string[] = [];
  for (let at = dirname(path); !existsSync(at) && dirname(at) !== at; at = dirname(at)) missing.unshift(at);
  return missing;
}

/** The folders between the project's own and a file of it. */
function foldersWithin(folder: string, file: ReadFile): string[] {
  if (file.scope === "user") return [];
  const within: string[] = [];
  for (let at = dirname(file.path); at !== folder && at.startsWith(folder); at = dirname(at)) within.unshift(at);
  return within;
}
