import { createHash } from "node:crypto";
import { conflict, LIMITS, type Refusal } from "../../protocol/index.ts";
import type { Sql } from "./sql.ts";
import { answer, type Outcome, refused } from "./turn.ts";

/** What makes two calls the same: the method and its parsed parameters, the key itself left out. */
export function fingerprint(method: string, params: Record<string, unknown>): string {
  const { idempotency_key: _key, ...rest } = params;
  return createHash("sha256")
    .update(JSON.stringify([method, sorted(rest)]))
    .digest("hex");
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
  if (row.call !== call) return refused(keyTaken(key));
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

/** Keeps the answer, in the transaction of the change, and lets go of a few that are too old. */
export function remember(sql: Sql, key: string, call: string, outcome: Outcome<unknown>, now: number): void {
  sql.run("DELETE FROM idempotency WHERE key IN (SELECT key FROM idempotency WHERE at <= ? ORDER BY at LIMIT 4)", now - KEPT_MS);
  const kept = JSON.stringify(outcome.ok ? { value: outcome.value } : { refusal: outcome.refusal });
  sql.run("INSERT OR REPLACE INTO idempotency (key, call, answer, at) VALUES (?, ?, ?, ?)", key, call, kept, now);
}
