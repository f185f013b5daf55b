import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { noBug } from "./judge.ts";
import { check, LIMIT_MS } from "./runs.ts";
import { Target } from "./target.ts";

let target: Target;
beforeAll(async () => {
  target = await Target.start();
});
afterAll(() => target[Symbol.asyncDispose]());

const BODY = '{"jsonrpc":"2.0","id":1,"method":"agents/list"}';

const requestLine = fc
  .tuple(
    fc.constantFrom("POST", "GET", "post", "TRACE", "CONNECT", "PROPFIND", "M-SEARCH", "", "P OST", "\0", "PRI"),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant("/") },
      fc.constantFrom("*", "//", "http://evil.example/", "/%", "/%ff", "/w/%E0%A4%A/", "/\u00ff", ""),
    ),
    fc.oneof({ weight: 4, arbitrary: fc.constant("HTTP/1.1") }, fc.constantFrom("HTTP/1.0", "HTTP/2.0", "HTTP/9", "http/1.1", "")),
  )
  .map((words) => words.join(" "));

const header = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("Host: 127.0.0.1", "Content-Type: application/json", `Content-Length: ${BODY.length}`) },
  fc.constantFrom(
    ...[
      "Host: evil.example",
      "Host:",
      "Host: [::1",
      "Content-Length: -1",
      "Content-Length: 1e9",
      "Content-Length: 99999999999999999999",
      "Content-Length: 5",
    ],
    ...[
      "Transfer-Encoding: chunked",
      "Transfer-Encoding: gzip, chunked",
      "Transfer-Encoding: x",
      "Connection: close",
      "Connection: Upgrade",
    ],
    ...["Upgrade: websocket", "Upgrade: h2c", "Expect: 100-continue", "Expect: x", "Sec-WebSocket-Key: x", "Sec-WebSocket-Version: 99"],
    ...["Sec-WebSocket-Version: 13", "No colon", ": no name", "X:\0", " folded", "X: \u00ff", "Content-Encoding: gzip", "Range: bytes=0-"],
  ),
  fc.constantFrom(10_000, 100_000).map((length) => `X-Long: ${"x".repeat(length)}`),
  fc.constant(Array.from({ length: 500 }, (_, at) => `X-${at}: y`).join("\r\n")),
);

const chunks = fc
  .array(fc.tuple(fc.constantFrom("5", "0", "ffffffffffffffffff", "-1", "x", "5;a=b", ""), fc.constantFrom("hello", "", BODY)), {
    maxLength: 3,
  })
  .map((all) => all.map(([size, data]) => `${size}\r\n${data}\r\n`).join(""));

const request = fc
  .record({
    line: requestLine,
    headers: fc.array(header, { maxLength: 6 }),
    end: fc.oneof({ weight: 5, arbitrary: fc.constant("\r\n\r\n") }, fc.constantFrom("\n\n", "\r\n", "", "\r\r")),
    body: fc.oneof(fc.constant(BODY), fc.constant(""), chunks),
  })
  .map(({ line, headers, end, body }) => Buffer.from(`${[line, ...headers].join("\r\n")}${end}${body}`, "latin1"));

test("bytes that are no HTTP are refused by the runtime, and nothing comes of them", { timeout: LIMIT_MS }, async () => {
  const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  const parts = fc.array(fc.oneof({ weight: 6, arbitrary: request }, noise), { minLength: 1, maxLength: 3 });
  await check(120, parts, async (all) => {
    const received = (await target.raw(all, 25)).toString("latin1");
    noBug(received, "what came back");
    // 501: the runtime knows no such method or transfer encoding (RFC 9110 §15.6.2); 505: no such version
    for (const [, status] of received.matchAll(/^HTTP\/1\.1 (\d+)/gm))
      expect(["501", "505"].includes(status!) || Number(status) < 500, received).toBe(true);
    target.quiet();
  });
  await target.isWhole();
});

test("CONNECT is no error of the server's", async () => {
  const received = await target.raw([Buffer.from("CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n")], 300);
  expect(received.toString("latin1")).toMatch(/^HTTP\/1\.1 [24]/);
  target.quiet();
});
