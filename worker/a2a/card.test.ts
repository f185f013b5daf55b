import { createExecutionContext } from "cloudflare:test";
import { AgentCard } from "@a2a-js/sdk";
import { describe, expect, it } from "vitest";
import { METHOD_NAMES } from "../../protocol/index.ts";
import { app } from "../http/app.ts";
import { bindings, fetchWorker, freshName } from "../testing/pool.ts";
import { EXTENSION_METHOD_NAMES } from "./methods.ts";
import { A2ABoard, message, ORIGIN, URI } from "./testing.ts";

async function cardAt(path: string, headers: Record<string, string> = {}) {
  const response = await fetchWorker(path, { headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, card: text === "" ? null : JSON.parse(text) };
}

/** The card under other bindings than the pool's. */
async function cardUnder(with_: Record<string, string>) {
  const request = new Request(`${ORIGIN}/.well-known/agent-card.json`, { headers: { host: "127.0.0.1:7777" } });
  return (await app.fetch(request, { WORKSPACE: bindings.WORKSPACE, ...with_ } as never, createExecutionContext())).json<
    Record<string, never>
  >();
}

describe("the card", () => {
  it("is the same at both well-known paths, for 1.0 and 0.3 at once", async () => {
    const { status, card } = await cardAt("/.well-known/agent-card.json");
    expect(status).toBe(200);
    expect((await cardAt("/.well-known/agent.json")).card).toEqual(card);
    expect(card.supportedInterfaces).toEqual([
      { url: `${ORIGIN}/a2a`, protocolBinding: "JSONRPC", protocolVersion: "1.0" },
      { url: `${ORIGIN}/a2a`, protocolBinding: "JSONRPC", protocolVersion: "0.3" },
    ]);
    expect(card).toMatchObject({ protocolVersion: "0.3.0", url: `${ORIGIN}/a2a`, preferredTransport: "JSONRPC" });
    for (const skill of card.skills)
      expect([skill.id, skill.name, skill.description, skill.tags.length > 0]).toEqual([
        expect.any(String),
        expect.any(String),
        expect.any(String),
        true,
      ]);
    const read = AgentCard.fromJSON(card);
    expect(read.capabilities).toMatchObject({ streaming: true, pushNotifications: true, extendedAgentCard: true });
    expect(read.capabilities?.extensions).toMatchObject([{ uri: URI, required: false, params: { methods: EXTENSION_METHOD_NAMES } }]);
  });

  it("of a workspace leads to that workspace", async () => {
    const name = freshName();
    const { card } = await cardAt(`/w/${name}/.well-known/agent-card.json`);
    expect(card.url).toBe(`${ORIGIN}/w/${name}/a2a`);
    for (const none of ["UPPER", "a%20b", "x".repeat(65)]) expect((await cardAt(`/w/${none}/.well-known/agent.json`)).status).toBe(404);
  });

  it("is kept by its ETag: who has it is not sent it again", async () => {
    const { headers } = await cardAt("/.well-known/agent-card.json");
    const etag = headers.get("etag")!;
    expect(headers.get("cache-control")).toBe("public, max-age=300");
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const again = await cardAt("/.well-known/agent-card.json", { "if-none-match": known });
      expect([again.status, again.card, again.headers.get("etag")]).toEqual([304, null, etag]);
    }
    expect((await cardAt("/.well-known/agent-card.json", { "if-none-match": '"other"' })).status).toBe(200);
  });

  it("says that a token is asked for, where one is, in both versions' words", async () => {
    const card = await cardUnder({ COORD_TOKEN: "t" });
    expect(card).toMatchObject({ securitySchemes: { token: { type: "http", scheme: "bearer" } }, security: [{ token: [] }] });
    expect(AgentCard.fromJSON(card).securitySchemes.token?.scheme).toMatchObject({
      $case: "httpAuthSecurityScheme",
      value: { scheme: "Bearer" },
    });
    expect(AgentCard.fromJSON(card).securityRequirements).toEqual([{ schemes: { token: { list: [] } } }]);
    expect(await cardUnder({ COORD_LOCAL: "1" })).not.toHaveProperty("securitySchemes");
  });

  it("for those who may call has every method that coord has", async () => {
    const card = await new A2ABoard().call<{ skills: { id: string }[] }>("GetExtendedAgentCard", undefined);
    expect(card.skills.map(({ id }) => id)).toEqual(expect.arrayContaining([...METHOD_NAMES, "post-job"]));
  });
});

describe("the extension's text", () => {
  it("is served at the extension's URI, and names every method and parameter", async () => {
    const response = await fetchWorker(new URL(URI).pathname);
    const text = await response.text();
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/markdown; charset=utf-8"]);
    expect(text).toContain(`URI: \`${URI}\``);
    for (const name of EXTENSION_METHOD_NAMES) expect(text).toContain(`### ${name}\n`);
    for (const field of ["agentId", "claimId", "leaseSeconds", "waitSeconds", "summary", "dependsOn"])
      expect(text).toContain(`\`${field}\``);
  });
});

describe("the guards", () => {
  it("stand before every A2A address, and before no card", async () => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ListTasks", params: {} });
    const ask = async (with_: Record<string, string>, path: string, headers: Record<string, string>, method = "POST") => {
      const request = new Request(`${ORIGIN}${path}`, {
        method,
        ...(method === "POST" ? { body } : {}),
        headers: { host: "127.0.0.1:7777", "content-type": "application/json", "a2a-version": "1.0", ...headers },
      });
      return (await app.fetch(request, { WORKSPACE: bindings.WORKSPACE, ...with_ } as never, createExecutionContext())).status;
    };
    for (const path of ["/a2a", "/a2a/", `/w/${freshName()}/a2a`, `/w/${freshName()}/a2a/`, "/"]) {
      expect(await ask({ COORD_LOCAL: "1" }, path, {}), path).toBe(200);
      expect(await ask({ COORD_LOCAL: "1" }, path, { host: "evil.example" }), path).toBe(403);
      expect(await ask({ COORD_LOCAL: "1" }, path, { origin: "https://evil.example" }), path).toBe(403);
      expect(await ask({ COORD_TOKEN: "t" }, path, {}), path).toBe(401);
      expect(await ask({ COORD_TOKEN: "t" }, path, { authorization: "Bearer t" }), path).toBe(200);
      expect(await ask({}, path, { authorization: "Bearer t" }), path).toBe(401);
    }
    for (const path of ["/.well-known/agent-card.json", "/.well-known/agent.json", "/ext/work-queue/v1"]) {
      expect(await ask({ COORD_TOKEN: "t" }, path, {}, "GET"), path).toBe(200);
      expect(await ask({ COORD_LOCAL: "1" }, path, { host: "evil.example" }, "GET"), path).toBe(403);
    }
  });
});

describe("where the extension is required", () => {
  it("who does not activate it is refused, and told how", async () => {
    const with_ = { COORD_LOCAL: "1", COORD_A2A_EXTENSION: "required" };
    const card = await cardUnder(with_);
    expect(AgentCard.fromJSON(card).capabilities?.extensions[0]?.required).toBe(true);
    const a2a = new A2ABoard();
    const params = { message: message("x"), configuration: { returnImmediately: true } };
    for (const version of ["1.0", ""]) {
      const method = version === "" ? "message/send" : "SendMessage";
      const error = await a2a.error(method, params, { version, bindings: with_ }).catch((thrown: Error) => thrown);
      expect(JSON.stringify(error instanceof Error ? error.message : error)).toMatch(/-32008/);
    }
    const { code, data } = await a2a.error("SendMessage", params, { bindings: with_ });
    expect([code, data[0]]).toMatchObject([-32008, { reason: "EXTENSION_SUPPORT_REQUIRED", metadata: { extensions: URI } }]);
    expect((await a2a.ask("SendMessage", params, { bindings: with_, extensions: URI })).body.error).toBeUndefined();
    expect(await a2a.board.call("tasks/list", {})).toHaveLength(1);
  });
});
