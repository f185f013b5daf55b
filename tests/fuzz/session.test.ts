import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { METHODS, type MethodName } from "../../protocol/index.ts";
import { bytesOf, frames, type Visit, visit } from "./frames.ts";
import { isAnswer, noBug, Tally } from "./judge.ts";
import { check, LIMIT_MS } from "./runs.ts";
import { Target } from "./target.ts";

let target: Target;
beforeAll(async () => {
  target = await Target.start();
});
afterAll(() => target[Symbol.asyncDispose]());

const BARRIER = '"the last of this visit"';

/** Everything that came until the last call was answered. Rejects where the server ends the session, or does not answer. */
function answersOf(visit: Visit): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${target.server.port}/session`, { perMessageDeflate: false });
    const received: string[] = [];
    const timer = setTimeout(() => {
      socket.terminate();
      reject(new Error(`the session gave no answer any more, after ${received.length} frames`));
    }, 15_000);
    socket.once("error", reject);
    socket.once("close", (code) => reject(new Error(`the session was ended with ${code}`)));
    socket.once("open", () => {
      for (const { sent, damage, binary } of visit.frames) socket.send(damage.apply(sent.body), { binary });
      socket.send(`{"jsonrpc":"2.0","id":${BARRIER},"method":"workspace/info"}`);
    });
    socket.on("message", (data) => {
      received.push(data.toString());
      if (!received.at(-1)!.includes(`"id":${BARRIER}`)) return;
      clearTimeout(timer);
      socket.removeAllListeners("close");
      if (visit.end === "close") socket.close();
      else if (visit.end === "odd code") socket.close(4321, "\u202e odd");
      else socket.terminate();
      resolve(received);
    });
  });
}

describe("a session", () => {
  test("answers every frame, and goes on whatever came before", { timeout: LIMIT_MS }, async () => {
    const tally = new Tally();
    await check(300, visit(target.known), async (one) => {
      const bad = one.frames.some(({ damage, binary, sent }) => !binary && isNoText(damage.apply(sent.body)));
      const received = await answersOf(one).catch((error: Error) => {
        // bytes that are no text end a WebSocket with 1007 (RFC 6455 §8.1), as the runtime sees to
        if (bad && /ended with/.test(error.message)) return [];
        throw error;
      });
      for (const frame of received) {
        if (!isEvents(frame)) isAnswer(frame, methodOf(one, frame), tally);
      }
      target.quiet();
    });
    await target.isWhole();
    // of visits with more than one frame, whose answers cannot be told apart
    expect(tally.times.get("? ok") ?? 0, "calls that were answered").toBeGreaterThan(20);
    expect(tally.methods(/^(?!ok)/).size, "methods that were refused").toBeGreaterThan(5);
  });

  test("that keeps to nothing WebSocket says ends, and nothing else does", { timeout: LIMIT_MS }, async () => {
    const shake = fc.constantFrom(
      "GET /session HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    await check(60, fc.record({ shake, all: frames(target.known) }), async ({ shake, all }) => {
      const received = (await target.raw([Buffer.from(shake), ...all.map(bytesOf)], 25)).toString("latin1");
      noBug(received, "what came back");
      expect(received.slice(0, 13)).toMatch(/^(HTTP\/1\.1 101)?/);
      expect(received).not.toMatch(/^HTTP\/1\.1 5/m);
      target.quiet();
    });
    await target.isWhole();
  });
});

function isNoText(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return false;
  } catch {
    return true;
  }
}

function isEvents(frame: string): boolean {
  return frame.startsWith('{"jsonrpc":"2.0","method":"events"');
}

/** The method that an answer is to, where the visit had one call only. */
function methodOf({ frames }: Visit, frame: string): MethodName | undefined {
  if (frame.includes(`"id":${BARRIER}`)) return "workspace/info";
  const [only, ...others] = frames;
  return others.length === 0 && only!.damage.what === "whole" && only!.sent.method !== undefined && only!.sent.method in METHODS
    ? only!.sent.method
    : undefined;
}
