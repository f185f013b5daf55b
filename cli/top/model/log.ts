import type { Event, EventType } from "../../../protocol/events.ts";
import type { TaskSnapshot } from "../../../protocol/records.ts";

/** One event as the screen keeps it: its line, without the payloads that some events carry. */
export interface LogLine {
  readonly seq: number;
  readonly at: number;
  readonly type: EventType;
  readonly taskId: string | null;
  readonly number: number | null;
  readonly name: string;
  readonly kind: string;
  readonly agent: string | null;
  readonly note: string;
}

const MOST_NOTE_CHARS = 300;

export function logLine(event: Event): LogLine {
  const task = event.data.task as TaskSnapshot | undefined;
  return {
    seq: event.seq,
    at: Date.parse(event.at),
    type: event.type,
    taskId: task?.id ?? null,
    number: task?.number ?? null,
    name: task?.name ?? String(event.data.name ?? ""),
    kind: task?.kind ?? "",
    agent: event.agent_id ?? null,
    note: noteOf(event).slice(0, MOST_NOTE_CHARS),
  };
}

function noteOf({ data, type }: Event): string {
  if (typeof data.reason === "string") return data.reason;
  if (Array.isArray(data.changed)) return `changed ${data.changed.join(", ")}`;
  if (typeof data.decision === "string") return data.decision;
  if (type === "task.late_result") return "came after its claim had ended";
  return "";
}

/** The newest so many lines; older ones are forgotten. Reading them costs a copy, adding one does not. */
export class RecentLog {
  readonly #most: number;
  #lines: LogLine[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  add(line: LogLine): void {
    this.#lines.push(line);
    if (this.#lines.length > this.#most * 2) this.#lines = this.#lines.slice(-this.#most);
  }

  /** Oldest first. */
  lines(): readonly LogLine[] {
    return this.#lines.slice(-this.#most);
  }
}
