import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
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

async function listening(server: Server): Promise<Target> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("error", () => {}); // the client giving up is part of what is tested
  });
  servers.push({ server, sockets });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, workspace: "default" };
}

interface Asked {
  readonly url: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: { method: string; params: Record<string, unknown> };
}

type Reply = (response: ServerResponse, asked: Asked) => void;

/** A server that answers its requests one after the other as told, and the last way from then on. */
async function answering(...replies: [Reply, ...Reply[]]): Promise<{ target: Target; asked: Asked[] }> {
  const asked: Asked[] = [];
  const target = await listening(
    createServer((request, response) => {
      let text = "";
      request.on("data", (chunk) => {
        text += chunk;
      });
      request.on("end", () => {
        const one = { url: request.url, headers: request.headers, body: JSON.parse(text) as Asked["body"] };
        asked.push(one);
        (replies[asked.length - 1] ?? replies.at(-1))?.(response, one);
      });
    }),
  );
  return { target, asked };
}

const json =
  (body: unknown, status = 200): Reply =>
  (response) =>
    void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
const hangsUp: Reply = (response) => response.destroy();

async function failure(promise: Promise<unknown>): Promise<CliError> {
  try {
    await promise;
  } catch (error) {
    return error as CliError;
  }
  throw new Error("it did not fail");
}

const OPTIONS = { autostart: false };

test("one call is one request, to the workspace's own address, with the token", async () => {
  const { target, asked } = await answering(json({ jsonrpc: "2.0", id: 1, result: { ok: true } }));
  expect(await call({ ...target, workspace: "site", token: "secret" }, "agents/heartbeat", { id: "harbor-lynx" }, OPTIONS)).toEqual({
    ok: true,
  });
  expect(asked).toHaveLength(1);
  expect(asked[0]).toMatchObject({
    url: "/w/site/",
    headers: { authorization: "Bearer secret", "content-type": "application/json", connection: "close" },
  });
});

test("a mutation whose connection breaks is asked again under the same key", async () => {
  const { target, asked } = await answering(hangsUp, hangsUp, json({ jsonrpc: "2.0", id: 1, result: { number: 1 } }));
  expect(await call(target, "tasks/send", { name: "x" }, OPTIONS)).toEqual({ number: 1 });
  const keys = asked.map(({ body }) => body.params.idempotency_key);
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(new Set(keys).size).toBe(1);
  expect(keys).toHaveLength(3);
});

test("a key of the caller's is kept", async () => {
  const { target, asked } = await answering(json({ jsonrpc: "2.0", id: 1, result: {} }));
  await call(target, "tasks/send", { name: "x", idempotency_key: "mine" }, OPTIONS);
  expect(asked[0]?.body.params.idempotency_key).toBe("mine");
});

test("a server that breaks every connection is unreachable", async () => {
  const { target, asked } = await answering(hangsUp);
  const error = await failure(call(target, "tasks/list", {}, OPTIONS));
  expect(error.exit).toBe(7);
  expect(asked).toHaveLength(3);
});

test("a server that accepts and never answers, as a stopping one does, is given up", async () => {
  const target = await listening(createTcpServer(() => {}));
  const error = await failure(call(target, "tasks/list", {}, { ...OPTIONS, answerMs: 20 }));
  expect(error.exit).toBe(7);
  expect(error.message).toContain("did not answer");
});

test("where nothing listens, the next step is how to start a server", async () => {
  const target = await listening(createTcpServer());
  servers[0]?.server.close();
  await once(servers[0]!.server, "close");
  const error = await failure(call(target, "tasks/list", {}, OPTIONS));
  expect(error.exit).toBe(7);
  expect(error.next).toContain(`coord serve --detach --addr ${new URL(target.url).host}`);
});

test.each([
  [
    "a refusal with status 200",
    { code: -32004, message: "no task #9", data: { code: "not_found", remedy: "coord get ID" } },
    200,
    4,
    "coord get 9",
  ],
  ["a guard's refusal", { code: -32010, message: "a token is needed" }, 401, 5, "COORD_TOKEN"],
  ["a limit", { code: -32005, message: "over the limit", data: { code: "limit", limit: "body_bytes" } }, 413, 1, "data.limit"],
] as const)("%s exits as the protocol's table says", async (_name, error, status, exit, next) => {
  const { target } = await answering(json({ jsonrpc: "2.0", id: 1, error }, status));
  const failed = await failure(call(target, "tasks/claim", { id: "#9", agent_id: "a" }, OPTIONS));
  expect(failed.exit).toBe(exit);
  expect(failed.next).toContain(next);
  expect(failed.message).toBe(error.message);
});

test.each([
  ["a web page", (response: ServerResponse) => void response.writeHead(200).end("<html>"), 7],
  ["JSON that is no answer", json({ hello: 1 }), 7],
  ["a page that wants a login", (response: ServerResponse) => void response.writeHead(401).end("<html>"), 5],
] as const)("%s is not coord", async (_name, reply, exit) => {
  const { target, asked } = await answering(reply as Reply);
  expect((await failure(call(target, "tasks/list", {}, OPTIONS))).exit).toBe(exit);
  expect(asked).toHaveLength(1);
});

test("what does not speak HTTP is told as such", async () => {
  const target = await listening(createTcpServer((socket) => socket.end("SSH-2.0-x\r\n")));
  const error = await failure(call(target, "tasks/list", {}, OPTIONS));
  expect(error).toMatchObject({ exit: 7 });
  expect(error.message).toContain("does not speak HTTP");
});

test("what is over the limit for one request never leaves", async () => {
  const { target, asked } = await answering(json({}));
  expect((await failure(call(target, "tasks/send", { name: "x", payload: "y".repeat(1024 * 1024) }, OPTIONS))).data.limit).toBe(
    "body_bytes",
  );
  expect(asked).toHaveLength(0);
});

test("a call that is given up ends with its reason", async () => {
  const target = await listening(createTcpServer(() => gone.abort(new Error("enough"))));
  const gone = new AbortController();
  await expect(call(target, "tasks/list", {}, { ...OPTIONS, signal: gone.signal })).rejects.toThrow("enough");
});
