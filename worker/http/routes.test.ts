import { describe, expect, it } from "vitest";
import { REFUSALS, RpcRequest } from "../../protocol/index.ts";
import { fetchWorker, freshName, HttpClient } from "../testing/pool.ts";

async function get(path: string, init?: RequestInit) {
  const response = await fetchWorker(path, init);
  return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
}

describe("what is served besides calls", () => {
  it("says that it lives, and that its database answers", async () => {
    expect(await get("/healthz")).toMatchObject({ status: 200, body: { ok: true, version: expect.any(String) } });
    expect(await get("/readyz")).toMatchObject({ status: 200, body: { ok: true, version: expect.any(String) } });
  });

  it("gives the log to curl, from a cursor on", async () => {
    const board = new HttpClient();
    for (let n = 0; n < 5; n += 1) await board.call("tasks/send", { name: `${n}` });
    const events = async (query: string) => (await get(`/w/${board.name}/events${query}`)).body;
    expect((await events("?after=0&limit=2")).events.map((event: { seq: number }) => event.seq)).toEqual([1, 2]);
    expect((await events("?after=0&limit=2")).cursor).toBe(2);
    expect((await events("?since=3")).events).toHaveLength(2);
    expect((await events("?after=5&wait_ms=20")).events).toEqual([]);
    expect((await events("")).cursor).toBe(5);
  });

  it.each(["?after=x", "?after=", "?after=-1", "?limit=x", "?wait=soon", "?after=1.5"])(
    "refuses GET /events%s by its status and its field",
    async (query) => {
      const { status, body } = await get(`/w/${freshName()}/events${query}`);
      expect([status, body.error.code, body.error.data.code]).toEqual([400, -32602, "invalid_params"]);
    },
  );

  it("tells a cursor from another log by its status, with the head", async () => {
    const { status, body } = await get(`/w/${freshName()}/events?after=7`);
    expect([status, body.error.data]).toEqual([409, expect.objectContaining({ code: "cursor_ahead", head: 0 })]);
  });
});

describe("what is not served", () => {
  it.each([
    ["GET", "/"],
    ["PUT", "/"],
    ["DELETE", "/w/x/"],
    ["GET", "/admin"],
    ["POST", "/healthz"],
    ["GET", "/w/x/y"],
    ["POST", "/w//"],
    ["GET", "/w/x/../../etc"],
  ])("%s %s: 404, with what there is", async (method, path) => {
    const { status, body } = await get(path, { method });
    expect([status, body.jsonrpc, body.id, body.error.code, body.error.data.code]).toEqual([404, "2.0", null, -32004, "not_found"]);
    expect(body.error.data.served).toContain("POST / (JSON-RPC)");
  });

  it.each(["UPPER", "a b", "a.b", "é", "%00", "a%2Fb", "-".repeat(65)])("a workspace named %j is refused by its rule", async (name) => {
    const headers = { "content-type": "application/json" };
    const { status, body } = await get(`/w/${encodeURI(name)}/`, { method: "POST", headers, body: "{}" });
    expect([400, 404, 413]).toContain(status);
    expect(["invalid_params", "limit", "not_found"]).toContain(body.error.data.code);
  });

  it("a session without an upgrade is told how", async () => {
    const { status, body } = await get("/session");
    expect([status, body.error.message]).toEqual([400, expect.stringContaining("Upgrade: websocket")]);
  });
});

describe("every refusal", () => {
  it("has one shape, whether it is a guard's, a route's or a method's", async () => {
    const board = new HttpClient();
    const bodies = [
      (await get("/nowhere")).body,
      (await get("/session")).body,
      (await get("/", { method: "POST", body: "{}" })).body,
      (await get("/", { headers: { host: "evil.example" } })).body,
      (await get(`/w/${board.name}/events?after=9`)).body,
      await board.raw("tasks/get", {}),
      await board.raw("tasks/claim", { id: "#9", agent_id: "a" }),
      await board.raw("nope", {}),
    ];
    for (const { jsonrpc, id, error } of bodies) {
      expect([jsonrpc, id === null || id === 1]).toEqual(["2.0", true]);
      expect(Object.keys(error).sort()).toEqual(["code", "data", "message"]);
      const known = REFUSALS[error.data.code as keyof typeof REFUSALS];
      expect([error.code, error.data.remedy]).toEqual([known.rpc, known.remedy]);
      expect(error.message.length).toBeGreaterThan(5);
    }
  });

  it("that a method gives comes with status 200, as the bulletin's did", async () => {
    const board = new HttpClient();
    const call = RpcRequest.parse({ jsonrpc: "2.0", id: 1, method: "tasks/claim", params: { id: "#9", agent_id: "a" } });
    expect((await board.post(JSON.stringify(call))).status).toBe(200);
  });
});
