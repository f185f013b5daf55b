import type { Result } from "../../protocol/index.ts";
import { brief } from "../shape.ts";
import {
  agentId,
  ask,
  DESTROYS,
  filter,
  flag,
  integer,
  object,
  READS,
  rows,
  type Tool,
  taskId,
  text,
  texts,
  WRITES,
} from "./definition.ts";
import { filterOf } from "./filtering.ts";

/** Rows in a list whose call names no limit: fewer than the protocol's, because a model reads every one. */
const LIST_ROWS = 20;

export const tasksSend: Tool = {
  name: "tasks_send",
  method: "tasks/send",
  description:
    "Post a job for agents to claim (look first: tasks_list with q); or publish an announcement: kind ack, knowledge or decision, which nobody claims.",
  input: {
    name: { type: "string", description: "one line; others filter on it" },
    kind: { type: "string", description: "task (default), bug, feature, build, ack, …" },
    priority: { type: "string", description: "urgent, high, normal, low" },
    description: { type: "string", description: "markdown: all that a stranger needs" },
    payload: object,
    labels: texts,
    depends_on: { ...texts, description: "tasks to be completed first" },
    assignee: { type: "string", description: "only this agent may claim it" },
    performer: filter.performer,
    review: { type: "string", enum: ["none", "required"], description: "required: somebody else approves it before it is completed" },
    required_approvals: integer,
    state: { type: "string", enum: ["pending", "backlog", "idea"] },
    ...agentId,
  },
  required: ["name"],
  output: { task: object },
  annotations: WRITES,
  async run(call, context) {
    return { task: brief(await ask(call, context, "tasks/send", { ...call.args, agent_id: call.agent })) };
  },
};

export const tasksList: Tool = {
  name: "tasks_list",
  method: "tasks/list",
  description: "Tasks that match every field given, newest first, in brief. More: cursor = next.",
  input: { ...filter, limit: { type: "integer", description: `default ${LIST_ROWS}` }, cursor: text },
  output: { tasks: rows, next: text },
  annotations: READS,
  async run(call, context) {
    const found = await ask(call, context, "tasks/list", {
      limit: LIST_ROWS,
      ...call.args,
      ...(await filterOf(call, context)),
      page: true,
    });
    const { tasks, next } = Array.isArray(found) ? { tasks: found, next: null } : found;
    return { tasks: tasks.map(brief), ...(next ? { next } : {}) };
  },
};

export const tasksGet: Tool = {
  name: "tasks_get",
  method: "tasks/get",
  description: "One whole task with payload and result. Without task in the answer there is none.",
  input: taskId,
  required: ["id"],
  output: { task: object },
  annotations: READS,
  async run(call, context) {
    const task = await ask(call, context, "tasks/get", call.args);
    return task ? { task } : { hint: "There is no such task. See what there is: tasks_list with state any." };
  },
};

export const tasksCancel: Tool = {
  name: "tasks_cancel",
  method: "tasks/cancel",
  description: "Call a task off for ever, whoever holds it.",
  input: { ...taskId, reason: text, ...agentId },
  required: ["id"],
  output: { ok: flag },
  annotations: DESTROYS,
  async run(call, context) {
    const held = context.holds.find(call.agent, String(call.args.id));
    return { ...(await context.holds.ending(held, () => ask(call, context, "tasks/cancel", { ...call.args, agent_id: call.agent }))) };
  },
};

export const tasksReclaim: Tool = {
  name: "tasks_reclaim",
  method: "tasks/reclaim",
  description: "Return jobs with lapsed leases to pending and list them. Happens by itself too.",
  input: {},
  output: { tasks: rows },
  annotations: WRITES,
  async run(call, context) {
    const back: Result<"tasks/reclaim"> = await ask(call, context, "tasks/reclaim", {});
    return { tasks: back.map(brief) };
  },
};
