import type { ParamsIn, Result, Task } from "../../protocol/index.ts";
import { fromRpcError } from "../../protocol/refusals.ts";
import { culprit, type Wired, wire } from "../../protocol/siblings.ts";
import { prepare } from "../arguments.ts";
import { badArgument, Refused } from "../failures.ts";
import { attemptRow, brief, noteRow, reviewRow } from "../shape.ts";
import { tasksSend } from "./board.ts";
import {
  agentId,
  ask,
  flag,
  object,
  objects,
  REPEATS,
  rows,
  type Tool,
  type ToolCall,
  type ToolContext,
  taskId,
  text,
  WRITES,
} from "./definition.ts";

export const tasksReview: Tool = {
  name: "tasks_review",
  method: "tasks/review",
  description:
    "Decide on work in state review that you did not do (tasks_get has its result, tasks_note what was said). request_changes needs a body and reopens it.",
  input: {
    ...taskId,
    decision: { type: "string", enum: ["approve", "request_changes", "comment"] },
    body: text,
    attempt: { type: "integer", description: "the one you looked at" },
    ...agentId,
  },
  required: ["id", "decision"],
  output: { task: object, hint: text },
  annotations: WRITES,
  async run(call, context) {
    const task = await ask(call, context, "tasks/review", { ...call.args, agent_id: call.agent });
    const isOpen = task.state === "review" && call.args.decision === "approve";
    return {
      task: brief(task),
      ...(isOpen ? { hint: "Recorded, and still in review: others have to approve, or who asked for changes has to." } : {}),
    };
  },
};

export const tasksNote: Tool = {
  name: "tasks_note",
  method: "notes/add",
  description: "Say something on a task, for ever; @handle tells that agent. Without body: the notes, reviews and summaries so far.",
  input: { ...taskId, body: { type: "string", description: "markdown" }, ...agentId },
  required: ["id"],
  output: { note: object, notes: rows, reviews: rows, attempts: rows },
  annotations: WRITES,
  async run(call, context) {
    if (call.args.body !== undefined)
      return { note: noteRow(await ask(call, context, "notes/add", { ...call.args, agent_id: call.agent })) };
    const { notes, reviews, attempts }: Result<"tasks/history"> = await ask(call, context, "tasks/history", call.args);
    return { notes: notes.map(noteRow), reviews: reviews.map(reviewRow), attempts: attempts.map(attemptRow) };
  },
};

export const tasksDepend: Tool = {
  name: "tasks_depend",
  method: "tasks/depend",
  description: "Hold a job that nobody works on until another is completed; remove: no longer.",
  input: { ...taskId, on: taskId.id, remove: flag, ...agentId },
  required: ["id", "on"],
  output: { task: object },
  annotations: REPEATS,
  async run(call, context) {
    const { remove, ...pair } = call.args;
    const method = remove === true ? "tasks/undepend" : "tasks/depend";
    return { task: brief(await ask(call, context, method, { ...pair, agent_id: call.agent })) };
  },
};

type SendParams = ParamsIn<"tasks/send">;

/** What each task of a plan may say: what tasks_send takes, and a name within the plan. */
const ITEM: Tool = { ...tasksSend, name: "tasks_plan", input: { ...tasksSend.input, ref: text } };

export const tasksPlan: Tool = {
  name: "tasks_plan",
  method: "tasks/send",
  description: "Post up to 100 jobs with their dependencies at once: all, or none if one is refused.",
  input: {
    tasks: { ...objects, description: "each as tasks_send takes it, and ref: a name that others' depends_on may use" },
    ...agentId,
  },
  required: ["tasks"],
  output: { tasks: rows },
  annotations: WRITES,
  run: postPlan,
};

async function postPlan(call: ToolCall, context: ToolContext) {
  const { tasks: given } = call.args;
  if (!Array.isArray(given) || given.length === 0) throw badArgument("tasks is not a list of tasks", { argument: "tasks" });
  const items = given.map(itemOf);
  const refs = items.map(({ ref }, at) => (typeof ref === "string" ? ref.replace(/^@/, "") : `task.${at + 1}.of.${items.length}`));
  const wired = wire(items.map(({ depends_on }, at) => ({ ref: refs[at]!, dependsOn: Array.isArray(depends_on) ? depends_on : [] })));
  refuseMistake(wired, items);
  const calls = items.map((item, at) => {
    // the host's model wrote these; the server's own schema decides
    return { ...item, ref: refs[at], depends_on: wired.dependsOn[at], agent_id: call.agent } as unknown as SendParams;
  });
  const answers = await context.board.send(call.agent, calls, call.signal);
  const wrong = culprit(answers);
  if (wrong) {
    const refusal = fromRpcError(wrong.error);
    const message = `${nameOf(items, wrong.at)}: ${refusal.message}; nothing of the plan was posted`;
    throw new Refused({ ...refusal, message, data: { ...refusal.data, task: wrong.at + 1 } });
  }
  const posted = answers.flatMap((answer): Task[] => (answer.ok ? [answer.result] : []));
  return { tasks: posted.map((task, at) => ({ ...(items[at]?.ref === undefined ? {} : { ref: refs[at] }), ...brief(task) })) };
}

type Item = Readonly<Record<string, unknown>>;

function itemOf(given: unknown, at: number): Item {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw badArgument(`task ${at + 1} of the plan is not an object`, { argument: "tasks", task: at + 1 });
  try {
    const item = prepare(ITEM, given as Record<string, unknown>);
    const { ref } = item;
    if (ref !== undefined && (typeof ref !== "string" || /^\d+$/.test(ref)))
      throw badArgument(`ref is a word such as "t${typeof ref === "object" ? at + 1 : String(ref)}"; digits alone are a task's number`, {
        argument: "ref",
      });
    return item;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw badArgument(`task ${at + 1} of the plan: ${error.message}`, { ...error.refusal.data, task: at + 1 });
  }
}

function refuseMistake({ mistakes: [first] }: Wired, items: readonly Item[]): void {
  if (first) throw badArgument(`${nameOf(items, first.at)}: ${first.message}`, { argument: first.field, task: first.at + 1 });
}

function nameOf(items: readonly Item[], at: number): string {
  const { ref } = items[at] ?? {};
  return typeof ref === "string" ? `task ${at + 1} (${ref})` : `task ${at + 1}`;
}
