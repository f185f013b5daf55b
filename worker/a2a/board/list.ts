import { LIMITS, type Refusal, refuse, type State } from "../../../protocol/index.ts";
import { marks, type SqlValue } from "../../core/sql.ts";
import { taskByNumber } from "../../core/tasks.ts";
import { answer, type Outcome, refused, type Turn } from "../../core/turn.ts";
import { WIRE_STATES, type WireState, type WireTask } from "../wire.ts";
import { TOLD_LIST } from "./updates.ts";
import { viewTask } from "./view.ts";

export interface ListParams {
  readonly contextId?: string;
  readonly status?: WireState;
  /** Milliseconds since the epoch. */
  readonly statusAfter?: number;
  /** 1 to 100. */
  readonly pageSize: number;
  readonly pageToken?: string;
  readonly historyLength?: number;
  readonly includeArtifacts: boolean;
}

export interface Listed {
  readonly tasks: WireTask[];
  readonly nextPageToken: string;
  readonly pageSize: number;
  readonly totalSize: number;
}

/**
 * `ListTasks`: by the time of the latest status, newest first; the log has that order already. A page ends early at about
 * `page_chars`, never at less than one task. Its token is a place in the log, so what changes meanwhile is neither given twice nor lost
 * behind it: it stands at the front of the next listing.
 */
export function listTasks(turn: Turn, params: ListParams, uri: string): Outcome<Listed> {
  const before = params.pageToken === undefined ? Number.MAX_SAFE_INTEGER : Number(params.pageToken);
  if (!Number.isSafeInteger(before) || before < 1) return refused(badToken());
  const { sql: where, bindings } = conditions(params);
  const rows = turn.sql.all<{ seq: number; number: number }>(
    `SELECT e.seq, e.number FROM events e WHERE e.seq < ? AND ${where} ORDER BY e.seq DESC LIMIT ?`,
    before,
    ...bindings,
    params.pageSize + 1,
  );
  const tasks: WireTask[] = [];
  let chars = 0;
  let last = 0;
  for (const { seq, number } of rows.slice(0, params.pageSize)) {
    const task = viewTask(turn.sql, taskByNumber(turn.sql, number)!, uri, {
      historyLength: params.historyLength,
      artifacts: params.includeArtifacts,
    });
    chars += JSON.stringify(task).length;
    if (chars > LIMITS.page_chars.value && tasks.length > 0) break;
    tasks.push(task);
    last = seq;
  }
  const more = tasks.length < rows.length;
  return answer({ tasks, nextPageToken: more ? String(last) : "", pageSize: params.pageSize, totalSize: total(turn, params) });
}

/** A task's line is its latest update; the filters are about that. */
function conditions({ contextId, status, statusAfter }: ListParams): { sql: string; bindings: SqlValue[] } {
  const parts = [
    `e.type IN (${TOLD_LIST})`,
    `NOT EXISTS (SELECT 1 FROM events l WHERE l.number = e.number AND l.seq > e.seq AND l.type IN (${TOLD_LIST}))`,
  ];
  const bindings: SqlValue[] = [];
  if (statusAfter !== undefined) {
    parts.unshift("e.at >= ?");
    bindings.push(statusAfter);
  }
  if (status !== undefined) {
    const states = statesOf(status);
    parts.unshift(`e.state IN (${marks(states)})`);
    bindings.unshift(...states);
  }
  if (contextId !== undefined) {
    parts.unshift(`e.number IN (${IN_CONTEXT})`);
    bindings.unshift(contextId, contextId);
  }
  return { sql: parts.join(" AND "), bindings };
}

/** Tasks that were given a context, and the one task that is a context of its own. */
const IN_CONTEXT =
  "SELECT number FROM a2a_tasks WHERE context_id = ? UNION SELECT number FROM tasks t WHERE t.id = ? AND NOT EXISTS (SELECT 1 FROM a2a_tasks a WHERE a.number = t.number)";

function statesOf(status: WireState): State[] {
  return (Object.keys(WIRE_STATES) as State[]).filter((state) => WIRE_STATES[state] === status);
}

function total(turn: Turn, params: ListParams): number {
  if (params.contextId === undefined && params.statusAfter === undefined) {
    const states = params.status === undefined ? undefined : statesOf(params.status);
    const where = states ? `WHERE state IN (${marks(states)})` : "";
    return turn.sql.first<{ n: number }>(`SELECT count(*) AS n FROM tasks ${where}`, ...(states ?? []))!.n;
  }
  const { sql: where, bindings } = conditions(params);
  return turn.sql.first<{ n: number }>(`SELECT count(*) AS n FROM events e WHERE ${where}`, ...bindings)!.n;
}

function badToken(): Refusal {
  const issues = [{ path: "pageToken", message: "take it from `nextPageToken` of the page before" }];
  return refuse("invalid_params", "not a page token of ListTasks", { issues });
}
