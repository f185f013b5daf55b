import type { BriefTask } from "../../protocol/index.ts";
import { DEFAULT_LEASE_SECONDS } from "../../protocol/limits.ts";
import type { HeldClaim } from "../holds.ts";
import { agentId, ask, filter, flag, integer, object, READS, REPEATS, rows, type Tool, text } from "./definition.ts";

export const agentsHeartbeat: Tool = {
  name: "agents_heartbeat",
  method: "agents/heartbeat",
  description: "Say that an agent is here; by default you, which every call does.",
  input: { id: text, name: text, type: filter.performer },
  output: { ok: flag, id: text },
  annotations: REPEATS,
  async run(call, context) {
    const { id = call.agent, ...rest } = call.args;
    return { ...(await ask(call, context, "agents/heartbeat", { name: id, ...rest, id })), id };
  },
};

export const agentsList: Tool = {
  name: "agents_list",
  method: "agents/list",
  description:
    "Every agent: active, idle or stale, its current task; up to which event its host's hooks offered it news and it has read; what would wake it.",
  input: {},
  output: { agents: rows, you: text },
  annotations: READS,
  async run(call, context) {
    const agents = await ask(call, context, "agents/list", {});
    return {
      you: call.agent,
      // what was offered need not have been seen, and a wake that is armed is said, as that none is
      agents: agents.map(({ id, name, type, status, last_seen, current_task, offered = 0, read = 0, wake = null }) => ({
        id,
        ...(name === id ? {} : { name }),
        type,
        status,
        last_seen,
        current_task,
        offered,
        read,
        wake,
      })),
    };
  },
};

export const checkin: Tool = {
  name: "checkin",
  method: "agents/checkin",
  description: "Call first, and when you resume: what you hold, what is urgent, what changed since you last looked, who is here.",
  input: { ...agentId, type: filter.performer },
  output: {
    agent: object,
    holds: rows,
    urgent: rows,
    changes: object,
    feedback: rows,
    mentions: rows,
    agents: rows,
    cursor: integer,
    left_out: object,
  },
  annotations: REPEATS,
  async run(call, context) {
    const seen = await ask(call, context, "agents/checkin", { ...call.args, id: call.agent, name: call.agent });
    // A host that was restarted keeps its handle and its jobs: where leases are kept, this process looks after them from here on.
    await Promise.all(seen.holds.map((hold) => context.holds.adopt(claimOfHold(hold, seen.agent.last_seen, call.agent))));
    return { ...seen };
  },
};

/**
 * A hold that the board reports. How long its lease was is not told: it goes on with the longer of the protocol's default and what is left of it.
 * @param now the server's own time, so that a clock that differs from ours does not matter
 */
function claimOfHold(hold: BriefTask & { claim_id: string }, now: string, agent: string): HeldClaim {
  const leftSeconds = hold.lease_until === undefined ? null : Math.ceil((Date.parse(hold.lease_until) - Date.parse(now)) / 1000);
  const { id, number, name, claim_id } = hold;
  return {
    task_id: id,
    number,
    name,
    claim_id,
    agent_id: agent,
    lease_seconds: leftSeconds === null ? null : Math.max(DEFAULT_LEASE_SECONDS, leftSeconds),
  };
}
