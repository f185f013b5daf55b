/** Milliseconds since the epoch as the wire has times: RFC 3339, UTC, with milliseconds. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
