import { ANNOUNCEMENT_KINDS, type Filter, foldCase, wantedStates } from "../../protocol/index.ts";
import { marks, type SqlValue } from "./sql.ts";

export interface Condition {
  readonly sql: string;
  readonly bindings: readonly SqlValue[];
}

/** Every field of a filter but those that choose the way in by themselves (`ids`, `q`). */
export function conditions({ filter, waitDefault }: { filter: Filter; waitDefault?: boolean }): Condition[] {
  const all: Condition[] = [];
  const states = wantedStates(filter);
  if (states) all.push(inList("t.state", states));
  else if (waitDefault && !filter.state) {
    all.push({
      sql: `t.state = CASE WHEN t.kind IN (${marks(ANNOUNCEMENT_KINDS)}) THEN 'completed' ELSE 'pending' END`,
      bindings: [...ANNOUNCEMENT_KINDS],
    });
  }
  if (filter.ready === true) all.push({ sql: "(t.state = 'pending' AND t.blocked = 0)", bindings: [] });
  if (filter.ready === false) all.push({ sql: "NOT (t.state = 'pending' AND t.blocked = 0)", bindings: [] });
  for (const column of ["kind", "priority", "performer", "claimed_by", "created_by", "assignee"] as const) {
    const values = filter[column];
    if (values) all.push(inList(`t.${column}`, values));
  }
  if (filter.label) {
    all.push({
      sql: `EXISTS (SELECT 1 FROM task_labels l WHERE l.number = t.number AND l.label IN (${marks(filter.label)}))`,
      bindings: filter.label,
    });
  }
  if (filter.ignore_ids) all.push({ sql: "t.id NOT IN (SELECT value FROM json_each(?))", bindings: [JSON.stringify(filter.ignore_ids)] });
  if (filter.name_contains !== undefined) all.push({ sql: "instr(t.folded_name, ?) > 0", bindings: [foldCase(filter.name_contains)] });
  return all;
}

/** One parameter whatever the list's length: a statement takes at most 100. */
export function inList(column: string, values: readonly string[]): Condition {
  if (values.length === 1) return { sql: `${column} = ?`, bindings: [values[0]!] };
  return { sql: `${column} IN (SELECT value FROM json_each(?))`, bindings: [JSON.stringify(values)] };
}

/**
 * What the names' index is asked for: the longest word of `name_contains`, where that has three characters. The short and common
 * ones around it would be looked up as well, however often they occur; the whole text is compared afterwards (`conditions`).
 */
export function nameQuery({ name_contains }: Filter): string | undefined {
  if (name_contains === undefined) return undefined;
  const words = foldCase(name_contains).split(/\s+/);
  const longest = words.reduce((best, word) => (word.length > best.length ? word : best));
  return [...longest].length >= 3 ? quoted(longest) : undefined;
}

/** That task `t` has all the words of `q`: see `textMatches`. */
export function hasWords(q: string): Condition {
  return {
    sql: "EXISTS (SELECT 1 FROM tasks_text WHERE rowid >= t.number AND rowid <= t.number AND tasks_text MATCH ?)",
    bindings: [ftsQuery(q)],
  };
}

/** Only smaller numbers than this. The runtime binds numbers as floating point, of which the full-text index makes no bound. */
export function below(column: string, number: number): Condition {
  return { sql: `${column} < CAST(? AS INTEGER)`, bindings: [number] };
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

/** Every word as a quoted term, so that nothing in `q` is read as the index's own syntax. A `q` without a word matches nothing. */
export function ftsQuery(q: string): string {
  return q
    .split(/\s+/)
    .filter((word) => word.length > 0)
    .map(quoted)
    .join(" ");
}
