const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["m", 60],
  ["s", 1],
] as const;

/** A span as one number and one unit, cut off, not rounded: `42s`, `5m`, `3h`, `12d`. */
export function span(ms: number): string {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  for (const [unit, size] of UNITS) if (seconds >= size) return `${Math.floor(seconds / size)}${unit}`;
  return "0s";
}

/** How long ago: `3m ago`, `just now`; for what is still to come `in 5m`. */
export function ago(time: string, now: number): string {
  const ms = now - Date.parse(time);
  if (Number.isNaN(ms)) return "at an unknown time";
  if (ms <= -1000) return `in ${span(ms)}`;
  return ms < 1000 ? "just now" : `${span(ms)} ago`;
}

/** Its age alone, for a column: `3m`. */
export function age(time: string, now: number): string {
  const ms = now - Date.parse(time);
  return Number.isNaN(ms) ? "?" : span(Math.max(0, ms));
}
