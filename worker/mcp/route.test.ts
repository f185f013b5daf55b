import { describe, expect, it } from "vitest";
import { fetchWorker, freshName, HttpClient } from "../testing/pool.ts";

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
  "io.modelcontextprotocol/clientInfo": { name: "Test Host", version: "1" },
};

/** One request of either era to a workspace's endpoint; the answer's message, whichever way it came. */
async function ask(
  workspace: string,
  era: "modern" | "legacy",
  method: string,
  params: Record<string, unknown> = {},
  written = (body: string) => body,
) {
  const headers: Record<string, string> = { "content-type": "application/json", accept: "application/json, text/event-stream" };
  if (era === "modern") Object.assign(headers, { "mcp-protocol-version": "2026-07-28", "mcp-method": method });
  const name = params.name ?? params.uri;
  if (era === "modern" && typeof name === "string") headers["mcp-name"] = name;
  const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: era === "modern" ? { ...params, _meta: META } : params });
  const response = await fetchWorker(`/w/${workspace}/mcp`, { method: "POST", headers, body: written(body) });
  const text = await response.text();
  const data = text.includes("data: ") ? text.split("data: ").at(-1)! : text;
  return { response, message: JSON.parse(data) };
}

const ERAS = ["modern", "legacy"] as const;

describe.each(ERAS)("the endpoint, to a client of the %s era", (era) => {
  it("acts on the workspace's board as the host, and is seen there", async () => {
    const board = new HttpClient();
    const { message } = await ask(board.name, era, "tools/call", { name: "tasks_send", arguments: { name: "one" } });
    expect(message.result.structuredContent.task).toMatchObject({ name: "one", created_by: era === "modern" ? "test-host" : "mcp-client" });
    expect((await board.call("agents/list", {})).map(({ id }) => id)).toContain(era === "modern" ? "test-host" : "mcp-client");
  });

  it("posts a plan whole or not at all", async () => {
    const board = new HttpClient();
    const plan = (second: object) =>
      ask(board.name, era, "tools/call", { name: "tasks_plan", arguments: { tasks: [{ ref: "a", name: "a" }, second] } });
    const refused = (await plan({ name: "b", depends_on: ["#99"] })).message.result;
    expect([refused.isError, refused.structuredContent.message]).toEqual([true, expect.stringContaining("task 2: no task #99")]);
    expect(await board.call("tasks/list", {})).toEqual([]);
    const posted = (await plan({ name: "b", depends_on: ["a"] })).message.result;
    expect(posted.structuredContent.tasks).toHaveLength(2);
  });

  it("answers a wait whose time is up, with a cursor", async () => {
    const { message } = await ask(freshName(), era, "tools/call", { name: "tasks_wait", arguments: { kind: ["never"], timeout_s: 1 } });
    expect(message.result.structuredContent).toMatchObject({ timed_out: true, cursor: expect.any(Number) });
  });

  it("refuses arguments that nest too deep, however deep", async () => {
    for (const depth of [101, 20_000]) {
      const deep = "[".repeat(depth) + "]".repeat(depth);
      for (const [name, args] of [
        ["tasks_send", { name: "x", payload: "DEEP" }],
        ["tasks_release", { id: "DEEP" }],
      ] as const) {
        const params = { name, arguments: args };
        const { result } = (await ask(freshName(), era, "tools/call", params, (body) => body.replace('"DEEP"', deep))).message;
        expect([result.isError, result.structuredContent.code]).toEqual([true, "limit"]);
        expect(result.structuredContent.now).toMatchObject({ limit: "json_depth" });
      }
    }
  });

  it("calls parameters that do not fit the caller's mistake, by their names", async () => {
    for (const [method, params, field] of [
      ["tools/list", { cursor: 7 }, "cursor"],
      ["resources/read", { uri: 7 }, "uri"],
      ["prompts/get", { name: "plan", arguments: [] }, "arguments"],
    ] as const) {
      const { error } = (await ask(freshName(), era, method, params)).message;
      expect([error.code, error.message]).toEqual([-32602, expect.stringContaining(field)]);
      expect(error.message).not.toContain("\n");
    }
  });

  it("reads resources, and names those that are not there", async () => {
    const workspace = freshName();
    expect((await ask(workspace, era, "resources/read", { uri: "coord://board" })).message.result.contents[0].text).toContain(workspace);
    const { message } = await ask(workspace, era, "resources/read", { uri: "coord://tasks/9" });
    expect(message.error).toMatchObject({ code: -32602, message: "coord has no resource coord://tasks/9" });
  });
});

describe("what is declared", () => {
  it("is what can be kept: changes to the present era, none to the older", async () => {
    const discovered = (await ask(freshName(), "modern", "server/discover")).message.result;
    expect(discovered.capabilities).toEqual({ tools: {}, resources: { subscribe: true, listChanged: true }, prompts: {}, completions: {} });
    const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "codex-mcp-client", version: "1" } };
    const { message, response } = await ask(freshName(), "legacy", "initialize", params);
    expect(message.result.capabilities).toEqual({ tools: {}, resources: {}, prompts: {}, completions: {} });
    expect(response.headers.get("mcp-session-id")).toMatch(/^[0-9a-f-]{36}\.\w+/);
  });
});
