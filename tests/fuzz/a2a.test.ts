import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { a2aCall, EXTENSION, STREAMS } from "./a2a-calls.ts";
import { damage } from "./bytes.ts";
import { sent } from "./calls.ts";
import { noBug } from "./judge.ts";
import { check, LIMIT_MS } from "./runs.ts";
import { Target } from "./target.ts";

let target: Target;
beforeAll(async () => {
  target = await Target.start();
});
afterAll(() => target[Symbol.asyncDispose]());

/** JSON-RPC's, A2A's (1.0 §5.4) and coord's codes for what a caller may do wrong; -32603, a bug, is none of them. */
const CODES = [-32700, -32600, -32601, -32602, -32001, -32002, -32004, -32005, -32008, -32009, -31001, -31010, -31011, -31012];

const version = fc.oneof(
  { weight: 8, arbitrary: fc.constant(undefined) },
  fc.constantFrom("", "0.3", "1.0", "0.3.0", "1.0.99999", "9", "\u00ff", "NaN"),
);

test("whatever comes to /a2a, of 1.0 or 0.3, is answered as A2A has it, and is no bug", { timeout: LIMIT_MS }, async () => {
  const call = a2aCall.map(({ version, method, params }) => ({
    version,
    body: JSON.stringify({ jsonrpc: "2.0", id: 7, method, params }),
    isStream: STREAMS.includes(method),
  }));
  const streamed = fc.tuple(a2aCall, fc.constantFrom(...STREAMS)).map(([{ params }, method]) => ({
    version: method.includes("/") ? ("" as const) : ("1.0" as const),
    body: JSON.stringify({ jsonrpc: "2.0", id: 7, method, params }),
    isStream: true,
  }));
  const other = sent(target.known).map(({ body }) => ({ version: "1.0" as const, body, isStream: false }));
  const example = fc.record({
    call: fc.oneof({ weight: 8, arbitrary: call }, streamed, other),
    version,
    damage,
    extensions: fc.constantFrom(undefined, EXTENSION, EXTENSION, `${EXTENSION}, x`, ",,,", "http://"),
    type: fc.oneof({ weight: 9, arbitrary: fc.constant("application/json") }, fc.constantFrom("application/a2a+json", "text/plain", "")),
  });
  const codes = new Set<number>();
  let results = 0;
  await check(500, example, async ({ call, version, damage, extensions, type }) => {
    const reply = await target.ask({
      path: "/w/a2a/a2a",
      headers: {
        "content-type": type,
        "a2a-version": version ?? call.version,
        ...(extensions === undefined ? {} : { "a2a-extensions": extensions }),
      },
      body: damage.apply(call.body),
      ...(call.isStream ? { patience_ms: 25 } : {}),
    });
    target.quiet();
    if (!reply) return;
    noBug(reply.text, "the answer");
    expect([200, 413]).toContain(reply.status);
    const isStream = String(reply.headers["content-type"]).startsWith("text/event-stream");
    for (const text of isStream ? eventsOf(reply.text) : [reply.text]) {
      const { jsonrpc, result, error } = JSON.parse(text);
      expect([jsonrpc, (result === undefined) !== (error === undefined)]).toEqual(["2.0", true]);
      if (error === undefined) {
        results += 1;
        continue;
      }
      codes.add(error.code);
      expect(CODES).toContain(error.code);
      expect([typeof error.message, error.data === undefined || Array.isArray(error.data)]).toEqual(["string", true]);
    }
  });
  await target.isWhole(["default", "a2a"]);
  expect([results > 10, codes.size > 5], "calls that were answered, and refused").toEqual([true, true]);
});

function eventsOf(stream: string): string[] {
  return stream.split("\n\n").flatMap((event) => /^data: ?([^\r\n]*)/m.exec(event)?.[1] ?? []);
}
