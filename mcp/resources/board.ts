import type { ParamsIn, Task } from "../../protocol/index.ts";
import { ANNOUNCEMENT_KINDS } from "../../protocol/lifecycle.ts";
import type { Board, CallOptions } from "../board.ts";
import { taskLine } from "./text.ts";

type Filter = Pick<ParamsIn<"tasks/list">, "state" | "kind" | "ready">;

/** The board's parts in the order in which they matter, and how many lines each may have. */
const PARTS: readonly { title: string; filter: Filter; most: number }[] = [
  { title: "In progress", filter: { state: "claimed" }, most: 25 },
  { title: "Waiting for a review", filter: { state: "review" }, most: 15 },
  { title: "Failed", filter: { state: "failed" }, most: 10 },
  { title: "Ready to claim", filter: { state: "pending", ready: true }, most: 25 },
  { title: "Held or not open to everybody", filter: { state: "pending", ready: false }, most: 15 },
  { title: "Backlog", filter: { state: "backlog" }, most: 10 },
  { title: "Announced lately", filter: { state: "completed", kind: [...ANNOUNCEMENT_KINDS] }, most: 5 },
];

const SHOWN = ["claimed", "review", "failed", "pending", "backlog", "idea", "completed", "cancelled"] as const;

/** One page of the tasks that match, and whether there are more. */
export async function page(board: Board, filter: ParamsIn<"tasks/list">, most: number, options?: CallOptions) {
  const found = await board.read("tasks/list", { ...filter, limit: most, page: true }, options);
  return Array.isArray(found) ? { tasks: found, more: false } : { tasks: found.tasks, more: found.next !== null };
}

/**
 * `coord://board`: counts, and every open task on a line, at most 105 of them.
 * @param kind only tasks of this kind
 */
export async function boardText(
  board: Board,
  { kind, options }: { kind?: string | undefined; options?: CallOptions } = {},
): Promise<string> {
  const parts = PARTS.filter(({ filter }) => kind === undefined || filter.kind === undefined);
  const [info, ...pages] = await Promise.all([
    board.read("workspace/info", {}, options),
    ...parts.map(({ filter, most }) => page(board, { ...(kind === undefined ? {} : { kind }), ...filter }, most, options)),
  ]);
  const counts = SHOWN.flatMap((state) => (info.counts[state] ? [`${info.counts[state]} ${state}`] : []));
  const lines = [`# Board ${info.workspace}`, "", `${counts.join(", ") || "No task yet"}. The log is at ${info.head}.`];
  if (kind !== undefined) lines.push(`Below: only kind ${kind}.`);
  for (const [at, { title }] of parts.entries()) {
    const { tasks, more } = pages[at] ?? { tasks: [] as Task[], more: false };
    if (tasks.length === 0) continue;
    lines.push("", `## ${title}`, ...tasks.map(taskLine));
    if (more) lines.push("- … and more: tasks_list has them all");
  }
  return `${lines.join("\n")}\n`;
}
