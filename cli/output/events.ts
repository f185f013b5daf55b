import type { Event } from "../../protocol/events.ts";
import { clean, fit, pad } from "./text.ts";

/** One event on one line, from what it carries alone: `  42 12:03:44 task.claimed   #7 fix the build · harbor-lynx`. */
export function eventLine(event: Event, columns: number): string {
  const data = event.data as { task?: { number?: number; name?: string }; reason?: string | null; changed?: string[]; from?: string };
  const clock = new Date(event.at).toTimeString().slice(0, 8);
  const parts = [
    data.task ? `#${data.task.number} ${data.task.name}` : "",
    event.agent_id ?? "",
    data.reason ?? "",
    data.changed ? `changed ${data.changed.join(", ")}` : "",
  ].filter((part) => part !== "");
  return fit(`${pad(String(event.seq), 5, "right")} ${clock} ${pad(event.type, 16)} ${clean(parts.join(" · "))}`, columns);
}
