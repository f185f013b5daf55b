import { LIMITS } from "../../../protocol/index.ts";
import type { WireMessage, WirePart } from "../wire.ts";

/** A message's text parts, one paragraph each. */
export function textOfMessage(message: WireMessage): string {
  return message.parts
    .flatMap((part) => (part.text === undefined ? [] : [part.text]))
    .join("\n\n")
    .toWellFormed()
    .replaceAll("\0", "");
}

/** What a message posts: its name is the first line of its text, all of the text the description, everything else the payload. */
export function jobOf(message: WireMessage): { name: string; description: string; payload?: unknown } {
  const text = textOfMessage(message);
  const others = message.parts.filter((part) => part.text === undefined);
  const line = text.split(/\r?\n/).find((one) => /\S/.test(one));
  const named = line ?? others.find((part) => part.filename)?.filename ?? "message without text";
  return { name: shortened(named.trim()), description: text, ...payloadOf(others) };
}

/** One part of data is the payload itself; any others are given as they came, under `parts`. */
function payloadOf(others: readonly WirePart[]): { payload?: unknown } {
  if (others.length === 0) return {};
  const [only] = others;
  return { payload: others.length === 1 && only!.data !== undefined ? only!.data : { parts: others } };
}

/** The name's own limit is kept by cutting: a long first line stands in full in the description. */
function shortened(line: string): string {
  const most = LIMITS.name_chars.value;
  return line.length <= most ? line : `${line.slice(0, most - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** A message as a note: its text, and a line for each part that is none, so that readers without A2A see what came. */
export function noteBodyOf(message: WireMessage): string {
  const text = textOfMessage(message);
  const lines = message.parts.filter((part) => part.text === undefined).map(lineOf);
  return [...(/\S/.test(text) ? [text] : []), ...lines].join("\n\n");
}

function lineOf(part: WirePart): string {
  const name = part.filename ? ` ${part.filename}` : "";
  const type = part.mediaType ? ` (${part.mediaType})` : "";
  if (part.url !== undefined) return `[file${name}${type}: ${part.url}]`;
  if (part.raw !== undefined) return `[file${name}${type}: ${Math.floor((part.raw.length * 3) / 4)} bytes]`;
  return `\`\`\`json\n${JSON.stringify(part.data, null, 2)}\n\`\`\``;
}
