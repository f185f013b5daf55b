import { span } from "../../output/time.ts";

/** A span as `42s`, `5m`, `3h`; never negative, since clocks of two machines differ. */
export function spanText(ms: number): string {
  return span(Math.max(0, ms));
}

/** What is left of a lease: to the second while it matters, `4m10s`, and whole minutes beyond ten. */
export function left(ms: number): string {
  if (ms <= 0) return "over";
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds >= 600) return `${Math.floor(seconds / 60)}m`;
  return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, "0")}s`;
}

/** The time of day, in the zone of whoever looks. */
export function clock(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8);
}
