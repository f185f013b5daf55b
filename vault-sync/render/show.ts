import { isAnnouncement, STATES } from "../../protocol/lifecycle.ts";
import { inline, link } from "../markdown.ts";
import type { AgentState, Model, TaskState } from "../model.ts";

/** `[[tasks/…|#12 its name]]`. */
export function taskLink(task: TaskState): string {
  return link(task.path, `#${task.number} ${task.now.name}`);
}

/** `[[agents/…|handle]]`. */
export function agentLink(model: Model, handle: string): string {
  const agent = model.agents.get(handle);
  return agent ? agentLinkOf(agent) : inline(handle);
}

export function agentLinkOf(agent: AgentState): string {
  return link(agent.path, agent.handle);
}

export type HeldReason = "dependency_failed" | "dependency_cancelled" | "dependencies";

/** Why a job that is not finished cannot be claimed, by what it depends on; as the server computes it. */
export function heldBy(model: Model, task: TaskState): HeldReason | undefined {
  if (STATES[task.now.state]?.terminal !== false) return undefined;
  const states = model.dependencies(task).map((other) => other.now.state);
  if (states.includes("failed")) return "dependency_failed";
  if (states.includes("cancelled")) return "dependency_cancelled";
  return states.some((state) => state !== "completed") ? "dependencies" : undefined;
}

/** The state as people read it: `Ready`, `Held`, `In Progress`, `Published`. */
export function stateLabel(model: Model, task: TaskState): string {
  if (isAnnouncement(task.now.kind) && task.now.state === "completed") return "Published";
  if (task.now.state === "pending" && heldBy(model, task)) return "Held";
  return STATES[task.now.state]?.label ?? task.now.state;
}

/** The day and time of a moment, UTC: `2026-11-21 09:43:12`. */
export function when(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)}`;
}

export function timeOf(at: string): string {
  return at.slice(11, 19);
}

/** `1 task`, `2 tasks`. */
export function count(n: number, what: string): string {
  return `${n} ${n === 1 ? what : `${what}s`}`;
}
