import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { CliError } from "../errors.ts";
import { call } from "./http.ts";
import type { Target } from "./types.ts";

const servers: { server: Server; sockets: Set<Socket> }[] = [];

afterEach(() => {
  for (const { server, sockets } of servers.splice(0)) {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
});

/** A server that speaks in bytes: it gets the whole request's text, and answers as it likes. */
async function speaking(reply: (socket: Socket, request: string) => void, host = "127.0.0.1"): Promise<Target> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {}); // the client giving up is part of what is tested
    let text = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      const [head = "", body] = text.split("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      if (body !== undefined && Buffer.byteLength(body) === length) reply(socket, text);
    });
  });
  servers.push({ server, sockets });
  server.listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://${host.includes(":") ? `[${host}]` : host}:${port}/`, workspace: "default" };
}

async function failure(promise: Promise<unknown>): Promise<CliError> {
  try {
    await promise;
  } catch (error) {
    return error as CliError;
  }
  throw new Error("it did not fail");
}

const OPTIONS = { autostart: false, pausesMs: [] };
const ANSWER = JSON.stringify({ jsonrpc: "2.0", id: 1, result: { name: "日本 👩‍💻" } });
const LENGTH = Buffer.byteLength(ANSWER);
const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

/** The answer in chunks of one byte each (RFC 9112 §7.1). */
function inChunks(text: string): string {
  const bytes = Array.from(Buffer.from(text), (byte) => `1\r\n${String.fromCharCode(byte)}\r\n`);
  return `${bytes.join("")}0\r\n\r\n`;
}

const WHOLE: readonly Buffer[] = [
  Buffer.from(`${HEAD}Content-Length: ${LENGTH}\r\n\r\n${ANSWER}`),
  Buffer.from(`${HEAD}Content-Length: ${LENGTH + 3}\r\n\r\n   ${ANSWER}`),
  Buffer.from(`${HEAD}Transfer-Encoding: chunked\r\n\r\n${inChunks(`  ${ANSWER}`)}`, "latin1"),
  Buffer.from(`${HEAD}Connection: close\r\n\r\n${ANSWER}`),
];

describe("an answer", () => {
  test("is the same however its bytes arrive, of a length, in chunks, after spaces or until the end", async () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 0, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...WHOLE), cuts, async (bytes, sizes) => {
        const target = await speaking((socket) => {
          socket.setNoDelay(true);
          const pieces: Buffer[] = [];
          let at = 0;
          for (const size of sizes) {
            pieces.push(bytes.subarray(at, at + size));
            at += size;
          }
          pieces.push(bytes.subarray(at));
          const next = () => {
            const piece = pieces.shift();
            if (piece === undefined) return void socket.end();
            socket.write(piece, () => setImmediate(next));
          };
          next();
        });
        expect(await call(target, "tasks/get", { id: "#1" }, OPTIONS)).toEqual({ name: "日本 👩‍💻" });
      }),
      { numRuns: 60 },
    );
  });

  test("that is cut short or garbled is an error of exit 7, and never hangs", async () => {
    const garbled = fc.oneof(
      fc
        .tuple(fc.constantFrom(...WHOLE.slice(0, 3)), fc.double({ min: 0, max: 0.99, noNaN: true }))
        .map(([bytes, part]) => bytes.subarray(0, Math.floor(bytes.length * part))),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc.string({ maxLength: 80 }).map((text) => Buffer.from(`${HEAD}${text}\r\n\r\n`)),
      fc.string({ maxLength: 20 }).map((text) => Buffer.from(`${HEAD}Transfer-Encoding: chunked\r\n\r\n${text}\r\n`)),
      fc.constant(Buffer.from(`${HEAD}Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345`)),
      fc.constant(Buffer.from(`${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n12345`)),
    );
    await fc.assert(
      fc.asyncProperty(garbled, async (bytes) => {
        const target = await speaking((socket) => socket.end(bytes));
        expect(await failure(call(target, "tasks/get", { id: "#1" }, { ...OPTIONS, answerMs: 2_000 }))).toMatchObject({ exit: 7 });
      }),
      { numRuns: 80 },
    );
  });

  test("with a head without end is given up", async () => {
    const target = await speaking((socket) => {
      const more = (): void => {
        if (socket.writable) socket.write(`X-More: ${"y".repeat(1000)}\r\n`, () => setImmediate(more));
      };
      socket.write(HEAD, more);
    });
    const error = await failure(call(target, "tasks/get", { id: "#1" }, OPTIONS));
    expect(error).toMatchObject({ exit: 7, data: { kind: "foreign" } });
  });

  test("may come over IPv6, and half of the connection may be closed when it does", async () => {
    const target = await speaking((socket) => void socket.end(WHOLE[0] ?? ""), "::1");
    expect(await call(target, "tasks/get", { id: "#1" }, OPTIONS)).toMatchObject({ name: "日本 👩‍💻" });
  });
});

describe("where no answer comes, a call that changes something", () => {
  const claim = (target: Target, options: object = {}) =>
    failure(call(target, "tasks/claim", { id: "#12", agent_id: "a", idempotency_key: "mine" }, { ...OPTIONS, ...options }));

  test.each([
    ["the connection is broken off", (socket: Socket): void => void socket.destroy(), {}],
    ["nothing is said", (): void => {}, { answerMs: 30 }],
    ["the answer is cut short", (socket: Socket): void => void socket.end(`${HEAD}Content-Length: 99\r\n\r\n{`), {}],
  ] as const)("and has been sent is of unknown effect: %s", async (_how, reply, options) => {
    const error = await claim(await speaking(reply), options);
    expect(error).toMatchObject({ exit: 7, data: { code: "effect_unknown", idempotency_key: "mine" } });
    expect(error.message).toContain("whether it took effect is not known");
    expect(error.next).toContain("coord get 12");
    expect(error.next).toContain("--idempotency-key mine");
  });

  test("and could not be sent had none: nothing listens", async () => {
    const target = await speaking(() => {});
    const { server } = servers[0]!;
    server.close();
    await once(server, "close");
    expect(await claim(target)).toMatchObject({ exit: 7, data: { code: "unreachable", kind: "refused" } });
  });

  test("and one that only looks has no effect to be unsure of", async () => {
    const target = await speaking(() => {});
    const error = await failure(call(target, "tasks/list", {}, { ...OPTIONS, answerMs: 30 }));
    expect(error).toMatchObject({ exit: 7, data: { code: "unreachable", kind: "silent" }, next: "is it well? coord status" });
  });

  test("answered by something that is not coord was not carried out by coord", async () => {
    const target = await speaking((socket) => void socket.end("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"));
    expect(await claim(target)).toMatchObject({ exit: 7, data: { code: "unreachable", kind: "foreign" } });
  });
});
