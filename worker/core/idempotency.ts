import { createHash } from "node:crypto";
import { conflict, LIMITS, type Refusal } from "../../protocol/index.ts";
import type { Sql } from "./sql.ts";
import { answer, type Outcome, refused, type Turn } from "./turn.ts";

/** Calls of up to this many characters stand for themselves; a longer one is known by its digest. */
const SHORT_CALL = 256;

/** What makes two calls the same: the method and its parsed parameters, the key itself left out. */
export function fingerprint(method: string, params: Record<string, unknown>): string {
  const { idempotency_key: _key, ...rest } = params;
  const call = JSON.stringify([method, sorted(rest)]);
  return call.length <= SHORT_CALL ? call : digest(call);
}

/** SHA-256 as hex digits. */
export function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, inner]) => [name, sorted(inner)]),
  );
}

/** The first answer to this key, if there was one; a refusal where the key stands for another call. */
export function recall(sql: Sql, key: string, call: string, now: number): Outcome<unknown> | undefined {
  const row = sql.first<{ call: string; answer: string; at: number }>("SELECT call, answer, at FROM idempotency WHERE key = ?", key);
  if (!row || row.at <= now - KEPT_MS) return undefined;
  // until schema 3 every call was kept as its digest
  if (row.call !== call && row.call !== digest(call)) return refused(keyTaken(key));
  const first = JSON.parse(row.answer) as { value: unknown } | { refusal: Refusal };
  return "refusal" in first ? refused(first.refusal) : answer(first.value);
}

/** The refusal of a key that stands for another call, answered or still waiting. */
export function keyTaken(key: string): Refusal {
  return conflict("idempotency_conflict", "this idempotency key was used for another call", { idempotency_key: key });
}

const KEPT_MS = LIMITS.idempotency_hours.value * 3_600_000;

/** The answer was taken back before anybody heard it. */
export function forget(sql: Sql, key: string): void {
  sql.run("DELETE FROM idempotency WHERE key = ?", key);
}

/** Lets go of every answer that has this text in it, and of the call it was given to: what was purged must not be told again. */
export function forgetAbout(sql: Sql, text: string): void {
  sql.run("DELETE FROM idempotency WHERE instr(answer, ?) > 0", text);
}

/** After so many new answers, some of those that are too old go: more than so many, so that they become fewer. */
const SWEPT = 64;

/** Keeps the answer, in the transaction of the change; now and then it lets go of those that are too old. */
export function remember(turn: Turn, key: string, call: string, outcome: Outcome<unknown>): void {
  const { sql, now } = turn;
  if (turn.keys.kept % SWEPT === 0) {
    const old = "SELECT key FROM idempotency WHERE at <= ? ORDER BY at LIMIT ?";
    sql.run(`DELETE FROM idempotency WHERE key IN (${old})`, now - KEPT_MS, 4 * SWEPT);
  }
  turn.keys.kept += 1;
  const kept = JSON.stringify(outcome.ok ? { value: outcome.value } : { refusal: outcome.refusal });
  sql.run("INSERT OR REPLACE INTO idempotency (key, call, answer, at) VALUES (?, ?, ?, ?)", key, call, kept, now);
}
