import type { Imported } from "../../protocol/import.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { Target } from "../client/types.ts";
import { CliError } from "../errors.ts";
import { bearer } from "../server/health.ts";
import type { Mistake, Reading } from "./draft.ts";
import type { Linked } from "./link.ts";
import { many } from "./words.ts";

export interface ImportReport {
  readonly from: string;
  readonly source: string;
  readonly workspace: string;
  readonly dry_run: boolean;
  readonly created: number;
  /** Were there already, and are as they were. */
  readonly existing: number;
  readonly notes: number;
  readonly dependencies: number;
  readonly states: Reading["states"];
  readonly remarks: readonly { readonly message: string; readonly lines: readonly number[] }[];
  /** Of what was created, by the name at the source; with `dry_run` without numbers. */
  readonly tasks: readonly {
    readonly key: string;
    readonly line: number;
    readonly id: string;
    readonly name: string;
    readonly number?: number;
  }[];
}

/** Room for what surrounds the tasks in a request, in bytes. */
const FRAME_BYTES = 4096;

/**
 * Sends the tasks, one request after the other where they do not fit into one: each is created whole or not at all, and each comes after
 * those that it depends on. An import that breaks off between two can be made again: what is there stays as it is.
 */
export async function sendTasks(
  target: Target,
  reading: Reading,
  linked: readonly Linked[],
  { by, dryRun, progress }: { by: string | undefined; dryRun: boolean; progress: (done: number, of: number) => void },
): Promise<ImportReport> {
  const parts = partsOf(reading, linked);
  const numbers = new Map<string, number>();
  let existing = 0;
  let sent = 0;
  for (const part of parts) {
    const inPart = new Set(part.map(({ task }) => task.id));
    const tasks = part.map(({ task }) =>
      // what an earlier part would have made is not there in a trial
      dryRun && parts.length > 1 ? { ...task, depends_on: (task.depends_on ?? []).filter((id) => inPart.has(id)) } : task,
    );
    const answer = await post(target, { ...(by === undefined ? {} : { agent_id: by }), dry_run: dryRun, tasks }, part, numbers.size);
    for (const { id, number } of answer.created) numbers.set(id, number);
    existing += answer.existing.length;
    sent += part.length;
    progress(sent, linked.length);
  }
  const created = linked.filter(({ task }) => numbers.has(task.id));
  return {
    from: reading.system,
    source: reading.source,
    workspace: target.workspace,
    dry_run: dryRun,
    created: created.length,
    existing,
    notes: created.reduce((sum, { task }) => sum + (task.notes?.length ?? 0), 0),
    dependencies: created.reduce((sum, { task }) => sum + (task.depends_on?.length ?? 0), 0),
    states: reading.states,
    remarks: reading.remarks,
    tasks: created.map(({ key, line, task }) => ({
      key,
      line,
      id: task.id,
      name: task.name,
      ...(dryRun ? {} : { number: numbers.get(task.id)! }),
    })),
  };
}

function partsOf(reading: Reading, linked: readonly Linked[]): Linked[][] {
  const { import_bytes, import_tasks } = LIMITS;
  const room = import_bytes.value - FRAME_BYTES;
  const parts: Linked[][] = [];
  let size = 0;
  for (const one of linked) {
    const bytes = Buffer.byteLength(JSON.stringify(one.task)) + 1;
    if (bytes > room)
      throw badSource(reading, [
        { line: one.line, message: `${one.key}: it takes ${bytes} bytes with its notes; one request takes ${room}` },
      ]);
    const part = parts.at(-1);
    if (part === undefined || part.length >= import_tasks.value || size + bytes > room) {
      parts.push([one]);
      size = bytes;
    } else {
      part.push(one);
      size += bytes;
    }
  }
  return parts;
}

async function post(target: Target, request: object, part: readonly Linked[], before: number): Promise<Imported> {
  const sofar = before === 0 ? "nothing was imported" : `${many(before, "task")} before it are imported`;
  const again = before === 0 ? "" : "; run it again when that is mended: nothing comes twice";
  let response: Response;
  let text: string;
  try {
    response = await fetch(new URL(`w/${target.workspace}/import`, target.url), {
      method: "POST",
      headers: { "content-type": "application/json", ...bearer(target.token) },
      body: JSON.stringify(request),
    });
    text = await response.text();
  } catch (cause) {
    throw new CliError(`the server went away in the middle of the import: ${(cause as Error).message}`, {
      exit: 7,
      next: "start it (coord serve --detach), then run the import again: what is there already stays as it is",
      cause,
    });
  }
  if (response.ok) return JSON.parse(text) as Imported;
  let error: { message?: string; data?: { at?: number; remedy?: string } } | undefined;
  try {
    error = (JSON.parse(text) as { error?: typeof error }).error;
  } catch {
    // no answer of coord's
  }
  const at = error?.data?.at;
  const where = at === undefined ? "" : `line ${part[at]?.line} (${part[at]?.key}): `;
  throw new CliError(`${where}${error?.message ?? `the server answered ${response.status}`}; ${sofar}`, {
    exit: response.status === 401 || response.status === 403 ? 5 : 1,
    next: `${response.status === 404 ? "is the server of this version? coord status" : (error?.data?.remedy ?? "mend it, and look at it with --dry-run")}${again}`,
    data: { ...error?.data, code: "import_refused", issues: [], ...(at === undefined ? {} : { line: part[at]?.line }), imported: before },
  });
}

/** So many mistakes are told one by one. */
const MOST_TOLD = 10;

/** A source that is not imported, as the program's error: each mistake with its line. */
export function badSource(reading: Reading, mistakes: readonly Mistake[]): CliError {
  const sorted = [...mistakes].sort((a, b) => a.line - b.line);
  const { source } = reading;
  const issues = sorted.slice(0, MOST_TOLD).map(({ line, message }) => ({ path: `${source}:${line}`, message, line }));
  const more = sorted.length - issues.length;
  return new CliError(
    `${many(sorted.length, "mistake")} in ${source}; nothing was imported${more > 0 ? `; the first ${issues.length} are` : ""}`,
    {
      next: "mend them; a dependency that leads nowhere or in a circle is left out with --lenient",
      data: { code: "invalid_import", issues, mistakes: sorted.length },
    },
  );
}
