import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TransportFailure } from "./failures.ts";
import { ResponseReader } from "./response.ts";

/** What a reader makes of these bytes, given in these pieces, and of the connection's end after them. */
function read(...pieces: readonly (string | Buffer)[]): { status: number; text: string } | string {
  const reader = new ResponseReader();
  try {
    if (pieces.some((piece) => reader.push(Buffer.from(piece as string, "latin1")))) return reader.reply;
    reader.end();
    return reader.reply;
  } catch (error) {
    if (error instanceof TransportFailure) return error.kind;
    throw error;
  }
}

describe("a response", () => {
  test.each([
    ["of a length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi"],
    ["of no length", "HTTP/1.1 401 \r\n\r\nhi", 401, "hi"],
    ["without a reason", "HTTP/1.0 200\r\ncontent-length:2\r\n\r\nhi and more", 200, "hi"],
    [
      "in chunks, with extensions and trailers",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n1;a=b\r\nh\r\n01\r\ni\r\n0\r\nX: y\r\n\r\n",
      200,
      "hi",
    ],
    ["after other news", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, ""],
    ["that has no body", "HTTP/1.1 204 No Content\r\nContent-Type: x\r\n\r\n", 204, ""],
  ] as const)("%s is read, also byte by byte", (_what, bytes, status, text) => {
    expect(read(bytes)).toEqual({ status, text });
    expect(read(...bytes.split(""))).toEqual({ status, text });
  });

  test.each([
    ["another protocol", "SSH-2.0-x\r\n"],
    ["HTTP/2", "HTTP/2 200 OK\r\n\r\n"],
    ["no status", "HTTP/1.1 OK\r\n\r\n"],
    ["another protocol switched to", "HTTP/1.1 101 x\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhi"],
    ["a length beside chunks", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nhi"],
    ["another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"],
    ["a folded header", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"],
    ["a space before the colon", "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nhi"],
    ["bare line feeds", "HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nhi"],
    ["a chunk that is longer than it says", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nhi\r\n0\r\n\r\n"],
    ["a size that is none", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\nh\r\n0\r\n\r\n"],
    ["a size without end", `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${"0".repeat(2000)}`],
    ["a head without end", `HTTP/1.1 200 OK\r\nA: ${"b".repeat(20_000)}`],
    ["trailers without end", `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: ${"b".repeat(20_000)}`],
  ])("with %s is not HTTP", (_what, bytes) => {
    expect(read(bytes)).toBe("foreign");
  });

  test.each([
    "",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
  ])("that ends early is broken: %j", (bytes) => {
    expect(read(bytes)).toBe("broken");
  });

  test("is the same, or refused in the same way, however any bytes at all are split", () => {
    const part = fc.constantFrom(
      ..."HTTP/1.1 ,200,204,103, OK,\r\n,\r\n\r\n,\r,\n,Content-Length: ,2,10,Transfer-Encoding: chunked,0,a,:, ,;x,\x00,\xff".split(","),
    );
    const bytes = fc.oneof(
      fc.array(part, { maxLength: 24 }).map((parts) => `HTTP/1.1 200 OK\r\n${parts.join("")}`),
      fc.string({ unit: "binary-ascii" }),
    );
    fc.assert(
      fc.property(bytes, fc.array(fc.nat(40), { maxLength: 8 }), (text, sizes) => {
        const pieces: string[] = [];
        let at = 0;
        for (const size of [...sizes, text.length]) {
          pieces.push(text.slice(at, at + size));
          at += size;
        }
        expect(read(...pieces)).toEqual(read(text));
      }),
      { numRuns: 2_000 },
    );
  });
});
