import { type Claim, claimAll } from "./commands/claim.ts";
import { remember } from "./core/idempotency.ts";
import { rowKey } from "./core/refs.ts";
import type { Transaction } from "./core/sql.ts";
import type { Outcome } from "./core/turn.ts";
import { begin, type Command } from "./dispatch.ts";

/** A claim of a task by its full id. */
export type ClaimCommand = Command & Claim;

/** What one statement takes at most. */
const MOST = 200;

/**
 * The claims, from that place in the queue on, that are applied together: each of another task by its full id, and under another key.
 * They follow each other, so that nobody's commands change places; empty where there are not two of them.
 */
export function claimsTogether(
  queue: readonly { readonly command: Outcome<Command> | undefined }[],
  from: number,
): readonly ClaimCommand[] {
  const claims: ClaimCommand[] = [];
  const taken = new Set<string>();
  for (let at = from; at < queue.length && claims.length < MOST; at += 1) {
    const { command } = queue[at]!;
    if (!command?.ok || command.value.method !== "tasks/claim") break;
    const claim = command.value as ClaimCommand;
    const task = rowKey(claim.params.id);
    if (task?.column !== "id") break;
    const names = [`task ${task.value}`, ...(claim.key ? [`key ${claim.key.key}`] : [])];
    if (names.some((name) => taken.has(name))) break;
    for (const name of names) taken.add(name);
    claims.push(claim);
  }
  return claims.length > 1 ? claims : [];
}

/**
 * As `execute`, for claims that are applied together: one transaction with one UPDATE, whatever their number. It is what lets a crowd that
 * claims at once through in the time of a few.
 */
export function executeTogether(claims: readonly ClaimCommand[], transaction: Transaction): Outcome<unknown>[] {
  return transaction(() => {
    const known = claims.map(begin);
    const open = claims.filter((_, at) => !known[at]);
    const made = open.length > 0 ? claimAll(open) : [];
    for (const [at, { turn, key }] of open.entries()) {
      // a refused claim has changed nothing: it is decided afresh when it is asked again
      if (key && made[at]!.ok) remember(turn, key.key, key.call, made[at]!);
    }
    return known.map((first) => first ?? made.shift()!);
  });
}
