import { type Filter, wantedStates } from "../../protocol/index.ts";
import { type Condition, ftsQuery, hasWords, inList, nameQuery } from "./conditions.ts";
import type { Sql } from "./sql.ts";

/** So many rows are looked at one by one without anybody noticing; finding out that there are more costs some 10 µs a field. */
const FEW = 100;

/** A field of a filter, as an index finds its rows. */
interface WayIn {
  readonly from: string;
  readonly number: string;
  readonly where: Condition;
  /** Its rows are those that have the words of `q`; others have to be looked at for them. */
  readonly byWords?: true;
}

/**
 * The rows to look at, where one of several fields leaves only a few. Fields that fit many rows each and few together (a common
 * label in a rare state) would otherwise be answered by walking along the common one. A single field follows its own index anyway, but for
 * several words: their few common rows are found much faster from the oldest end than from the newest.
 */
export function fewRows(sql: Sql, filter: Filter): readonly Condition[] | undefined {
  const ways = waysIn(filter);
  if (ways.length < 2 && !/\S\s+\S/.test(filter.q ?? "")) return undefined;
  for (const { from, number, where, byWords } of ways) {
    const { n, numbers } = sql.first<{ n: number; numbers: string }>(
      `SELECT count(*) AS n, json_group_array(number) AS numbers FROM (SELECT ${number} AS number FROM ${from} WHERE ${where.sql} LIMIT ?)`,
      ...where.bindings,
      FEW + 1,
    )!;
    if (n > FEW) continue;
    const those = { sql: "t.number IN (SELECT value FROM json_each(?))", bindings: [numbers] };
    return byWords || filter.q === undefined ? [those] : [those, hasWords(filter.q)];
  }
  return undefined;
}

/** The cheapest to ask first. */
function waysIn(filter: Filter): WayIn[] {
  const ways: WayIn[] = [];
  const column = (name: string, values: readonly string[] | undefined) => {
    if (values) ways.push({ from: `tasks t INDEXED BY tasks_${name}`, number: "t.number", where: inList(`t.${name}`, values) });
  };
  column("state", wantedStates(filter));
  column("assignee", filter.assignee);
  if (filter.label) ways.push({ from: "task_labels x", number: "DISTINCT x.number", where: inList("x.label", filter.label) });
  column("created_by", filter.created_by);
  column("priority", filter.priority);
  const name = nameQuery(filter);
  if (name !== undefined) ways.push({ from: "tasks_names", number: "rowid", where: { sql: "tasks_names MATCH ?", bindings: [name] } });
  if (filter.q !== undefined) {
    const where = { sql: "tasks_text MATCH ?", bindings: [ftsQuery(filter.q)] };
    ways.push({ from: "tasks_text", number: "rowid", where, byWords: true });
  }
  return ways;
}
