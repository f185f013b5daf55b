import type { Readable } from "node:stream";

/** The lines of a stream of UTF-8. Only a line feed ends one: Node's readline would also break JSON at U+2028, which may stand in it. */
export async function* linesOf(stream: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let parts: string[] = [];
  for await (const chunk of stream) {
    const text = decoder.decode(chunk as Uint8Array, { stream: true });
    let from = 0;
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", from)) {
      parts.push(text.slice(from, end));
      yield parts.join("");
      parts = [];
      from = end + 1;
    }
    if (from < text.length) parts.push(text.slice(from));
  }
  const rest = parts.join("") + decoder.decode();
  if (rest !== "") yield rest;
}
