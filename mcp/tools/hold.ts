import type { Task } from "../../protocol/index.ts";
import { GIVEN_UP } from "../deliveries.ts";
import { claimOf } from "../holds.ts";
import { brief, whole } from "../shape.ts";
import {
  type Answer,
  agentId,
  ask,
  flag,
  object,
  REPEATS,
  type Schema,
  type Tool,
  type ToolCall,
  type ToolContext,
  taskId,
  text,
  WRITES,
} from "./definition.ts";

const lease = { leaseSeconds: { type: "integer", description: "default 300, at most 3600" } } satisfies Record<string, Schema>;
const held = { ...taskId, ...agentId, claimId: text } as const;

/**
 * What a claim's answer becomes: remembered, so that its lease is kept up; or given back, where the host has given the call up
 * meanwhile and nobody will ever read that the job is theirs.
 * @param hasWaited the host had time to go away without a word
 */
export async function taken(task: Task, call: ToolCall, context: ToolContext, hasWaited = false): Promise<Answer> {
  const isThere = !hasWaited || !call.isThere || (await call.isThere());
  if (call.signal.aborted || !isThere) {
    await ask(call, context, "tasks/release", {
      id: task.id,
      agent_id: call.agent,
      claim_id: task.claim?.claim_id,
      reason: GIVEN_UP,
    });
    return { task: null };
  }
  const claim = claimOf(task, call.agent);
  if (claim) context.holds.remember(claim);
  return { task: whole(task) };
}

/** A call's parameters with its agent and, unless the call names one, the claim that this process remembers for the task. */
function asHolder(call: ToolCall, context: ToolContext) {
  const remembered = context.holds.find(call.agent, String(call.args.id));
  const claim = call.args.claim_id === undefined || call.args.claim_id === remembered?.claim_id ? remembered : undefined;
  const params = { ...(claim ? { claim_id: claim.claim_id } : {}), ...call.args, agent_id: call.agent };
  return { claim, params };
}

export const tasksClaim: Tool = {
  name: "tasks_claim",
  method: "tasks/claim",
  description: "Take a job; exactly one agent can. Its lease is extended for you while you call tools.",
  unkept: "Take a job; exactly one agent can. It goes back when its lease is over: ask for enough, and tasks_extend in time.",
  input: { ...taskId, ...lease, ...agentId },
  required: ["id"],
  output: { task: object },
  annotations: WRITES,
  async run(call, context) {
    return taken(await ask(call, context, "tasks/claim", { ...call.args, agent_id: call.agent }), call, context);
  },
};

export const tasksExtend: Tool = {
  name: "tasks_extend",
  method: "tasks/extend",
  description: "Set a held job's lease to leaseSeconds from now. Rarely needed.",
  unkept: "Set a held job's lease to leaseSeconds from now, before it is over.",
  input: { ...held, ...lease },
  required: ["id"],
  output: { ok: flag, lease_until: text },
  annotations: REPEATS,
  async run(call, context) {
    const { claim, params } = asHolder(call, context);
    const leaseSeconds = typeof call.args.lease_seconds === "number" ? call.args.lease_seconds : claim?.lease_seconds;
    const answer = await ask(call, context, "tasks/extend", { ...params, ...(leaseSeconds ? { lease_seconds: leaseSeconds } : {}) });
    if (claim && leaseSeconds) context.holds.extended(claim, leaseSeconds);
    return { ok: answer.ok, ...(answer.lease_until ? { lease_until: answer.lease_until } : {}) };
  },
};

export const tasksComplete: Tool = {
  name: "tasks_complete",
  method: "tasks/complete",
  description: "Finish a job you hold. postAck publishes an ack with it, atomically: whoever waits for it wakes.",
  input: {
    ...held,
    result: object,
    summary: { type: "string", description: "what you did, for reviewers" },
    postAck: flag,
    ackName: { type: "string", description: 'what others wait for, as "v1.2 stable"' },
    ackPriority: text,
    ackPayload: { type: "object", description: "what they need: commit, path, …" },
  },
  required: ["id"],
  output: { ok: flag, task: object, ack: object },
  annotations: WRITES,
  async run(call, context) {
    const { claim, params } = asHolder(call, context);
    const { task, ack } = await context.holds.ending(claim, () => ask(call, context, "tasks/complete", params));
    return { ok: true, task: brief(task), ...(ack ? { ack: brief(ack) } : {}) };
  },
};

export const tasksRelease: Tool = {
  name: "tasks_release",
  method: "tasks/release",
  description: "Give a job back, for anyone to claim.",
  input: { ...held, reason: text },
  required: ["id"],
  output: { task: object },
  annotations: WRITES,
  async run(call, context) {
    const { claim, params } = asHolder(call, context);
    return { task: brief(await context.holds.ending(claim, () => ask(call, context, "tasks/release", params))) };
  },
};

export const tasksFail: Tool = {
  name: "tasks_fail",
  method: "tasks/fail",
  description: "Give a job up as failed: it stays so until somebody retries it.",
  input: { ...held, reason: { type: "string", description: "what you tried, and why it failed" } },
  required: ["id", "reason"],
  output: { task: object },
  annotations: WRITES,
  async run(call, context) {
    const { claim, params } = asHolder(call, context);
    return { task: brief(await context.holds.ending(claim, () => ask(call, context, "tasks/fail", params))) };
  },
};
