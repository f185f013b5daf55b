import { CONFLICT_REMEDIES, type ConflictReason, REFUSALS, type RefusalCode } from "../protocol/refusals.ts";
import { Refused, Unreachable } from "./failures.ts";

/** A refusal as the model reads it. `now` is what is true at this moment, as far as the server said. */
export interface ToolError {
  code: RefusalCode | "unreachable";
  reason?: ConflictReason;
  message: string;
  remedy: string;
  now?: Record<string, unknown>;
  [field: string]: unknown;
}

/** What to do about each conflict, in the words of these tools; the protocol's own table speaks to a shell. */
const CONFLICT: Record<ConflictReason, string> = {
  already_claimed: "Somebody works on it. Take another with tasks_next, or tasks_wait for it with ids and state completed.",
  held: "tasks_wait until what it depends on is completed, or take another with tasks_next.",
  not_claimable: "It is not open to you. Take another with tasks_next.",
  not_held: "Claim it first with tasks_claim.",
  stale_claim: "You no longer hold it. A result you sent is kept in the log. tasks_get it before you do anything more.",
  terminal: "It is finished for ever. tasks_send a new task that refers to it.",
  wrong_state: "tasks_get it: its state does not allow this.",
  rev_mismatch: CONFLICT_REMEDIES.rev_mismatch,
  idempotency_conflict: CONFLICT_REMEDIES.idempotency_conflict,
  self_review: CONFLICT_REMEDIES.self_review,
  cycle: CONFLICT_REMEDIES.cycle,
};

/** As {@link CONFLICT} for the other refusals, where the protocol's remedy would not help a model. */
const OTHER: Partial<Record<RefusalCode, string>> = {
  invalid_params: "Correct the argument named in `now` and call again.",
  not_found: "See what there is: tasks_list with state any.",
  unauthorized: "Tell the user: this server wants its token in COORD_TOKEN, in the environment of `coord mcp`.",
  cursor_ahead: "That cursor is from another log. Call again without it.",
  cursor_expired: "That cursor is too old. tasks_list, then wait from the cursor that `now` names.",
};

/** Anything a call can throw, as a tool error. What is neither a refusal nor an unreachable board is a bug, and `report` is told. */
export function toToolError(thrown: unknown, report: (bug: unknown) => void): ToolError {
  if (thrown instanceof Unreachable) {
    const next = thrown.next.replace(/\s+/g, " ");
    return { code: "unreachable", message: thrown.message, remedy: `Tell the user: ${next}. coord mcp keeps trying: then call again.` };
  }
  if (!(thrown instanceof Refused)) {
    report(thrown);
    return {
      code: "internal",
      message: "coord failed; its standard error or its server's log says more.",
      remedy: "This is a bug in coord. Try once more; if it stays, tell the user.",
    };
  }
  const { code, reason, message, data } = thrown.refusal;
  const { code: _code, reason: _reason, remedy: _theirs, ...now } = data;
  return {
    code,
    ...(reason ? { reason } : {}),
    message,
    remedy: reason ? CONFLICT[reason] : (OTHER[code] ?? REFUSALS[code].remedy),
    ...(Object.keys(now).length > 0 ? { now } : {}),
  };
}
