import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { METHOD_NAMES } from "../../protocol/index.ts";
import { damage } from "./bytes.ts";
import { sent } from "./calls.ts";
import { isAnswer, noBug, Tally } from "./judge.ts";
import { check, LIMIT_MS } from "./runs.ts";
import { Target } from "./target.ts";
import { TEXTS, text } from "./values.ts";

let target: Target;
beforeAll(async () => {
  target = await Target.start();
});
afterAll(() => target[Symbol.asyncDispose]());

const JSON_TYPE = { "content-type": "application/json" };

/** Headers that Node's own client agrees to send. */
const headers: fc.Arbitrary<Record<string, string>> = fc.dictionary(
  fc.constantFrom(
    ...["content-type", "content-encoding", "accept", "accept-encoding", "authorization", "origin", "cookie", "range", "x-coord-principal"],
    ...["a2a-version", "mcp-session-id", "x-coord-agent", "x-coord-control", "if-none-match", "x-forwarded-host", "upgrade", "te"],
  ),
  fc.oneof(
    fc.constantFrom("application/json; charset=utf-16", "text/plain", "application/json, x", "gzip", "br", "identity", "1.0", "0.3", "9.9"),
    fc.constantFrom("null", "http://evil.example", "Bearer x", "Bearer ", "Basic Og==", "*/*", "websocket", "bytes=0-", '{"id":"x"}', "{"),
    fc.constantFrom("x".repeat(4_000), "", " ", "\u00ff\u00fe", "%", "é"),
  ),
  { maxKeys: 4 },
);

describe("POST /", () => {
  const tally = new Tally();

  test("whatever call, batch or bytes come, the answer is one of JSON-RPC, and no bug", { timeout: LIMIT_MS }, async () => {
    const example = fc.record({
      sent: sent(target.known),
      damage,
      chunk: fc.option(fc.constantFrom(1, 7, 1_000), { nil: undefined, freq: 6 }),
    });
    await check(900, example, async ({ sent: { body, method, mayWait }, damage, chunk }) => {
      const bytes = damage.apply(body);
      const reply = await target.ask({
        path: "/",
        headers: JSON_TYPE,
        body: bytes,
        ...(chunk === undefined || bytes.length > 3_000 ? {} : { chunk }),
        ...(mayWait ? { patience_ms: 15 } : {}),
      });
      target.quiet();
      if (!reply) return;
      expect([200, 204, 400, 413]).toContain(reply.status);
      if (reply.status === 204) expect(reply.text).toBe("");
      else isAnswer(reply.text, damage.what === "whole" ? method : undefined, tally);
    });
    await target.isWhole();
  });

  test("and the calls get somewhere: most methods were answered, and nearly all refused", () => {
    const without = (methods: Set<string>) => METHOD_NAMES.filter((method) => !methods.has(method)).length / METHOD_NAMES.length;
    expect(without(tally.methods(/^ok$/))).toBeLessThan(0.4);
    expect(without(tally.methods(/^(?!ok)/))).toBeLessThan(0.2);
  });
});

describe("every address", () => {
  const PATHS = [
    ...[
      "/",
      "/events",
      "/metrics",
      "/backup",
      "/verify",
      "/restore",
      "/workspaces",
      "/session",
      "/a2a",
      "/a2a/",
      "/mcp",
      "/healthz",
      "/readyz",
    ],
    ...["/.well-known/agent-card.json", "/.well-known/agent.json", "/ext/work-queue/v1", "/_control/bye", "/nowhere", "//", "/w", "/w/"],
  ];
  const path = fc
    .record({
      base: fc.oneof(
        { weight: 3, arbitrary: fc.constant("") },
        { weight: 2, arbitrary: fc.constantFrom("/w/other", "/w/fuzz-1") },
        text.map((name) => `/w/${encodeURIComponent(new TextDecoder().decode(new TextEncoder().encode(name)))}`),
      ),
      at: fc.constantFrom(...PATHS),
      query: fc.array(
        fc.tuple(
          fc.constantFrom("after", "since", "limit", "wait", "wait_ms", "id", "A2A-Version", "__proto__", "x"),
          fc.oneof(fc.constantFrom("0", "1", "-1", "1e9", "x", "", "NaN", "0x1", "1.0"), fc.constantFrom(...TEXTS)),
        ),
        { maxLength: 3 },
      ),
    })
    .map(({ base, at, query }) => {
      const search = query.map(
        ([name, value]) => `${name}=${encodeURIComponent(new TextDecoder().decode(new TextEncoder().encode(value)))}`,
      );
      return `${base}${at}${search.length > 0 ? `?${search.join("&")}` : ""}`;
    });

  test("answers any method, query, header and body below 500, and with a refusal of the table", { timeout: LIMIT_MS }, async () => {
    const example = fc.record({
      path,
      method: fc.constantFrom("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"),
      headers,
      sent: sent(target.known),
      damage,
    });
    await check(400, example, async ({ path, method, headers, sent, damage }) => {
      const hasBody = !["GET", "HEAD"].includes(method);
      const reply = await target.ask({
        path,
        method,
        headers: { ...JSON_TYPE, ...headers },
        ...(hasBody ? { body: damage.apply(sent.body) } : {}),
        // a wait, a stream of events, or the end of a response that a HEAD of a stream has not
        patience_ms: sent.mayWait || /wait|mcp/.test(path) ? 60 : 5_000,
      });
      target.quiet();
      if (!reply) return;
      noBug(reply.text, `${method} ${path}`);
      expect(reply.status, `${method} ${path}: ${reply.text.slice(0, 200)}`).toBeLessThan(500);
      const isOurs = String(reply.headers["content-type"]).startsWith("application/json") && method !== "HEAD" && !/a2a|mcp/i.test(path);
      if (isOurs && reply.status >= 400 && headers["a2a-version"] === undefined) isAnswer(reply.text, undefined);
    });
    await target.isWhole(["default", "other", "fuzz-1"]);
  });
});
