import type { AgentState, DayState, FileKey, Model, TaskState } from "../model.ts";
import type { TaskRecord } from "../record.ts";
import { agentNote } from "./agent.ts";
import { boardBase } from "./base.ts";
import { boardCanvas, CANVAS_MARK } from "./canvas.ts";
import { dayNote, dayPath } from "./day.ts";
import { homeNote } from "./home.ts";
import { taskNote } from "./task.ts";

/** A file of the vault: where it lies, and how the vault knows it for its own. */
export interface Place {
  /** Relative to the vault, with forward slashes. */
  readonly path: string;
  readonly kind: "note" | "canvas" | "base";
  /** Whether a file's bytes (a note's: those above the marker) show that it is this very file, made by coord. */
  readonly isOwn: (content: Buffer) => boolean;
}

/** The task that a file is about, if it is about one. */
export function taskOf(model: Model, key: FileKey): TaskState | undefined {
  return key.startsWith("task ") ? model.tasks.get(key.slice(5)) : undefined;
}

function agentOf(model: Model, key: FileKey): AgentState | undefined {
  return key.startsWith("agent ") ? model.agents.get(key.slice(6)) : undefined;
}

function dayOf(model: Model, key: FileKey): { day: DayState; part: number } | undefined {
  const [, date = "", part = ""] = /^day (\S+) (\d+)$/.exec(key) ?? [];
  const day = model.days.get(date);
  return day && { day, part: Number(part) };
}

/** Undefined for a file that there is not to be. */
export function placeOf(model: Model, key: FileKey): Place | undefined {
  if (key === "home") return { path: "README.md", kind: "note", isOwn: isOurs(/home/) };
  if (key === "canvas") return { path: "Board.canvas", kind: "canvas", isOwn: (content) => content.includes(`"${CANVAS_MARK}"`) };
  if (key === "base") return { path: "Board.base", kind: "base", isOwn: () => false };
  const task = taskOf(model, key);
  const isTask = isOurs(/task|decision/);
  if (task) return { path: `${task.path}.md`, kind: "note", isOwn: (above) => isTask(above) && above.includes(task.id) };
  const agent = agentOf(model, key);
  if (agent) return { path: `${agent.path}.md`, kind: "note", isOwn: isOurs(/agent/) };
  const on = dayOf(model, key);
  if (on) return { path: `${dayPath(on.day.date, on.part)}.md`, kind: "note", isOwn: isOurs(/day/) };
  return undefined;
}

/** What a file is to contain: a function of the model and, for a task's note, its record. No clock, no order of arrival. */
export function textOf(model: Model, key: FileKey, workspace: string, record?: TaskRecord): string {
  if (key === "home") return homeNote(model, workspace);
  if (key === "canvas") return boardCanvas(model);
  const task = taskOf(model, key);
  if (task) return taskNote(model, task, record);
  const agent = agentOf(model, key);
  if (agent) return agentNote(model, agent);
  const on = dayOf(model, key);
  return on ? dayNote(model, on.day, on.part) : boardBase();
}

/** Every file of a vault, by its path. */
export function placesOf(model: Model): Map<string, Place> {
  const places = [...model.allFiles()].map((key) => placeOf(model, key)).filter((place) => place !== undefined);
  return new Map(places.map((place) => [place.path, place]));
}

/** The property by which the vault knows its notes, as coord writes it or as an editor writes it again. */
function isOurs(kind: RegExp): (above: Buffer) => boolean {
  const property = new RegExp(`^coord:\\s*["']?(${kind.source})["']?\\s*$`, "m");
  return (above) => property.test(above.subarray(0, 65_536).toString("utf8"));
}
