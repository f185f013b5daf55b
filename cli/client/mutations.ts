import type { METHODS, MethodName } from "../../protocol/index.ts";

type Mutation = { [M in MethodName]: (typeof METHODS)[M]["mutates"] extends true ? M : never }[MethodName];

/**
 * The methods that change something, as the protocol's table has them. Repeated here because that table brings zod,
 * which a one-shot command must not load; a method that is missing or too many does not compile.
 */
const MUTATIONS: Record<Mutation, true> = {
  "tasks/send": true,
  "tasks/claim": true,
  "tasks/extend": true,
  "tasks/reclaim": true,
  "tasks/complete": true,
  "tasks/cancel": true,
  "tasks/next": true,
  "tasks/release": true,
  "tasks/fail": true,
  "tasks/retry": true,
  "tasks/ready": true,
  "tasks/unready": true,
  "tasks/update": true,
  "tasks/depend": true,
  "tasks/undepend": true,
  "tasks/review": true,
  "reviews/dismiss": true,
  "notes/add": true,
  "notes/retract": true,
  "notes/purge": true,
};

/** Whether a call of this method may change something. */
export function mutates(method: MethodName): boolean {
  return Object.hasOwn(MUTATIONS, method);
}

/**
 * The call's parameters with an idempotency key where the method changes something and the caller gave none. Made once per call, not
 * once per attempt: the server then answers a repeated call with the first one's answer, so that any call may be sent again.
 */
export function repeatable(method: MethodName, params: object): object {
  if (!mutates(method) || (params as { idempotency_key?: string }).idempotency_key !== undefined) return params;
  // loaded here, because a command that only reads needs none
  return { ...params, idempotency_key: process.getBuiltinModule("node:crypto").randomUUID() };
}
