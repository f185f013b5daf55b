import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rpc } from "../harness/http.ts";
import { startServer, type TestServer, until } from "../harness/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server.stop();
  expect(server.stderr()).not.toMatch(/bug|stack|exception/i);
});

let workspaces = 0;
/** A workspace that nothing else uses. */
function board() {
  workspaces += 1;
  const base = `${server.url}w/leaving-${workspaces}/`;
  const own = <T>(method: string, params: object = {}) => rpc(base, method, params) as Promise<T>;
  const waiters = async () => (await own<{ waiters: number }>("workspace/info")).waiters;
  return { base, own, waiters };
}

interface Request {
  readonly base: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body: object;
}

/** A client whose connection is in the test's hands. */
async function ask({ base, path = "", headers = {}, body }: Request): Promise<{ socket: Socket; text: () => string }> {
  const url = new URL(path, base);
  const json = JSON.stringify({ jsonrpc: "2.0", id: 1, ...body });
  const lines = Object.entries({
    host: url.host,
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(json)),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`);
  const socket = connect(Number(url.port), url.hostname);
  let text = "";
  socket.setEncoding("utf8").on("data", (more: string) => {
    text += more;
  });
  socket.on("error", () => {
    // it ends it itself
  });
  await new Promise<void>((resolve) => socket.once("connect", resolve));
  socket.write(`POST ${url.pathname} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${json}`);
  return { socket, text: () => text };
}

const NEW = { "a2a-version": "1.0" };
const message = (text: string) => ({ messageId: crypto.randomUUID(), role: "ROLE_USER", parts: [{ text }] });
const oldMessage = (text: string) => ({
  kind: "message",
  messageId: crypto.randomUUID(),
  role: "user",
  parts: [{ kind: "text", text }],
});

describe("a client that leaves", () => {
  test.each([
    ["SendMessage", NEW, () => ({ message: message("more") })],
    ["SendStreamingMessage", NEW, () => ({ message: message("more") })],
    ["SubscribeToTask", NEW, (id: string) => ({ id })],
    ["message/send", {}, () => ({ message: oldMessage("more"), configuration: { blocking: true } })],
    ["message/stream", {}, () => ({ message: oldMessage("more") })],
    ["tasks/resubscribe", {}, (id: string) => ({ id })],
    ["coord/NextTask", "extension", () => ({ agentId: "w", filter: { kind: "none" }, waitSeconds: 60 })],
  ] as const)("in the middle of %s leaves neither a waiter nor a stream, however it goes", async (method, headers, params) => {
    const { base, own, waiters } = board();
    const { id } = await own<{ id: string }>("tasks/send", { name: "long" });
    const activated = { ...NEW, "a2a-extensions": `${server.url}ext/work-queue/v1` };
    const asked = await Promise.all(
      Array.from({ length: 12 }, () =>
        ask({ base, path: "a2a", headers: headers === "extension" ? activated : headers, body: { method, params: params(id) } }),
      ),
    );
    await until("all wait", async () => (await waiters()) === 12);
    const metric = async () => /coord_waiters\{[^}]*\} (\d+)/.exec(await (await fetch(`${base}metrics`)).text())?.[1];
    expect(await metric()).toBe("12");
    asked.forEach(({ socket }, n) => {
      if (n % 2 === 0) socket.destroy();
      else socket.resetAndDestroy();
    });
    await until("nobody waits", async () => (await waiters()) === 0);
    expect(await metric()).toBe("0");
    // what is told now is told to nobody, quietly
    await own("tasks/cancel", { id });
    expect(await waiters()).toBe(0);
  });

  test("and one that stays are told apart: the stream that is left goes on", async () => {
    const { base, own, waiters } = board();
    const { id } = await own<{ id: string }>("tasks/send", { name: "long" });
    const follow = { base, path: "a2a", headers: NEW, body: { method: "SubscribeToTask", params: { id } } };
    const [leaving, staying] = [await ask(follow), await ask(follow)];
    await until("two follow", async () => (await waiters()) === 2);
    leaving.socket.destroy();
    await until("one follows", async () => (await waiters()) === 1);
    await own("tasks/cancel", { id });
    await until("it is told the end", () => staying.text().includes("TASK_STATE_CANCELED"));
    await until("nobody waits", async () => (await waiters()) === 0);
    staying.socket.destroy();
  });
});

describe("a worker that left the line without a word", () => {
  const plain = (more: object = {}) => ({ body: { method: "tasks/next", params: { agent_id: "gone", wait_ms: 60_000, ...more } } });
  const extension = () => ({
    path: "a2a",
    headers: { ...NEW, "a2a-extensions": `${server.url}ext/work-queue/v1` },
    body: { method: "coord/NextTask", params: { agentId: "gone", waitSeconds: 60 } },
  });

  test.each([
    ["tasks/next", plain, false],
    ["tasks/next, whose answer has begun", plain, true],
    ["coord/NextTask", extension, false],
    ["coord/NextTask, whose answer has begun", extension, true],
  ] as const)("(%s) gets no job: the next in line does, at once", async (_what, request, begun) => {
    const { base, own, waiters } = board();
    const gone = await ask({ base, ...request() });
    await until("one waits", async () => (await waiters()) === 1);
    if (begun) await until("its answer has begun", () => gone.text().includes("\r\n\r\n"));
    const here = own<{ id: string }>("tasks/next", { agent_id: "here", wait_ms: 60_000 });
    await until("two wait", async () => (await waiters()) === 2);
    gone.socket.destroy();
    const { id } = await own<{ id: string }>("tasks/send", { name: "job" });
    expect((await here).id).toBe(id);
    expect(await own("tasks/get", { id })).toMatchObject({ state: "claimed", claimed_by: "here" });
    expect(await waiters()).toBe(0);
  });

  test("leaves the job to whoever comes next, and may come back under its key", async () => {
    const { base, own, waiters } = board();
    const gone = await ask({ base, ...plain({ idempotency_key: "k" }) });
    await until("one waits", async () => (await waiters()) === 1);
    gone.socket.destroy();
    const { id } = await own<{ id: string }>("tasks/send", { name: "job" });
    await until("the job is pending again", async () => (await own<{ state: string }>("tasks/get", { id })).state === "pending");
    const back = await own<{ id: string; claim: { claim_id: string } }>("tasks/next", {
      agent_id: "gone",
      wait_ms: 60_000,
      idempotency_key: "k",
    });
    expect(back.id).toBe(id);
    expect(await own("tasks/complete", { id, claim_id: back.claim.claim_id, result: 1 })).toMatchObject({ ok: true });
  });
});
