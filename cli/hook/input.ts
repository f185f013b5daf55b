import type { Readable } from "node:stream";
import type { Payload } from "./hosts.ts";

/** More than any host writes; what a runaway one writes is not kept. */
const MOST_CHARS = 4 * 1024 * 1024;

/** What some shells of Windows put before what they pipe. */
const BYTE_ORDER_MARK = /^\uFEFF/;

/**
 * The JSON object on a hook's standard input. It is complete when it parses, whether or not the host closes the pipe; a host that
 * writes nothing is waited for no longer than `ms`.
 * @returns undefined where there is no object
 */
export async function readPayload(input: Readable, ms = 1_000): Promise<Payload | undefined> {
  let text = "";
  const complete = await new Promise<Payload | undefined>((resolve) => {
    const timer = setTimeout(() => resolve(undefined), ms);
    const done = (payload: Payload | undefined) => {
      clearTimeout(timer);
      resolve(payload);
    };
    input.setEncoding("utf8");
    input.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > MOST_CHARS) return done(undefined);
      const payload = text.trimEnd().endsWith("}") ? parse(text) : undefined;
      if (payload) done(payload);
    });
    input.once("end", () => done(parse(text)));
    input.once("error", () => done(undefined));
  });
  input.destroy();
  return complete;
}

function parse(text: string): Payload | undefined {
  try {
    const value: unknown = JSON.parse(text.replace(BYTE_ORDER_MARK, ""));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Payload) : undefined;
  } catch {
    return undefined; // not complete yet, or no JSON at all: the caller knows which when the input ends
  }
}
