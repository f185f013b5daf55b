import { type Refusal, refuse } from "../../protocol/index.ts";
import type { Sql } from "./sql.ts";
import type { TaskRow } from "./tasks.ts";
import { answer, type Outcome, refused } from "./turn.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const PREFIX = /^[0-9a-f][0-9a-f-]{3,35}$/;

/** The task a reference means: a full id, `#number`, or a unique prefix of at least 4 characters. */
export function resolveTask(sql: Sql, ref: string): Outcome<TaskRow> {
  const text = ref.toLowerCase();
  if (text.startsWith("#")) {
    const number = numberIn(text);
    if (number === undefined) return refused(badRef(ref));
    const row = sql.first<TaskRow>("SELECT * FROM tasks WHERE number = ?", number);
    return row ? answer(row) : refused(noSuchTask(ref));
  }
  if (UUID.test(text)) {
    const row = sql.first<TaskRow>("SELECT * FROM tasks WHERE id = ?", text);
    return row ? answer(row) : refused(noSuchTask(ref));
  }
  if (!PREFIX.test(text)) return refused(badRef(ref));
  const rows = sql.all<TaskRow>("SELECT * FROM tasks WHERE id >= ? AND id < ? LIMIT 4", text, `${text}~`);
  if (rows.length === 0) return refused(noSuchTask(ref));
  if (rows.length === 1) return answer(rows[0]!);
  const candidates = rows.map((row) => row.id);
  return refused(
    refuse("invalid_params", `${ref} fits several tasks; give more of the id`, {
      issues: [{ path: "id", message: "ambiguous" }],
      candidates,
    }),
  );
}

function badRef(ref: string): Refusal {
  const message = "a task is named by its id, by #number, or by 4 or more characters of its id";
  return refuse("invalid_params", `not a task id: ${JSON.stringify(ref)}`, { issues: [{ path: "id", message }] });
}

function noSuchTask(ref: string): Refusal {
  return refuse("not_found", `no task ${ref} in this workspace`, { id: ref });
}

/** A row's own key: found by its index, without a look at the row first. */
export interface RowKey {
  readonly column: "id" | "number";
  readonly value: string | number;
}

/** The key that a full id or `#number` is; undefined for a prefix, which may fit several. */
export function rowKey(ref: string): RowKey | undefined {
  const text = ref.toLowerCase();
  if (UUID.test(text)) return { column: "id", value: text };
  const number = numberIn(text);
  return number === undefined ? undefined : { column: "number", value: number };
}

/** The number in `#number`; nothing but digits counts. */
function numberIn(text: string): number | undefined {
  return /^#[1-9]\d{0,14}$/.test(text) ? Number(text.slice(1)) : undefined;
}

export function byNumber({ number }: TaskRow): RowKey {
  return { column: "number", value: number };
}
