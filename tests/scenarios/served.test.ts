import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer, type TestServer } from "../harness/server.ts";
import { Board, type Transport } from "./client.ts";
import { SCENARIOS } from "./index.ts";
import { served } from "./served.ts";

let server: TestServer;
let transport: Transport;
let used = 0;

beforeAll(async () => {
  server = await startServer();
  transport = served(server.url);
});
afterAll(() => server.stop());

function connect(): Board {
  used += 1;
  return new Board(`served-${used}`, transport);
}

// the same scenarios run against the object in the test pool in worker/scenarios.test.ts
for (const scenario of SCENARIOS) scenario(connect);

describe("a client that goes away", () => {
  it("is forgotten, with everything it waited for", async () => {
    const board = connect();
    const gone = new AbortController();
    const wait = (method: string, params: object) =>
      board.raw(method, params, { signal: gone.signal }).then(
        () => "answered",
        () => "aborted",
      );
    const waiting = [
      wait("tasks/wait", { filter: { kind: "ack" }, timeout_ms: 60_000 }),
      wait("tasks/next", { agent_id: "gone", wait_ms: 60_000 }),
      wait("tasks/list", { kind: "ack", wait_ms: 60_000 }),
      wait("events/list", { after: 1, wait_ms: 60_000 }),
    ];
    await board.waiting(4);
    gone.abort();
    expect(await Promise.all(waiting)).toEqual(["aborted", "aborted", "aborted", "aborted"]);
    // the server writes a space each second to learn of it
    await board.waiting(0);
    const { id } = await board.call("tasks/send", { name: "job" });
    expect((await board.call("tasks/get", { id }))!.state).toBe("pending");
  });

  it("gets white space before the answer while it is there, and valid JSON all the same", async () => {
    const board = connect();
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tasks/wait", params: { filter: { kind: "ack" }, timeout_ms: 1_300 } });
    const text = await (await board.post(body)).text();
    expect(text).toMatch(/^ +\{/);
    expect(JSON.parse(text).result.timed_out).toBe(true);
  });
});
