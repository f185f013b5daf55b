import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { batch } from "./batch.ts";

let server: Server | undefined;
afterEach(() => server?.close());

type Call = { id: number; method: string; params: { name: string; idempotency_key: string } };

/** A server that answers with what `reply` makes of each request's body; a request that it makes nothing of is broken off. */
async function answering(reply: (calls: Call[], request: number) => unknown) {
  const seen: Call[][] = [];
  server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => (text += chunk));
    request.on("end", () => {
      const calls = JSON.parse(text) as Call[];
      seen.push(calls);
      const answer = reply(calls, seen.length);
      if (answer === undefined) request.socket.destroy();
      else response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((ready) => server?.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  return { target: { url: `http://127.0.0.1:${port}/`, workspace: "default" }, seen };
}

const TWO = [{ name: "a" }, { name: "b" }];
const named = (calls: Call[]) => calls.map(({ id, params }) => ({ jsonrpc: "2.0", id, result: { name: params.name } }));

test("answers are given in the calls' order, whatever order they come in; a refused or forgotten one is its own error", async () => {
  const error = { code: -32602, message: "no" };
  const { target } = await answering((calls) => [{ id: 1, error }, ...named(calls).slice(0, 1)]);
  const answers = await batch(target, "tasks/send", [...TWO, { name: "c" }]);
  expect(answers).toEqual([
    { ok: true, result: { name: "a" } },
    { ok: false, error },
    { ok: false, error: { code: -32000, message: expect.stringContaining("without an answer") } },
  ]);
});

test("a batch whose connection breaks is asked again under the same keys", async () => {
  const { target, seen } = await answering((calls, request) => (request === 1 ? undefined : named(calls)));
  expect(await batch(target, "tasks/send", TWO)).toHaveLength(2);
  expect(seen).toHaveLength(2);
  expect(seen[1]).toEqual(seen[0]);
  expect(new Set(seen[0]?.map(({ params }) => params.idempotency_key)).size).toBe(2);
});

test("a batch that is refused as a whole is an error with its exit code; what is not coord's is none of an answer", async () => {
  const refusal = { jsonrpc: "2.0", id: null, error: { code: -32010, message: "token", data: { code: "unauthorized" } } };
  await expect(batch((await answering(() => refusal)).target, "tasks/send", TWO)).rejects.toMatchObject({ exit: 5 });
  server?.close();
  await expect(batch((await answering(() => ({ hello: 1 }))).target, "tasks/send", TWO)).rejects.toMatchObject({ exit: 7 });
});

test("nothing to ask asks nothing; too much is refused before it is sent", async () => {
  const { target, seen } = await answering(() => []);
  expect(await batch(target, "tasks/send", [])).toEqual([]);
  await expect(batch(target, "tasks/send", [{ name: "a", description: "x".repeat(1_100_000) }])).rejects.toThrow(/body_bytes/);
  expect(seen).toEqual([]);
});
