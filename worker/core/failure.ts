import { type Refusal, refuse } from "../../protocol/index.ts";

/** What SQLite and the runtime say where the disk takes no more: SQLITE_FULL, and an I/O error from the file system below. */
const DISK_FULL = /database or disk is full|SQLITE_FULL|no space left on device|disk quota exceeded/i;

/**
 * The refusal behind an exception that ended a command. Nothing of the command was kept: its transaction was rolled back.
 * A full disk is no bug, and only whoever runs the server can mend it: it is named, with what to do. Anything else is a bug.
 * @param method the method that was called, where one was.
 */
export function failure(error: unknown, method?: string): Refusal {
  const where = method === undefined ? {} : { method: method.slice(0, 80) };
  if (!isDiskFull(error)) return refuse("internal", "internal error: this is a bug in coord", where);
  return refuse("internal", "the disk that holds this board is full: nothing was changed, and nothing can be until there is room", {
    ...where,
    disk_full: true,
    remedy: "Make room on the server's disk (`coord status` names the folder), then call again. Reading still works.",
  });
}

/** Whether the disk took no more. */
export function isDiskFull(error: unknown): boolean {
  return DISK_FULL.test(textOf(error));
}

/** Its message and those of what caused it, a few deep. */
function textOf(error: unknown): string {
  const texts: string[] = [];
  for (let each = error, depth = 0; each !== undefined && each !== null && depth < 5; depth++) {
    texts.push(each instanceof Error ? `${each.name} ${each.message}` : String(each));
    each = each instanceof Error ? each.cause : undefined;
  }
  return texts.join("\n");
}
