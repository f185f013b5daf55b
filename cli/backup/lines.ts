import type { Readable } from "node:stream";

/**
 * The lines of a stream of UTF-8. Only a line feed ends one: Node's readline would also break JSON at U+2028, which may stand in it.
 * @param most characters of a line; a longer one throws, before it fills the memory
 */
export async function* linesOf(stream: Readable, most = Number.POSITIVE_INFINITY): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let parts: string[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const text = decoder.decode(chunk as Uint8Array, { stream: true });
    let from = 0;
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", from)) {
      parts.push(text.slice(from, end));
      yield parts.join("");
      parts = [];
      length = 0;
      from = end + 1;
    }
    if (from < text.length) parts.push(text.slice(from));
    length += text.length - from;
    if (length > most) throw new Error(`a line of more than ${most} characters`);
  }
  const rest = parts.join("") + decoder.decode();
  if (rest !== "") yield rest;
}
