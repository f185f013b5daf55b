import type { Change } from "./draft.ts";
import { backUp, makeFolders, removeFile, writeWhole } from "./files.ts";
import { type InitRecord, writeRecord } from "./record.ts";

/** Does to a file what was decided, after a copy of what would be lost. */
export function carryOut(change: Change): Change & { backup?: string } {
  if (change.action === "unchanged" || change.action === "kept") return change;
  const backup = change.backUp && change.before !== undefined ? backUp(change.path, change.before) : undefined;
  if (change.after === undefined) removeFile(change.path, change.folders);
  else {
    makeFolders(change.path);
    writeWhole(change.path, change.after);
  }
  return backup === undefined ? change : { ...change, backup };
}

/** Keeps what init is about to do before it does it: undoing what never came about finds nothing to undo. Answers what the user should know. */
export function keepRecord(path: string, record: InitRecord, earlier: InitRecord, changes: readonly Change[]): string[] {
  const did = changes.some(({ action }) => action !== "unchanged" && action !== "kept");
  const leaves = earlier.hosts.some((name) => !record.hosts.includes(name));
  if (!did && !leaves) return [];
  try {
    writeRecord(path, Object.keys(record.files).length === 0 ? { ...record, hosts: [] } : record);
    return [];
  } catch (error) {
    return [
      `What was done could not be recorded (${(error as Error).message}): coord init --remove will know coord's parts by what they look like.`,
    ];
  }
}
