import { z } from "zod";
import { stateFromInput } from "./lifecycle.ts";
import { atMost, LIMITS } from "./limits.ts";
import { AgentId, ClaimId, text, word } from "./records.ts";

// What methods' parameters are made of.

export const cursor = z.int().min(0);
export const key = {
  idempotency_key: z
    .string()
    .min(1)
    .max(...atMost("idempotency_key_chars"))
    .optional(),
};
export const reason = z
  .string()
  .max(...atMost("reason_chars"))
  .optional();

/** Numbers that older clients send out of range are clamped, and a fraction is cut. */
export function clamped(low: number, high: number) {
  return z
    .number()
    .transform((n) => Math.min(high, Math.max(low, Math.trunc(n))))
    .optional();
}
export const leaseSeconds = clamped(LIMITS.lease_min_seconds.value, LIMITS.lease_max_seconds.value);
export const waitMs = clamped(0, LIMITS.wait_ms.value);
/** A wait that only HTTP bounds: a session waits for as long as it likes. */
export const anyWaitMs = clamped(0, 2 ** 40);
export const rows = clamped(1, LIMITS.list_rows.value);

/** A full id, `#number`, or a unique prefix of at least 4 characters: resolved by the server. */
export const TaskRef = z
  .union([
    z.string().min(1).max(40),
    z
      .int()
      .min(1)
      .transform((n) => `#${n}`),
  ])
  .describe("task id, #number, or a unique id prefix of 4 or more characters");

export const name = text("name_chars");
export const kind = word("kind_chars");
export const priority = word("priority_chars");
export const labels = z
  .array(word("label_chars"))
  .max(...atMost("labels"))
  .transform((all) => [...new Set(all)]);
export const description = z.string();
export const approvals = z
  .int()
  .min(1)
  .max(...atMost("required_approvals"));

/** A task's name within one batch. */
export const LocalRef = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,37}$/, "letters, digits, - _ . and at most 38 of them");

/** Text of a note or a review, in markdown. */
export const body = z.string().regex(/\S/, "something to say");

/** What a person may move a job for people to. */
export const movedState = z.string().transform((word, context) => {
  const state = stateFromInput(word);
  if (state === "backlog" || state === "pending" || state === "claimed" || state === "review") return state;
  context.addIssue({ code: "custom", message: "a task is moved to backlog, pending, claimed or review", input: word });
  return z.NEVER;
});

export const held = { id: TaskRef, agent_id: AgentId.optional(), claim_id: ClaimId.optional() };

export const initialState = z.string().transform((word, context) => {
  const state = stateFromInput(word);
  if (state === "idea" || state === "backlog" || state === "pending") return state;
  context.addIssue({ code: "custom", message: "a job starts as idea, backlog or pending", input: word });
  return z.NEVER;
});
