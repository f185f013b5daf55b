import type { Status } from "../model/agents.ts";
import type { Row } from "../model/row.ts";
import type { Tone } from "./line.ts";

/** Three shapes, so that the dot says as much without colour. */
export const DOTS: Readonly<Record<Status, string>> = { active: "●", idle: "◐", stale: "○" };
export const STATUS_TONES: Readonly<Record<Status, Tone>> = { active: "good", idle: "warn", stale: "dim" };

const STATE_TONES: Readonly<Record<Row["state"], Tone>> = {
  idea: "dim",
  backlog: "dim",
  pending: "plain",
  claimed: "warn",
  review: "info",
  completed: "good",
  failed: "bad",
  cancelled: "dim",
};

export function stateTone(state: Row["state"], isReady = true): Tone {
  return state === "pending" && !isReady ? "dim" : STATE_TONES[state];
}

export function priorityTone(priority: string): Tone {
  return priority === "urgent" ? "bad" : priority === "high" ? "warn" : priority === "low" ? "dim" : "plain";
}
