import type { Event } from "../../protocol/index.ts";
import type { Board, CallOptions } from "../board.ts";
import { moment, named, oneLine } from "./text.ts";

const EVENTS = 50;

/** `coord://log`: what happened lately, newest last. The log has no bodies of notes, so nothing in it can have been taken back. */
export async function logText(board: Board, options?: CallOptions): Promise<string> {
  const { events, cursor } = await board.read("events/list", { limit: EVENTS }, options);
  const lines = events.map((event) => `- ${event.seq} ${eventLine(event, true)}`);
  const title =
    events.length === 0
      ? "Nothing has happened yet."
      : `The last ${events.length} events; the log is at ${cursor}. tasks_wait with after goes on from there.`;
  return `${["# Log", "", title, "", ...lines].join("\n").trimEnd()}\n`;
}

/** `2026-01-02 03:04 task.failed #7 mend the gate · otter · no key`. */
export function eventLine({ at, type, agent_id, data }: Event, hasTask: boolean): string {
  const { task, reason, changed, decision } = data as {
    task?: { number: number; name: string };
    reason?: string | null;
    changed?: string[];
    decision?: string;
  };
  const parts = [
    `${moment(at)} ${type}${task && hasTask ? ` ${named(task, 80)}` : ""}`,
    agent_id ? oneLine(agent_id, 40) : "",
    decision ? decision.replace("_", " ") : "",
    changed ? `changed ${oneLine(changed.join(", "), 80)}` : "",
    reason ? oneLine(reason, 200) : "",
  ];
  return parts.filter((part) => part !== "").join(" · ");
}
