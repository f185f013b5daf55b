import type { Task } from "../protocol/index.ts";
import { ANNOUNCEMENT_KINDS } from "../protocol/lifecycle.ts";
import type { Board, CallOptions } from "./board.ts";
import { PROMPTS } from "./prompts/index.ts";
import { page } from "./resources/board.ts";
import { named } from "./resources/text.ts";
import { TASK_TEMPLATE } from "./resources/uris.ts";

/** What is to be completed: an argument of a prompt, or the variable of a template. */
export interface Completing {
  readonly ref: { readonly type: string; readonly name?: string; readonly uri?: string };
  readonly argument: { readonly name: string; readonly value: string };
}

/** At most this many values are offered: hosts show them in a list of their own. */
const OFFERED = 20;
/** How many tasks, the newest first, are looked at for their kinds and the beginnings of their ids. */
const LOOKED_AT = 200;
/** Kinds that people use, offered even where no task has them yet. */
const USUAL_KINDS = ["task", "bug", "feature", "build", ...ANNOUNCEMENT_KINDS];

/** Values for what has been typed so far, the likeliest first; none for what cannot be completed. */
export async function complete({ ref, argument }: Completing, board: Board, options: CallOptions): Promise<string[]> {
  const typed = argument.value.trim();
  if (ref.type === "ref/resource") {
    if (ref.uri !== TASK_TEMPLATE || argument.name !== "id") return [];
    return (await tasks(typed, board, options)).map(({ number }) => String(number));
  }
  const prompt = PROMPTS.find(({ name }) => name === ref.name);
  switch (prompt?.arguments.find(({ name }) => name === argument.name)?.completes) {
    case "task":
      return (await tasks(typed, board, options)).map((task) => named(task, 60));
    case "kind":
      return kinds(typed, board, options);
    case "agent":
      return agents(typed, board, options);
    default:
      return [];
  }
}

const OPEN = ["claimed", "review", "pending", "failed", "backlog"];

/** Tasks whose number or id begins with what was typed, or whose name has it; open ones first. */
async function tasks(typed: string, board: Board, options: CallOptions): Promise<Task[]> {
  const bare = typed.replace(/^#/, "");
  if (bare === "") return (await page(board, { state: OPEN }, OFFERED, options)).tasks;
  const lists = [page(board, { state: OPEN }, LOOKED_AT, options), page(board, { state: "any" }, LOOKED_AT, options)];
  if (!/^\d+$/.test(bare)) lists.unshift(page(board, { state: "any", name_contains: bare.slice(0, 100) }, OFFERED, options));
  const [exact, ...pages] = await Promise.all([byNumber(bare, board, options), ...lists]);
  const begins = (task: Task): boolean =>
    String(task.number).startsWith(bare) || (bare.length >= 2 && task.id.startsWith(bare.toLowerCase()));
  const has = ({ name }: Task): boolean => name.toLowerCase().includes(bare.toLowerCase());
  const all = new Map([...exact, ...pages.flatMap((one) => one.tasks)].map((task) => [task.id, task]));
  return [...all.values()]
    .filter((task) => begins(task) || has(task))
    .sort((a, b) => rank(b, bare) - rank(a, bare) || b.number - a.number)
    .slice(0, OFFERED);
}

function rank(task: Task, bare: string): number {
  return (String(task.number) === bare ? 4 : 0) + (OPEN.includes(task.state) ? 2 : 0) + (String(task.number).startsWith(bare) ? 1 : 0);
}

async function byNumber(bare: string, board: Board, options: CallOptions): Promise<Task[]> {
  if (!/^\d{1,15}$/.test(bare)) return [];
  const task = await board.read("tasks/get", { id: `#${bare}` }, options);
  return task ? [task] : [];
}

async function kinds(typed: string, board: Board, options: CallOptions): Promise<string[]> {
  const { tasks: found } = await page(board, { state: "any" }, LOOKED_AT, options);
  const used = new Map<string, number>();
  for (const { kind } of found) used.set(kind, (used.get(kind) ?? 0) + 1);
  const byUse = [...used].sort(([, a], [, b]) => b - a).map(([kind]) => kind);
  return matching([...new Set([...byUse, ...USUAL_KINDS])], typed);
}

async function agents(typed: string, board: Board, options: CallOptions): Promise<string[]> {
  const all = await board.read("agents/list", {}, options);
  return matching(
    all.map(({ id }) => id),
    typed.replace(/^@/, ""),
  );
}

/** The word itself, those that begin with what was typed, and those that have it somewhere. */
function matching(words: readonly string[], typed: string): string[] {
  const wanted = typed.toLowerCase();
  const begins = words.filter((word) => word.toLowerCase().startsWith(wanted));
  begins.sort((a, b) => Number(b.toLowerCase() === wanted) - Number(a.toLowerCase() === wanted));
  const has = words.filter((word) => !begins.includes(word) && word.toLowerCase().includes(wanted));
  return [...begins, ...has].slice(0, OFFERED);
}
