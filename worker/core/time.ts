/** Texts of the latest times: a turn writes the same two or three again and again. */
const texts = new Map<number, string>();

/** Milliseconds since the epoch as the wire has times: RFC 3339, UTC, with milliseconds. */
export function isoTime(ms: number): string {
  let text = texts.get(ms);
  if (text === undefined) {
    text = new Date(ms).toISOString();
    if (texts.size >= 64) texts.clear();
    texts.set(ms, text);
  }
  return text;
}
