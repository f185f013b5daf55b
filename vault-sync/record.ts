import type { Attempt, Note, Review, Task } from "../protocol/index.ts";

/** What a note shows of a task's record beyond the log. All of it changes only together with an event (see `touchesRecord`). */
export interface TaskRecord {
  readonly payload: unknown;
  readonly result: unknown;
  readonly description: string;
  readonly review: string;
  readonly depends_on: readonly string[];
  /** Reviews and notes of the task, where the log says that there are some. */
  readonly reviews: readonly Pick<Review, "review_id" | "reviewer" | "decision" | "body" | "attempt" | "at" | "dismissed">[];
  /** What was said of each attempt by who worked on it, where the history was read. */
  readonly attempts: readonly Pick<Attempt, "number" | "summary">[];
  readonly notes: readonly Pick<Note, "note_id" | "author" | "body" | "at" | "retracted">[];
}

/** A task named by a task: `to` is a full id, or `#number`. */
export interface Link {
  readonly label: string;
  readonly to: string;
}

/** What other notes show of a record, hence what is kept of it between changes. */
export interface Extract {
  readonly depends_on: readonly string[];
  readonly links: readonly Link[];
}

/** Keys whose value names a task even where it is a bare number or `#number`. */
const NAMING_KEYS = new Set(["fixed_bug_id", "related_ack", "related_bug", "bug_id", "ack_id", "blocked_by", "follows_up"]);
const MOST_LINKS = 100;
const DEEPEST = 32;
const UUID = /(?<![0-9a-f-])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-f-])/gi;

export function recordOf(
  task: Task,
  history?: { attempts: readonly Attempt[]; reviews: readonly Review[]; notes: readonly Note[] },
): TaskRecord {
  const { payload, result, description, review, depends_on } = task;
  const attempts = (history?.attempts ?? []).map(({ number, summary }) => ({ number, summary }));
  return { payload, result, description, review, depends_on, attempts, reviews: history?.reviews ?? [], notes: history?.notes ?? [] };
}

export function extractOf(record: TaskRecord): Extract {
  const links: Link[] = [];
  const known = new Set<string>();
  const add = (label: string, to: string) => {
    const key = `${label} ${to}`;
    if (known.has(key) || links.length >= MOST_LINKS) return;
    known.add(key);
    links.push({ label, to });
  };
  collect(record.payload, "payload", 0, add);
  collect(record.result, "result", 0, add);
  return { depends_on: [...record.depends_on], links };
}

function collect(value: unknown, key: string, depth: number, add: (label: string, to: string) => void): void {
  if (depth > DEEPEST || value === null) return;
  const label = labelOf(key);
  if (typeof value === "string") {
    for (const [id] of value.matchAll(UUID)) add(label, id.toLowerCase());
    if (NAMING_KEYS.has(key) && /^#?[1-9]\d{0,8}$/.test(value)) add(label, `#${value.replace("#", "")}`);
  } else if (typeof value === "number") {
    if (NAMING_KEYS.has(key) && Number.isInteger(value) && value > 0) add(label, `#${value}`);
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, key, depth + 1, add);
  } else if (typeof value === "object") {
    for (const [name, item] of Object.entries(value)) collect(item, name, depth + 1, add);
  }
}

/** `fixed_bug_id` → `fixed bug`. */
function labelOf(key: string): string {
  const words = key
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/_ids?$/, "")
    .replaceAll("_", " ")
    .trim();
  return words === "" ? "link" : words.slice(0, 64);
}
