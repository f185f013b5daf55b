import { createServer, type IncomingMessage, type Server } from "node:http";
import { ClientFactory } from "@a2a-js/sdk/client";
import { afterEach, describe, expect, test } from "vitest";
import { freePort, rpc } from "../harness/http.ts";
import { startServer, type TestServer, temporaryFolder, until } from "../harness/server.ts";

interface Got {
  readonly headers: IncomingMessage["headers"];
  readonly told: string;
}

/** A webhook on a port of its own, which may be down for a while. */
class Receiver {
  readonly got: Got[] = [];
  readonly port: number;
  status = 200;
  headers: Record<string, string> = {};
  #server: Server | undefined;

  constructor(port: number) {
    this.port = port;
  }

  up(): Promise<void> {
    const server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      request.on("end", () => {
        const { statusUpdate, artifactUpdate } = JSON.parse(body);
        this.got.push({ headers: request.headers, told: artifactUpdate ? "artifact" : statusUpdate.status.state.slice(11) });
        response.writeHead(this.status, this.headers).end();
      });
    });
    this.#server = server;
    return new Promise((ready) => server.listen(this.port, "127.0.0.1", ready));
  }

  down(): Promise<void> {
    this.#server?.closeAllConnections();
    return new Promise((done) => (this.#server ? this.#server.close(() => done()) : done()));
  }

  get told(): string[] {
    return this.got.map(({ told }) => told);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }
}

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

async function receiver(): Promise<Receiver> {
  const made = new Receiver(await freePort());
  await made.up();
  cleanUps.push(() => made.down());
  return made;
}

async function serve(options: Parameters<typeof startServer>[0] = {}): Promise<TestServer> {
  const server = await startServer(options);
  cleanUps.push(() => server.stop());
  return server;
}

async function a2a(server: TestServer, method: string, params: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${server.url}a2a`, {
    method: "POST",
    headers: { "content-type": "application/json", "a2a-version": "1.0", ...headers },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
  });
  return (await response.json()) as { result: { task: { id: string } }; error?: { code: number; message: string } };
}

function posting(url: string) {
  return {
    message: { messageId: crypto.randomUUID(), role: "ROLE_USER", parts: [{ text: "Tell me" }] },
    configuration: {
      returnImmediately: true,
      taskPushNotificationConfig: { url, token: "tok", authentication: { scheme: "Bearer", credentials: "secret" } },
    },
  };
}

describe("a webhook on this machine", () => {
  test("is told every update in order, signed, and catches up after it was down", async () => {
    const server = await serve();
    const hook = await receiver();
    const { id } = (await a2a(server, "SendMessage", posting(hook.url))).result.task;
    await until("it heard of the posting", () => hook.told.length === 1);
    await hook.down();
    await rpc(server.url, "tasks/claim", { id, agent_id: "w" });
    await rpc(server.url, "notes/add", { id, agent_id: "w", body: "half way" });
    await hook.up();
    await rpc(server.url, "tasks/complete", { id, agent_id: "w", result: { ok: true } });
    await until("it heard of the end", () => hook.told.at(-1) === "COMPLETED", 20_000);
    expect(hook.told).toEqual(["SUBMITTED", "WORKING", "WORKING", "artifact", "COMPLETED"]);
    for (const { headers } of hook.got) {
      expect(headers).toMatchObject({
        authorization: "Bearer secret",
        "x-a2a-notification-token": "tok",
        "content-type": "application/a2a+json",
      });
    }
    expect(server.stderr()).not.toMatch(/bug|stack|exception/i);
  });

  test("that the SDK's client registered is told of a job that was posted another way, signed; no more once it is deleted", async () => {
    const server = await serve();
    const [hook, deleted] = [await receiver(), await receiver()];
    const { id: taskId } = (await rpc(server.url, "tasks/send", { name: "By hand" })) as { id: string };
    const client = await new ClientFactory().createFromUrl(server.url);
    const config = { tenant: "", taskId, token: "", authentication: { scheme: "ApiKey", credentials: "k-1" } };
    await client.createTaskPushNotificationConfig({ ...config, id: "kept", url: hook.url });
    await client.createTaskPushNotificationConfig({ ...config, id: "gone", url: deleted.url });
    await rpc(server.url, "tasks/claim", { id: taskId, agent_id: "w" });
    await until("both heard of the claim", () => hook.told.length === 1 && deleted.told.length === 1);
    await client.deleteTaskPushNotificationConfig({ tenant: "", taskId, id: "gone" });
    await rpc(server.url, "tasks/complete", { id: taskId, agent_id: "w", result: 1 });
    await until("it heard of the end", () => hook.told.at(-1) === "COMPLETED");
    expect([hook.told, deleted.told]).toEqual([["WORKING", "artifact", "COMPLETED"], ["WORKING"]]);
    expect(new Set(hook.got.map(({ headers }) => headers.authorization))).toEqual(new Set(["ApiKey k-1"]));
  });

  test("misses nothing when the server is killed while it is down, and nobody calls afterwards", async () => {
    const db = temporaryFolder();
    const first = await serve({ db });
    const hook = await receiver();
    const { id } = (await a2a(first, "SendMessage", posting(hook.url))).result.task;
    await until("it heard of the posting", () => hook.told.length === 1);
    await hook.down();
    await rpc(first.url, "tasks/claim", { id, agent_id: "w", lease_seconds: 3600 });
    await rpc(first.url, "tasks/complete", { id, agent_id: "w" });
    await first.kill();
    await hook.up();
    await serve({ db });
    await until("it heard of the end", () => hook.told.at(-1) === "COMPLETED", 20_000);
    expect(hook.told).toEqual(["SUBMITTED", "WORKING", "COMPLETED"]);
  });

  test("that redirects is not followed", async () => {
    const server = await serve();
    const [hook, elsewhere] = [await receiver(), await receiver()];
    hook.status = 307;
    hook.headers = { location: elsewhere.url };
    await a2a(server, "SendMessage", posting(hook.url));
    await until("it was tried twice", () => hook.told.length === 2);
    expect(elsewhere.told).toEqual([]);
  });

  test("that nobody listens at is tried quietly; the job goes its way", async () => {
    const server = await serve();
    const { id } = (await a2a(server, "SendMessage", posting(`http://127.0.0.1:${await freePort()}/`))).result.task;
    await rpc(server.url, "tasks/claim", { id, agent_id: "w" });
    expect(await rpc(server.url, "tasks/complete", { id, agent_id: "w" })).toMatchObject({ ok: true });
    expect(server.stderr()).not.toMatch(/bug|stack|exception/i);
  });
});

describe("a webhook anywhere else", () => {
  test("is not called by a server that only this machine reaches", async () => {
    const { error } = await a2a(await serve(), "SendMessage", posting("https://hooks.example.com/"));
    expect([error?.code, error?.message]).toEqual([-32602, expect.stringContaining("this machine")]);
  });

  test("on this machine or its network is not called by a server that others reach", async () => {
    const server = await serve({ addr: "0.0.0.0:0", env: { COORD_TOKEN: "token" } });
    const hook = await receiver();
    const local = { ...server, url: `http://127.0.0.1:${server.port}/` };
    for (const url of [hook.url, `http://2130706433:${hook.port}/`, `http://[::ffff:127.0.0.1]:${hook.port}/`, "http://192.168.0.1/"]) {
      const { error } = await a2a(local, "SendMessage", posting(url), { authorization: "Bearer token" });
      expect([error?.code, error?.message], url).toEqual([-32602, expect.stringContaining("private")]);
    }
    expect(hook.told).toEqual([]);
  });
});
