import { isAnnouncement, isTerminal, STATE_NAMES, STATES, type State } from "../../protocol/lifecycle.ts";
import type { Model, TaskState } from "../model.ts";
import { count } from "./show.ts";

const CARD = { width: 320, height: 160, gap: 40 } as const;
const GROUP = { margin: 40, gap: 80 } as const;
/** Cards one above the other before a group grows sideways. */
const MOST_ROWS = 8;
/** An embedded note is heavy to draw: what is open comes first, then what finished last. */
export const MOST_CARDS = 400;
const MOST_FINISHED = 60;

/** Colours by state (JSON Canvas 1.0 presets: 1 red, 2 orange, 3 yellow, 4 green, 5 cyan, 6 purple). */
const COLOURS: Readonly<Partial<Record<State, string>>> = {
  idea: "6",
  pending: "5",
  claimed: "3",
  review: "2",
  completed: "4",
  failed: "1",
};

/** The id of the node by which the vault knows its canvas. */
export const CANVAS_MARK = "coord:board";

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * The jobs as cards, one group for each state, with an arrow from each job to those that wait for it.
 * JSON Canvas 1.0: nodes in ascending z-order, integers only, edges by the ids of nodes that exist.
 */
export function boardCanvas(model: Model): string {
  const jobs = chosen(model);
  const nodes: object[] = [];
  const places = new Map<string, Box>();
  let x = 0;
  const groups: object[] = [];
  for (const state of STATE_NAMES) {
    const members = jobs.shown.filter((task) => task.now.state === state);
    if (members.length === 0) continue;
    const columns = Math.ceil(members.length / MOST_ROWS);
    const rows = Math.min(members.length, MOST_ROWS);
    const width = 2 * GROUP.margin + columns * CARD.width + (columns - 1) * CARD.gap;
    const height = 2 * GROUP.margin + rows * CARD.height + (rows - 1) * CARD.gap;
    const colour = COLOURS[state];
    const label = `${STATES[state].label} (${jobs.counts.get(state) ?? members.length})`;
    groups.push({
      id: `state:${state}`,
      type: "group",
      x,
      y: 0,
      width,
      height,
      ...(colour ? { color: colour } : {}),
      label,
      "x-coord": { kind: "group", state },
    });
    members.forEach((task, index) => {
      const column = Math.floor(index / MOST_ROWS);
      const place = {
        x: x + GROUP.margin + column * (CARD.width + CARD.gap),
        y: GROUP.margin + (index % MOST_ROWS) * (CARD.height + CARD.gap),
        width: CARD.width,
        height: CARD.height,
      };
      places.set(task.id, place);
      const card = { id: `job:${task.id}`, type: "file", ...place, ...(colour ? { color: colour } : {}), file: `${task.path}.md` };
      nodes.push({
        ...card,
        "x-coord": { kind: "job", job: task.id, number: task.number, state, group: `state:${state}`, rev: task.now.rev },
      });
    });
    x += width + GROUP.gap;
  }
  const hidden = jobs.all - jobs.shown.length;
  const text = `# The board\n${count(jobs.all, "job")}${hidden > 0 ? `; ${hidden} of them, finished long ago or too many to draw, are only in [[Board.base]]` : ""}.`;
  const title = { id: CANVAS_MARK, type: "text", x: 0, y: -200, width: 480, height: 140, text, "x-coord": { kind: "title" } };
  return `${JSON.stringify({ nodes: [...groups, title, ...nodes], edges: edges(model, jobs.shown, places) }, null, "\t")}\n`;
}

/** Which jobs are drawn: the open ones by number, what they wait for, and the latest that finished. */
function chosen(model: Model): { shown: TaskState[]; all: number; counts: Map<State, number> } {
  const jobs = [...model.tasks.values()].filter((task) => !isAnnouncement(task.now.kind)).sort((a, b) => a.number - b.number);
  const counts = new Map<State, number>();
  for (const task of jobs) counts.set(task.now.state, (counts.get(task.now.state) ?? 0) + 1);
  const open = jobs.filter((task) => !isTerminal(task.now.state)).slice(0, MOST_CARDS);
  const shown = new Set(open);
  const add = (task: TaskState) => shown.size < MOST_CARDS && shown.add(task);
  for (const task of open) for (const on of model.dependencies(task)) add(on);
  const lastSeq = (task: TaskState) => task.story.at(-1)?.seq ?? 0;
  const finished = jobs.filter((task) => isTerminal(task.now.state)).sort((a, b) => lastSeq(b) - lastSeq(a));
  for (const task of finished.slice(0, MOST_FINISHED)) add(task);
  return { shown: jobs.filter((task) => shown.has(task)), all: jobs.length, counts };
}

/** One edge for each dependency between drawn jobs, leaving and arriving at the sides that face each other. */
function edges(model: Model, shown: readonly TaskState[], places: ReadonlyMap<string, Box>): object[] {
  return shown.flatMap((task) =>
    model.dependencies(task).flatMap((on) => {
      const from = places.get(on.id);
      const to = places.get(task.id);
      if (!from || !to) return [];
      const sides =
        from.x === to.x
          ? from.y < to.y
            ? { fromSide: "bottom", toSide: "top" }
            : { fromSide: "top", toSide: "bottom" }
          : from.x < to.x
            ? { fromSide: "right", toSide: "left" }
            : { fromSide: "left", toSide: "right" };
      return [
        {
          id: `dep:${on.id}:${task.id}`,
          fromNode: `job:${on.id}`,
          toNode: `job:${task.id}`,
          ...sides,
          toEnd: "arrow",
          color: "1",
          label: "blocks",
        },
      ];
    }),
  );
}
