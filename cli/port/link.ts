import { ImportTask, type ImportTaskIn } from "../../protocol/import.ts";
import { isAnnouncement } from "../../protocol/lifecycle.ts";
import { LIMITS, type LimitName } from "../../protocol/limits.ts";
import { overLimit } from "../../protocol/refusals.ts";
import { type Draft, type Reading, splitBytes } from "./draft.ts";
import { many } from "./words.ts";

/** A task that is ready to be sent, with its place in the source for what the server may say of it. */
export interface Linked {
  readonly line: number;
  readonly key: string;
  readonly task: ImportTaskIn;
}

/**
 * Sorts the drafts so that each comes after those that it depends on, and gives each its notes. What cannot be (an unknown dependency,
 * a circle, a chain or a list that is too long) is a mistake of the reading; with `lenient` the dependency is left out, and remarked on.
 */
export function link(reading: Reading, lenient: boolean): Linked[] {
  const byKey = new Map<string, Draft>();
  for (const draft of reading.drafts) {
    const other = byKey.get(draft.key);
    if (other) reading.wrong(draft.line, `${draft.key} is there twice: line ${other.line} has it, too`);
    else byKey.set(draft.key, draft);
  }
  const edges = new Map<Draft, Draft[]>();
  /** A dependency that is not carried over stands in the first note. */
  const drop = (draft: Draft, key: string, line: number, why: string) => {
    if (lenient) reading.remark(`a dependency is left out: ${why}`, line);
    else reading.wrong(line, `${draft.key}: ${why}`);
    draft.facts.push(`depended on ${key} there; left out: ${why}`);
  };
  for (const draft of byKey.values()) {
    const found = new Set<Draft>();
    for (const { key, line } of draft.dependsOn) {
      const on = byKey.get(key);
      if (!on) drop(draft, key, line, `${key}, which it depends on, is not in this source`);
      else if (on === draft) drop(draft, key, line, "it depends on itself");
      else if (draft.task.state === "completed" && on.task.state !== "completed") {
        // it was finished all the same, and nothing is to be held by it
        draft.facts.push(`depended on ${key} there, which is not finished`);
        reading.remark("a finished task depended on one that is not; the dependency stands in its first note only", line);
      } else found.add(on);
    }
    if (found.size > 0 && isAnnouncement(draft.task.kind ?? "task")) {
      // all that it depended on is finished, or it would have been dropped above
      draft.facts.push(`depended on ${[...found].map(({ key }) => key).join(", ")} there`);
      reading.remark(`a ${draft.task.kind} is an announcement here: what it depended on stands in its first note`, draft.line);
      found.clear();
    }
    edges.set(draft, [...found]);
  }
  const order = sorted(byKey.values(), edges, (path) => {
    const [draft, on] = [path.at(-2)!, path.at(-1)!];
    drop(draft, on.key, draft.line, `a circle: ${path.map(({ key, line }) => `${key} (line ${line})`).join(" → ")}`);
  });
  const depths = new Map<Draft, number>();
  for (const draft of order) {
    const { depends_on, dependency_depth } = LIMITS;
    const near = edges.get(draft)!.filter((on, at) => {
      if (at < depends_on.value) return true;
      drop(draft, on.key, draft.line, `more than ${depends_on.value} dependencies`);
      return false;
    });
    const kept = near.filter((on) => {
      if (depths.get(on)! < dependency_depth.value) return true;
      drop(draft, on.key, draft.line, `a chain of more than ${dependency_depth.value} jobs`);
      return false;
    });
    depths.set(draft, 1 + Math.max(0, ...kept.map((on) => depths.get(on)!)));
    edges.set(draft, kept);
  }
  const linked = order.map((draft): Linked => {
    const { id, line, key } = draft;
    return {
      line,
      key,
      task: { ...draft.task, id, depends_on: edges.get(draft)!.map((on) => on.id), notes: notesOf(reading, draft, byKey) },
    };
  });
  for (const { line, key, task } of linked) for (const message of faults(task)) reading.wrong(line, `${key}: ${message}`);
  return linked;
}

/**
 * Depth first, without recursion: each draft after those that it depends on, otherwise as they come. `circle` is told the way around,
 * both ends included; the edge that closed it is taken out.
 */
function sorted(drafts: Iterable<Draft>, edges: Map<Draft, Draft[]>, circle: (path: readonly Draft[]) => void): Draft[] {
  const order: Draft[] = [];
  const done = new Set<Draft>();
  const onPath = new Set<Draft>();
  for (const root of drafts) {
    if (done.has(root)) continue;
    const path: { draft: Draft; next: number }[] = [{ draft: root, next: 0 }];
    onPath.add(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const targets: Draft[] = edges.get(top.draft) ?? [];
      const on: Draft | undefined = targets[top.next];
      if (on === undefined) {
        path.pop();
        onPath.delete(top.draft);
        done.add(top.draft);
        order.push(top.draft);
      } else if (onPath.has(on)) {
        const from = path.findIndex(({ draft }) => draft === on);
        circle([...path.slice(from).map(({ draft }) => draft), on]);
        targets.splice(top.next, 1);
      } else {
        top.next += 1;
        if (!done.has(on)) {
          path.push({ draft: on, next: 0 });
          onPath.add(on);
        }
      }
    }
  }
  return order;
}

/** The first note says where the task comes from and what coord has no field for; the others are texts. Each is split where it is too long. */
function notesOf(reading: Reading, draft: Draft, byKey: ReadonlyMap<string, Draft>): string[] {
  const related = draft.related.map(({ how, key }) => {
    const other = byKey.get(key);
    return `${how}: ${key}${other ? ` (task ${other.id.slice(0, 13)})` : ""}`;
  });
  const first = [`imported from ${reading.system}: ${draft.key} (${reading.source}, line ${draft.line})`, ""];
  const facts = [...draft.facts, ...related].map((fact) => `- ${fact}`);
  return [[...first, ...facts].join("\n").trimEnd(), ...draft.notes].flatMap((note) => {
    const room = LIMITS.note_bytes.value - 64;
    if (Buffer.byteLength(note) <= LIMITS.note_bytes.value) return [note];
    const parts = splitBytes(note, room);
    return parts.map((part, at) => `(part ${at + 1} of ${parts.length})\n\n${part}`);
  });
}

/** What the server would refuse, told beforehand. */
function faults(task: ImportTaskIn): string[] {
  const parsed = ImportTask.safeParse(task);
  if (!parsed.success) {
    return parsed.error.issues.slice(0, 3).map(({ path, message }) => {
      const field = String(path[0] ?? "");
      if (!message.startsWith("limit:")) return `${field}: ${message}`;
      const name = message.slice("limit:".length) as LimitName;
      const given = path.reduce<unknown>((at, step) => (at as Record<PropertyKey, unknown>)?.[step], task);
      const size = typeof given === "string" || Array.isArray(given) ? given.length : 0;
      return `${field}: ${overLimit(name, LIMITS[name].value, LIMITS[name].unit, size).message}`;
    });
  }
  const sizes = [
    ["payload_bytes", task.payload === undefined ? "" : JSON.stringify(task.payload)],
    ["result_bytes", task.result === undefined ? "" : JSON.stringify(task.result)],
    ["description_bytes", task.description ?? ""],
  ] as const;
  return sizes.flatMap(([name, text]) => {
    const { value, unit } = LIMITS[name];
    const bytes = Buffer.byteLength(text);
    return bytes > value ? [overLimit(name, value, unit, bytes).message] : [];
  });
}

/** A remark as a line for people. */
export function remarkLine({ message, lines }: { readonly message: string; readonly lines: readonly number[] }): string {
  const shown = lines.slice(0, 5).join(", ");
  const more = lines.length > 5 ? ` and ${many(lines.length - 5, "other")}` : "";
  return `${message} (line ${shown}${more})`;
}
