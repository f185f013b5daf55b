import { agentsHeartbeat, agentsList, checkin } from "./agents.ts";
import { tasksCancel, tasksGet, tasksList, tasksReclaim, tasksSend } from "./board.ts";
import type { Tool } from "./definition.ts";
import { tasksClaim, tasksComplete, tasksExtend, tasksFail, tasksRelease } from "./hold.ts";
import { tasksDepend, tasksNote, tasksPlan, tasksReview } from "./jobs.ts";
import { tasksNext, tasksWait } from "./wait.ts";

/** Every tool, in the order in which an agent needs them. */
export const TOOLS: readonly Tool[] = [
  checkin,
  tasksSend,
  tasksPlan,
  tasksDepend,
  tasksList,
  tasksGet,
  tasksClaim,
  tasksNext,
  tasksExtend,
  tasksComplete,
  tasksRelease,
  tasksFail,
  tasksReview,
  tasksNote,
  tasksCancel,
  tasksReclaim,
  tasksWait,
  agentsHeartbeat,
  agentsList,
];
