import type { Result } from "../../../protocol/index.ts";
import type { Task } from "../../../protocol/records.ts";

/** Another task that this one names, or that names it. */
export interface Related {
  readonly id: string;
  readonly number: number;
  readonly name: string;
  readonly kind: string;
  readonly state: Task["state"];
}

/** Everything about one task. */
export interface Detail {
  readonly task: Task;
  readonly history: Result<"tasks/history">;
  readonly related: readonly Related[];
}

/** Keys of a payload that name another task, and how the link reads from here. */
export const PAYLOAD_LINKS: Readonly<Record<string, string>> = {
  fixed_bug_id: "fixes",
  bug_id: "about",
  related_bug: "about",
  ack_id: "acked by",
  related_ack: "after",
  blocked_by: "blocked by",
  follows_up: "follows",
};

export interface Link {
  readonly label: string;
  readonly id: string;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const MOST_LINKS = 20;

/** The chain of acks and dependencies through a task: what it fixes or follows, what it waits for, who said that it is done. */
export function linksOf(task: Task, history: Result<"tasks/history">): Link[] {
  const links: Link[] = task.depends_on.map((id) => ({ label: "depends on", id }));
  const { payload } = task;
  if (typeof payload === "object" && payload !== null && !Array.isArray(payload)) {
    for (const [key, label] of Object.entries(PAYLOAD_LINKS)) {
      const value = (payload as Record<string, unknown>)[key];
      for (const id of Array.isArray(value) ? value : [value])
        if (typeof id === "string" && UUID.test(id)) links.push({ label, id: id.toLowerCase() });
    }
  }
  for (const { data } of history.events) if (typeof data.ack_id === "string") links.push({ label: "acked by", id: data.ack_id });
  return links.slice(0, MOST_LINKS);
}

export function relatedIds(task: Task, history: Result<"tasks/history">): string[] {
  return [...new Set(linksOf(task, history).map((link) => link.id))];
}
