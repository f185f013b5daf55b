import { z } from "zod";
import { Agent, AgentId, AgentType, ClaimId, fromRpcError, type MethodName, type Task } from "../../protocol/index.ts";
import { malformed, refusalFault } from "./fault.ts";
import type { Calls } from "./follow.ts";
import type { Metadata, WirePart, WireTask } from "./wire.ts";

const taskId = z.string().min(1);
const leaseSeconds = z.number().optional().describe("default 300; clamped to 1 to 3600");
const waitSeconds = z.number().min(0).max(60).optional().describe("0 to 60: wait in line for a job; first come, first served");
const reason = z.string();
const hold = {
  taskId,
  agentId: AgentId.optional().describe("must be the holder"),
  claimId: ClaimId.optional().describe("must be the current claim: the fencing token from the claim"),
};
const agent = {
  agentId: AgentId,
  name: z.string().min(1).optional(),
  type: AgentType.optional(),
};
const next = {
  agentId: AgentId,
  filter: z.record(z.string(), z.unknown()).optional().describe("kind, priority, label, performer, nameContains, q, ids, …: all must hold"),
  leaseSeconds,
  waitSeconds,
};

const PartJson = z
  .looseObject({ text: z.string().optional(), raw: z.string().optional(), url: z.string().optional(), data: z.unknown().optional() })
  .refine(
    (part) => [part.text, part.raw, part.url, part.data].filter((one) => one !== undefined).length === 1,
    "exactly one of text, raw, url, data",
  );

interface Given {
  readonly calls: Calls;
  readonly uri: string;
}

interface ExtensionMethod {
  readonly params: z.ZodType;
  readonly summary: string;
  readonly result: string;
  run(params: never, given: Given): Promise<unknown>;
}

function method<Schema extends z.ZodType>(
  summary: string,
  params: Schema,
  result: string,
  run: (params: z.output<Schema>, given: Given) => Promise<unknown>,
): ExtensionMethod & { readonly params: Schema } {
  return { summary, params, result, run: run as ExtensionMethod["run"] };
}

const TASK = "{ task }: the A2A task; its metadata under the extension's URI has the queue's fields";

/** The method extension: what a worker of the queue does, with A2A's own task in the answers. */
export const EXTENSION_METHODS = {
  "coord/RegisterAgent": method(
    "Say who one is; a name to show and whether one is an agent or a person.",
    z.strictObject(agent),
    "{ agent }",
    async (params, given) => {
      await beat(params, given);
      return { agent: (await agents(given)).find(({ id }) => id === params.agentId) ?? null };
    },
  ),
  "coord/Heartbeat": method(
    "Say that one is still here. Any call that names an agent does the same.",
    z.strictObject(agent),
    "{ ok: true }",
    async (params, given) => {
      await beat(params, given);
      return { ok: true };
    },
  ),
  "coord/ListAgents": method(
    "Every agent known, the most recently seen first.",
    z.strictObject({}),
    "{ agents }",
    async (_params, given) => ({
      agents: await agents(given),
    }),
  ),
  "coord/ClaimTask": method(
    "Take one job under a lease; exactly one caller can. Without a taskId: the best job that matches, as coord/NextTask.",
    z.strictObject({ ...next, taskId: taskId.optional() }),
    `${TASK}, and the claim: claim { claimId, attempt, leaseExpiresAt, feedback? }; task is null where there was none`,
    async ({ taskId: id, agentId, leaseSeconds, ...rest }, given) => {
      if (id === undefined) return take({ agentId, leaseSeconds, ...rest }, given);
      const [surplus] = Object.entries(rest).flatMap(([name, value]) => (value === undefined ? [] : [name]));
      if (surplus) throw malformed(`${surplus} means nothing beside a taskId`, [{ field: surplus, description: "leave it out" }]);
      return claimed(await own<Task>(given, "tasks/claim", { id, agent_id: agentId, lease_seconds: leaseSeconds }), given);
    },
  ),
  "coord/NextTask": method(
    "Claim the best job that matches: sent back for changes first, then by priority, then the oldest.",
    z.strictObject(next),
    "as coord/ClaimTask",
    (params, given) => take(params, given),
  ),
  "coord/RenewLease": method(
    "Move the lease's deadline to leaseSeconds from now.",
    z.strictObject({ ...hold, leaseSeconds }),
    "{ taskId, leaseExpiresAt }",
    async ({ taskId: id, agentId, claimId, leaseSeconds }, given) => {
      const extended = await own<{ lease_until: string | null }>(given, "tasks/extend", {
        ...holder(id, agentId, claimId),
        lease_seconds: leaseSeconds,
      });
      return { taskId: id, leaseExpiresAt: extended.lease_until };
    },
  ),
  "coord/CompleteTask": method(
    "Finish a held job. The result becomes its artifact; where a review is required, it goes to review.",
    z.strictObject({
      ...hold,
      result: z.unknown().optional().describe("any JSON; a text stays a text"),
      parts: z.array(PartJson).min(1).optional().describe("A2A parts, in place of result"),
      summary: z.string().optional().describe("one paragraph on what was done"),
    }),
    TASK,
    async ({ taskId: id, agentId, claimId, result, parts, summary }, given) => {
      if (result !== undefined && parts) throw malformed("give result or parts, not both", [{ field: "parts", description: "or result" }]);
      const params = { ...holder(id, agentId, claimId), result: parts ? resultOf(parts) : result, summary };
      return seen((await own<{ task: Task }>(given, "tasks/complete", params)).task, given);
    },
  ),
  "coord/FailTask": method(
    "Give a held job up and say why.",
    z.strictObject({ ...hold, reason: reason.min(1) }),
    TASK,
    async ({ taskId: id, agentId, claimId, reason }, given) =>
      seen(await own<Task>(given, "tasks/fail", { ...holder(id, agentId, claimId), reason }), given),
  ),
  "coord/ReleaseTask": method(
    "Give a held job back to the queue.",
    z.strictObject({ ...hold, reason: reason.optional() }),
    TASK,
    async ({ taskId: id, agentId, claimId, reason }, given) =>
      seen(await own<Task>(given, "tasks/release", { ...holder(id, agentId, claimId), reason }), given),
  ),
};

export const EXTENSION_METHOD_NAMES = Object.keys(EXTENSION_METHODS) as (keyof typeof EXTENSION_METHODS)[];

/** Runs one; throws `Fault` for wrong parameters and for what the board refuses. */
export function runExtensionMethod(name: keyof typeof EXTENSION_METHODS, given: unknown, around: Given): Promise<unknown> {
  const { params, run } = EXTENSION_METHODS[name] as ExtensionMethod;
  const parsed = params.safeParse(given ?? {});
  if (!parsed.success) {
    const violations = parsed.error.issues.map((issue) => ({ field: issue.path.join("."), description: issue.message }));
    const { field, description } = violations[0]!;
    throw malformed(`${name}: ${field ? `${field}: ` : ""}${description}`, violations);
  }
  return run(parsed.data as never, around);
}

async function own<T>({ calls }: Given, method: MethodName, params: object): Promise<T> {
  const { result, error } = await calls.own(method, params);
  if (error) throw refusalFault(fromRpcError(error));
  return result as T;
}

function holder(id: string, agent_id: string | undefined, claim_id: string | undefined) {
  return { id, agent_id, claim_id };
}

function beat({ agentId: id, name, type }: { agentId: string; name?: string; type?: "agent" | "user" }, given: Given): Promise<unknown> {
  return own(given, "agents/heartbeat", { id, name, type });
}

async function agents(given: Given) {
  const all = z.array(Agent).parse(await own(given, "agents/list", {}));
  return all.map(({ id, name, type, status, current_task, first_seen, last_seen }) => ({
    id,
    name,
    type,
    status,
    currentTaskId: current_task,
    firstSeen: first_seen,
    lastSeen: last_seen,
  }));
}

type Taking = { agentId: string; filter?: Metadata; leaseSeconds?: number; waitSeconds?: number };

async function take({ agentId, filter, leaseSeconds, waitSeconds }: { [K in keyof Taking]: Taking[K] | undefined }, given: Given) {
  const wait_ms = waitSeconds === undefined ? undefined : Math.round(waitSeconds * 1000);
  const task = await own<Task | null>(given, "tasks/next", { agent_id: agentId, filter, lease_seconds: leaseSeconds, wait_ms });
  return task ? claimed(task, given) : { task: null };
}

async function claimed(task: Task, given: Given): Promise<{ task: WireTask }> {
  const { task: wire } = await seen(task, given);
  const { claim_id, attempt, lease_until, feedback } = task.claim!;
  const claim = { claimId: claim_id, attempt, leaseExpiresAt: lease_until, ...(feedback ? { feedback } : {}) };
  return { task: { ...wire, metadata: { ...wire.metadata, [given.uri]: { ...(wire.metadata[given.uri] as Metadata), claim } } } };
}

async function seen({ id }: Task, { calls, uri }: Given): Promise<{ task: WireTask }> {
  return { task: (await calls.a2a("view", { id, uri })).task };
}

/** A single text or datum is the result itself, so that those who read it elsewhere need not know of A2A. */
function resultOf(parts: readonly WirePart[]): unknown {
  const [only] = parts;
  if (parts.length === 1 && only!.text !== undefined) return only!.text;
  if (parts.length === 1 && only!.data !== undefined) return only!.data;
  return { a2a_parts: parts };
}
