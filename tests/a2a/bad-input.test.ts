import { type AgentCard, SendMessageRequest } from "@a2a-js/sdk";
import { type Client, ClientFactory } from "@a2a-js/sdk/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rpc } from "../harness/http.ts";
import { startServer, type TestServer } from "../harness/server.ts";

let server: TestServer;
/** One where the work-queue extension is required. */
let strict: TestServer;
beforeAll(async () => {
  [server, strict] = await Promise.all([startServer(), startServer({ env: { COORD_A2A_EXTENSION: "required" } })]);
});
afterAll(async () => {
  await Promise.all([server.stop(), strict.stop()]);
  // whatever was sent, none of it was a bug
  for (const { stderr } of [server, strict]) expect(stderr()).not.toMatch(/bug|stack|exception|internal/i);
});

interface Answer {
  readonly status: number;
  readonly id: unknown;
  readonly error?: { code: number; message: string; data?: { reason?: string; metadata?: Record<string, string> }[] };
}

async function send(
  body: RequestInit["body"],
  { version = "1.0", type = "application/json", url = `${server.url}a2a` } = {},
): Promise<Answer> {
  const headers = { ...(type ? { "content-type": type } : {}), ...(version ? { "a2a-version": version } : {}) };
  const response = await fetch(url, { method: "POST", headers, body, duplex: "half" } as RequestInit);
  return { status: response.status, ...((await response.json()) as object) } as Answer;
}

const call = (method: string, params: unknown) => JSON.stringify({ jsonrpc: "2.0", id: 7, method, params });
const message = (more: object = {}) => ({ messageId: crypto.randomUUID(), role: "ROLE_USER", parts: [{ text: "hello" }], ...more });
const tasks = () => rpc(server.url, "tasks/list", { state: "pending" }) as Promise<unknown[]>;

describe("what no client should send", () => {
  test("10 MB of parts, with its length or without: refused by the limit's name, nothing is posted, the server goes on", async () => {
    const big = call("SendMessage", { message: message({ parts: Array.from({ length: 10 }, () => ({ text: "x".repeat(1024 * 1024) })) }) });
    const chunked = new ReadableStream<Uint8Array>({
      start(controller) {
        const bytes = new TextEncoder().encode(big);
        for (let at = 0; at < bytes.length; at += 65_536) controller.enqueue(bytes.subarray(at, at + 65_536));
        controller.close();
      },
    });
    for (const body of [big, chunked]) {
      const { status, error } = await send(body);
      expect([status, error]).toMatchObject([413, { code: -32600, data: [{ reason: "LIMIT", metadata: { limit: "body_bytes" } }] }]);
    }
    expect(await tasks()).toEqual([]);
    // thirty thousand parts are one message, though without a word
    const params = {
      message: message({ parts: Array.from({ length: 30_000 }, () => ({ text: "" })) }),
      configuration: { returnImmediately: true },
    };
    const many = await send(call("SendMessage", params));
    expect([many.status, many.id, many.error]).toEqual([200, 7, undefined]);
    const [posted] = (await tasks()) as { id: string; name: string }[];
    expect(posted!.name).toBe("message without text");
    expect((await send(call("ListTasks", {}))).error).toBeUndefined();
    await rpc(server.url, "tasks/cancel", { id: posted!.id });
  });

  test.each(["0.2", "2.0", "1.7", "newest"])("version %s: -32009, whatever the method, and it says what is served", async (version) => {
    for (const method of ["SendMessage", "message/send", "coord/NextTask"]) {
      const { status, error } = await send(call(method, { message: message() }), { version });
      expect([status, error]).toMatchObject([
        200,
        { code: -32009, data: [{ reason: "VERSION_NOT_SUPPORTED", metadata: { supported: "1.0, 0.3" } }] },
      ]);
    }
  });

  test.each([
    ["nothing", ""],
    ["half a call", call("GetTask", { id: "x" }).slice(0, 20)],
    ["bytes that are no text", new Uint8Array([0xff, 0xfe, 0x00, 0x80])],
    ["null", "null"],
    ["a list within lists", `${"[".repeat(20_000)}${"]".repeat(20_000)}`],
    ["a number that is none", '{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":NaN}}'],
    ["the prototype", '{"jsonrpc":"2.0","id":1,"method":"__proto__","params":{"__proto__":{"id":"x"}}}'],
    ["a method that every object has", call("constructor", {})],
    ["an extension's method that every object has", call("coord/toString", {})],
    ["a message by a prototype", call("SendMessage", JSON.parse('{"message":{"__proto__":{"messageId":"x"}},"metadata":{"__proto__":1}}'))],
  ])("(%s) is refused by a code of JSON-RPC, in both versions", async (_what, body) => {
    for (const version of ["1.0", ""]) {
      const { status, error } = await send(body, { version });
      expect([status, [-32700, -32600, -32601, -32602].includes(error?.code ?? 0), error?.message]).toEqual([
        200,
        true,
        expect.any(String),
      ]);
    }
    expect(await tasks()).toEqual([]);
  });

  test.each(["GET", "PUT", "DELETE", "OPTIONS", "HEAD"])("%s: there is no such thing, and no stack", async (method) => {
    const response = await fetch(`${server.url}a2a`, { method });
    expect([response.status, await response.text()]).toEqual([404, expect.not.stringContaining("    at ")]);
  });
});

describe("the SDK's client", () => {
  const connect = async (to: TestServer): Promise<Client> => new ClientFactory().createFromUrl(to.url);

  test("is told by name what it may not do", async () => {
    const client = await connect(server);
    const named = (name: string) => ({ name: expect.stringContaining(name) });
    const unknown = { tenant: "", id: crypto.randomUUID() };
    await expect(client.getTask(unknown)).rejects.toMatchObject(named("TaskNotFound"));
    await expect(client.cancelTask({ ...unknown, metadata: {} })).rejects.toMatchObject(named("TaskNotFound"));
    const stream = client.resubscribeTask(unknown);
    await expect(stream[Symbol.asyncIterator]().next()).rejects.toMatchObject(named("TaskNotFound"));
    const { id } = (await rpc(server.url, "tasks/send", { name: "over soon" })) as { id: string };
    await rpc(server.url, "tasks/cancel", { id });
    await expect(client.resubscribeTask({ tenant: "", id })[Symbol.asyncIterator]().next()).rejects.toMatchObject(
      named("UnsupportedOperation"),
    );
    const reply = SendMessageRequest.fromJSON({ message: message({ taskId: id }) });
    await expect(client.sendMessageStream(reply)[Symbol.asyncIterator]().next()).rejects.toMatchObject(named("UnsupportedOperation"));
  });

  test("is refused where the extension is required and it does not ask for it, and served where it does", async () => {
    const client = await connect(strict);
    const card: AgentCard = await client.getAgentCard({ serviceParameters: { "A2A-Extensions": `${strict.url}ext/work-queue/v1` } });
    const [extension] = card.capabilities!.extensions;
    expect(extension?.required).toBe(true);
    const asked = () => SendMessageRequest.fromJSON({ message: message(), configuration: { returnImmediately: true } });
    await expect(client.sendMessage(asked())).rejects.toMatchObject({ name: expect.stringContaining("ExtensionSupportRequired") });
    expect(await rpc(strict.url, "tasks/list", {})).toEqual([]);
    await client.sendMessage(asked(), { serviceParameters: { "A2A-Extensions": extension!.uri } });
    expect(await rpc(strict.url, "tasks/list", {})).toHaveLength(1);
    // the text is where the URI says
    const text = await (await fetch(extension!.uri)).text();
    for (const method of (extension!.params as { methods: string[] }).methods) expect(text).toContain(`### ${method}\n`);
  });
});

describe("the card, as served", () => {
  test.each(["", "w/some-board/"])("is the same bytes at both well-known paths of /%s, kept by its ETag", async (base) => {
    const paths = ["agent-card.json", "agent.json"].map((name) => `${server.url}${base}.well-known/${name}`);
    const [one, other] = await Promise.all(paths.map((path) => fetch(path)));
    const [bytes, same] = await Promise.all([one!, other!].map(async (response) => Buffer.from(await response.arrayBuffer())));
    expect(same!.equals(bytes!)).toBe(true);
    const etag = one!.headers.get("etag")!;
    expect([etag, one!.headers.get("cache-control"), one!.headers.get("content-type")]).toEqual([
      other!.headers.get("etag"),
      expect.stringContaining("max-age="),
      "application/json",
    ]);
    for (const path of paths) {
      const again = await fetch(path, { headers: { "if-none-match": etag } });
      expect([again.status, again.headers.get("etag"), (await again.arrayBuffer()).byteLength]).toEqual([304, etag, 0]);
      const head = await fetch(path, { method: "HEAD" });
      expect([head.status, head.headers.get("etag")]).toEqual([200, etag]);
    }
    const card = JSON.parse(bytes!.toString("utf8")) as { url: string };
    expect(card.url).toBe(`${server.url}${base}a2a`);
  });

  test("differs by workspace, and so does its ETag", async () => {
    const etagOf = async (base: string) => (await fetch(`${server.url}${base}.well-known/agent-card.json`)).headers.get("etag");
    expect(new Set(await Promise.all(["", "w/a/", "w/b/"].map(etagOf))).size).toBe(3);
  });
});
