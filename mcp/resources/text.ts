import type { Task } from "../../protocol/index.ts";

/**
 * Resources and prompts are markdown, not JSON: hosts paste them into a model's context as they are, a list line is about a third of the
 * tokens of the same task in JSON, and a person who attaches one can read it. Programs have the tools, whose answers are JSON.
 */
export const MARKDOWN = "text/markdown";

const LINE_CHARS = 100;

/** A text on one line, cut at so many characters: no name can begin a line of its own. */
export function oneLine(text: string, chars = LINE_CHARS): string {
  const flat = text.replace(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
  const characters = Array.from(flat);
  return characters.length <= chars ? flat : `${characters.slice(0, chars - 1).join("")}…`;
}

/** A longer text, cut with a word on how much there is. */
export function clipped(text: string, chars: number, where = "tasks_get has it all"): string {
  return text.length <= chars ? text : `${text.slice(0, chars)}…\n(${text.length} characters; ${where})`;
}

/** Any JSON as a block; a text as it is. */
export function fenced(value: unknown, chars: number): string {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 1);
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}${typeof value === "string" ? "" : "json"}\n${clipped(text, chars)}\n${fence}`;
}

/** `2026-01-02 03:04`, UTC. */
export function moment(time: string): string {
  return time.slice(0, 16).replace("T", " ");
}

/** `#12 its name`. */
export function named(task: { number: number; name: string }, chars?: number): string {
  return `#${task.number} ${oneLine(task.name, chars)}`;
}

/** One task on one line, as the board lists it; what nearly every task has alike is left out. */
export function taskLine(task: Task): string {
  const { kind, priority, claimed_by, lease_until, assignee, labels, held, attempt, performer, review } = task;
  const parts = [
    kind === "task" ? "" : oneLine(kind, 30),
    priority === "normal" ? "" : oneLine(priority, 20),
    claimed_by === null ? "" : `${task.state === "claimed" ? "held by" : "by"} ${oneLine(claimed_by, 40)}`,
    lease_until ? `until ${lease_until.slice(11, 16)}` : "",
    assignee === null ? "" : `for ${oneLine(assignee, 40)} only`,
    performer === "user" ? "for a person" : "",
    attempt > 1 ? `attempt ${attempt}` : "",
    held ? waitsFor(held) : "",
    review === "required" && task.state !== "review" ? "will be reviewed" : "",
    labels.length === 0 ? "" : oneLine(labels.map((label) => `+${label}`).join(" "), 60),
  ].filter((part) => part !== "");
  return `- ${[named(task), ...parts].join(" · ")}`;
}

const HELD = {
  dependencies: "waits for",
  dependency_failed: "held by the failure of",
  dependency_cancelled: "held by the end of",
} as const;

function waitsFor({ reason, blockers = [] }: NonNullable<Task["held"]>): string {
  const count = blockers.length === 1 ? "another job" : `${blockers.length || "some"} other jobs`;
  return `${HELD[reason]} ${count}`;
}
