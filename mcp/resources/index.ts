import type { Board, CallOptions } from "../board.ts";
import { agentsText } from "./agents.ts";
import { boardText, page } from "./board.ts";
import { logText } from "./log.ts";
import { taskNamed } from "./named.ts";
import { taskText } from "./task.ts";
import { MARKDOWN, named } from "./text.ts";
import { AGENTS, BOARD, LOG, TASK_TEMPLATE, taskRefOf, taskUri } from "./uris.ts";

type Read = (board: Board, options?: CallOptions) => Promise<string>;

const FIXED: readonly { uri: string; name: string; description: string; read: Read }[] = [
  {
    uri: BOARD,
    name: "board",
    description: "Counts, and every open task on a line",
    read: (board, options) => boardText(board, options ? { options } : {}),
  },
  { uri: AGENTS, name: "agents", description: "Who is here, what each holds and was told, and what would wake it", read: agentsText },
  { uri: LOG, name: "log", description: "What happened lately", read: logText },
];

export const TEMPLATES = [
  {
    uriTemplate: TASK_TEMPLATE,
    name: "task",
    description: "One task with its notes, reviews and history; id: number, id, or a unique prefix of it",
    mimeType: MARKDOWN,
  },
];

/** Tasks in the listing: those that hosts offer to attach. The others are read by their address all the same. */
const LISTED = 30;

/** The resources that every board has. */
export const FIXED_RESOURCES = FIXED.map(({ uri, name, description }) => ({ uri, name, description, mimeType: MARKDOWN }));

/** `resources/list`: the board, the agents, the log, and the newest open tasks. */
export async function listResources(board: Board, options?: CallOptions) {
  const { tasks } = await page(board, { state: ["claimed", "review", "pending", "failed"] }, LISTED, options);
  return [
    ...FIXED_RESOURCES,
    ...tasks.map((task) => ({ uri: taskUri(task), name: named(task, 80), description: task.state, mimeType: MARKDOWN })),
  ];
}

/** A resource's text; undefined where there is none at that address. A reference that means several tasks is refused. */
export async function readResource(board: Board, uri: string, options?: CallOptions): Promise<string | undefined> {
  const fixed = FIXED.find((one) => one.uri === uri);
  if (fixed) return fixed.read(board, options);
  const id = taskRefOf(uri);
  const task = id === undefined ? null : await taskNamed(board, id, options);
  return task ? taskText(task, await board.read("tasks/history", { id: task.id }, options)) : undefined;
}
