import { spawn } from "node:child_process";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { REFUSALS } from "../../protocol/index.ts";
import { cleanEnv, PROGRAM } from "../harness/server.ts";
import { damage } from "./bytes.ts";
import { noBug } from "./judge.ts";
import { lines, mcpMessage } from "./mcp-calls.ts";
import { check, LIMIT_MS } from "./runs.ts";
import { Target } from "./target.ts";

let target: Target;
beforeAll(async () => {
  target = await Target.start();
});
afterAll(() => target[Symbol.asyncDispose]());

/** That a message is one of JSON-RPC, that no error of it is a bug, and that a tool's refusal stands in coord's table. */
function isMessage(text: string): "result" | "error" | "unasked" {
  noBug(text, "the answer");
  const { jsonrpc, result, error, method } = JSON.parse(text);
  expect(jsonrpc).toBe("2.0");
  if (method !== undefined) return "unasked";
  if (error !== undefined) {
    expect([Number.isInteger(error.code), typeof error.message]).toEqual([true, "string"]);
    expect(error.code, text.slice(0, 400)).not.toBe(-32603);
    return "error";
  }
  expect(result).toBeTypeOf("object");
  if (result.isError) {
    expect(Object.keys(REFUSALS)).toContain(result.structuredContent.code);
    expect(result.structuredContent.code, text.slice(0, 400)).not.toBe("internal");
    return "error";
  }
  return "result";
}

test("whatever comes to /mcp, of either era, is answered as MCP has it, and is no bug", { timeout: LIMIT_MS }, async () => {
  const seen = { result: 0, error: 0, unasked: 0 };
  const example = fc.record({
    message: mcpMessage(target.known),
    damage,
    accept: fc.oneof(
      { weight: 12, arbitrary: fc.constant("application/json, text/event-stream") },
      fc.constantFrom("", "*/*", "text/plain"),
    ),
    version: fc.oneof({ weight: 12, arbitrary: fc.constant(undefined) }, fc.constantFrom("1999-01-01", "2025-06-18", "", "\u00ff")),
    method: fc.oneof({ weight: 15, arbitrary: fc.constant("POST") }, fc.constantFrom("GET", "DELETE", "PUT", "OPTIONS")),
    session: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, fc.constantFrom("x", "a.b", "a.AAAA", "a.!", ".", "\u00ff.\u00ff")),
  });
  await check(300, example, async ({ message, damage, accept, version, method, session }) => {
    const names: Record<string, string> | undefined = /^[\x20-\x7e]*$/.test(message.name ?? "")
      ? { "mcp-name": message.name ?? "" }
      : undefined;
    const reply = await target.ask({
      path: "/w/mcp/mcp",
      method,
      headers: {
        "content-type": "application/json",
        accept,
        ...(message.era === "modern" ? { "mcp-protocol-version": "2026-07-28", "mcp-method": message.method, ...names } : {}),
        ...(version === undefined ? {} : { "mcp-protocol-version": version }),
        ...(session === undefined ? {} : { "mcp-session-id": session }),
      },
      ...(method === "GET" ? {} : { body: damage.apply(message.body) }),
      ...(message.mayWait || method === "GET" ? { patience_ms: 25 } : {}),
    });
    target.quiet();
    if (!reply) return;
    noBug(reply.text, "the answer");
    expect(reply.status, reply.text.slice(0, 300)).toBeLessThan(500);
    const type = String(reply.headers["content-type"]);
    if (reply.text === "" || !/json|event-stream/.test(type)) return;
    for (const text of type.startsWith("text/event-stream") ? eventsOf(reply.text) : [reply.text]) seen[isMessage(text)] += 1;
  });
  await target.isWhole(["default", "mcp"]);
  expect([seen.result > 20, seen.error > 20], JSON.stringify(seen)).toEqual([true, true]);
});

function eventsOf(stream: string): string[] {
  return stream.split("\n\n").flatMap((event) => /^data: ?([^\r\n]+)/m.exec(event)?.[1] ?? []);
}

/** Runs `coord mcp` on these bytes until it ends by itself after the last of them. */
function bridge(input: readonly Uint8Array[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, "mcp", "--as", "fuzz"], {
      env: cleanEnv({ COORD_URL: target.server.url }),
      timeout: 20_000,
      killSignal: "SIGKILL",
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (part: string) => (stdout += part));
    child.stderr.setEncoding("utf8").on("data", (part: string) => (stderr += part));
    child.stdin.on("error", () => {}); // it ended first; its code says whether that was right
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
    for (const part of input) child.stdin.write(part);
    child.stdin.end();
  });
}

describe("coord mcp on standard input", () => {
  const line = (body: object) => Buffer.from(`${JSON.stringify({ jsonrpc: "2.0", ...body })}\n`);
  const clientInfo = { name: "Fuzz", version: "1" };
  const hello = [
    line({ id: "hello", method: "initialize", params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo } }),
    line({ method: "notifications/initialized" }),
  ];
  const last = line({ id: "last", method: "tools/call", params: { name: "agents_list", arguments: {} } });
  const LINE_END = Buffer.from("\n");

  test("answers what comes after any bytes, prints nothing but the protocol, and ends well", { timeout: LIMIT_MS }, async () => {
    const example = fc.record({
      noise: lines(target.known).map((all) => all.map((one) => Buffer.concat([one, LINE_END]))),
      shakes: fc.boolean(),
      half: fc.boolean(),
    });
    await check(4, example, async ({ noise, shakes, half }) => {
      const end = half ? [Buffer.from('{"jsonrpc":"2.0","id":9,"meth')] : [];
      const { code, stdout, stderr } = await bridge(shakes ? [...hello, ...noise, last, ...end] : [...noise, ...end]);
      noBug(stderr, "standard error");
      expect(stderr).not.toMatch(/^\s+at /m);
      for (const message of stdout.split("\n").filter(Boolean)) isMessage(message);
      expect(code, stderr.slice(0, 500)).toBe(0);
      if (shakes) expect(stdout).toContain('"id":"last"');
    });
    await target.isWhole();
  });

  test("ends by itself on a line that never does", { timeout: LIMIT_MS }, async () => {
    const { code, stdout, stderr } = await bridge([...hello, Buffer.alloc(24 * 1024 * 1024, "x")]);
    noBug(stderr, "standard error");
    expect([code, stderr.length < 1_000, stdout.split("\n").filter(Boolean).length]).toEqual([0, true, 1]);
    await target.isWhole();
  });
});
