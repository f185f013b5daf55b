import { isAnnouncement } from "../../protocol/lifecycle.ts";
import type { Entry } from "../entry.ts";
import { inline, link } from "../markdown.ts";
import type { Line, Model } from "../model.ts";
import { agentLink } from "./show.ts";

const LONGEST_REASON = 300;

/** How a line of the log reads after who did it. `it` stands for the task; `say` is what else the event says. */
type Phrase = (it: string, say: Readonly<Record<string, unknown>>, entry: Entry, model: Model) => string;

const PHRASES: Readonly<Record<string, Phrase>> = {
  "task.created": (it, _say, entry) => `${isAnnouncement(entry.set?.kind ?? "") ? "published" : "posted"} ${it}`,
  "task.updated": (it, say) => `changed ${it}${Array.isArray(say.changed) ? `: ${say.changed.join(", ").replaceAll("_", " ")}` : ""}`,
  "task.ready": (it, say) =>
    say.from === "failed" ? `retried ${it}` : say.from === "backlog" ? `released ${it} from the backlog` : `moved ${it} back to ready`,
  "task.held": (it) => `put ${it} back into the backlog`,
  "task.unblocked": (it, say, _entry, model) => `${it} has nothing left to wait for${other(model, say.unblocked_by, " after ")}`,
  "task.claimed": (it, _say, entry) =>
    `claimed ${it}${entry.set?.attempt !== undefined && entry.set.attempt > 1 ? ` for attempt ${entry.set.attempt}` : ""}`,
  "task.extended": (it) => `extended the lease of ${it}`,
  "task.released": (it, say) => `gave ${it} back${because(say.reason)}`,
  "task.lapsed": (it) => `lost ${it}: the lease lapsed`,
  "task.completed": (it, say, entry, model) =>
    entry.agent === undefined ? `${it} is done: it was approved` : `completed ${it}${other(model, say.ack_id, ", announced by ")}`,
  "task.submitted": (it) => `handed ${it} in for review`,
  "task.failed": (it, say) => `gave ${it} up${because(say.reason)}`,
  "task.cancelled": (it, say) => `cancelled ${it}${because(say.reason)}`,
  "task.late_result": (it) => `brought a result of ${it} too late; it is kept`,
  "review.decided": (it, say) =>
    `reviewed ${it}: ${inline(String(say.decision ?? ""))
      .replaceAll("\\_", " ")
      .replaceAll("_", " ")}`,
  "review.dismissed": (it, say) => `set a review of ${it} aside${because(say.reason)}`,
  "note.added": (it) => `added a note to ${it}`,
  "note.retracted": (it, say) => `took a note on ${it} back${because(say.reason)}`,
  "note.purged": (it, say) => `erased a note on ${it}${because(say.reason)}`,
  "dependency.added": (it, say, _entry, model) => `made ${it} wait${other(model, say.on, " for ")}`,
  "dependency.removed": (it, say, _entry, model) => `made ${it} wait no longer${other(model, say.on, " for ")}`,
  "agent.seen": () => "joined",
};

/** Events that happen to a task by themselves, whoever caused them. */
function isByItself({ type, agent }: Entry): boolean {
  return type === "task.unblocked" || (type === "task.completed" && agent === undefined);
}

function because(reason: unknown): string {
  if (typeof reason !== "string" || reason.trim() === "") return "";
  const characters = Array.from(reason);
  const cut = characters.length > LONGEST_REASON ? `${characters.slice(0, LONGEST_REASON - 1).join("")}…` : reason;
  return `: ${inline(cut)}`;
}

/** A task by its number alone: a line of the log does not change when a task is renamed later. */
function other(model: Model, id: unknown, lead: string): string {
  const task = typeof id === "string" ? model.tasks.get(id) : undefined;
  return task ? `${lead}${link(task.path, `#${task.number}`)}` : "";
}

/** A line of the log as a sentence without its end: `[[…|harbor-lynx]] claimed [[…|#12 its name]]`. */
export function phrase(line: Line, model: Model, subject: { it?: string; who?: string } = {}): string {
  const { entry, task, name } = line;
  const it = subject.it ?? (task ? link(task.path, `#${task.number} ${name ?? ""}`) : "a task");
  const what = PHRASES[entry.type]?.(it, entry.say ?? {}, entry, model) ?? `${inline(entry.type)} ${it}`;
  if (isByItself(entry)) return what;
  const who = subject.who ?? (entry.agent === undefined ? "somebody" : agentLink(model, entry.agent));
  return who === "" ? what : `${who} ${what}`;
}
