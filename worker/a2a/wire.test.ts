import { describe, expect, it } from "vitest";
import { LIMITS } from "../../protocol/index.ts";
import { A2ABoard, message, URI } from "./testing.ts";

describe("an envelope that is none", () => {
  it.each([
    ["not JSON", "{", -32700],
    ["nothing", "", -32700],
    ["a number", "7", -32600],
    ["a batch", '[{"jsonrpc":"2.0","id":1,"method":"GetTask","params":{"id":"x"}}]', -32600],
    ["another JSON-RPC", '{"jsonrpc":"1.0","id":1,"method":"GetTask","params":{}}', -32600],
    ["an id that is an object", '{"jsonrpc":"2.0","id":{},"method":"GetTask","params":{}}', -32600],
    ["an id with a fraction", '{"jsonrpc":"2.0","id":1.5,"method":"GetTask","params":{}}', -32600],
    ["no method", '{"jsonrpc":"2.0","id":1,"params":{}}', -32600],
    ["too deep", `{"jsonrpc":"2.0","id":1,"method":"GetTask","params":${"[".repeat(5000)}${"]".repeat(5000)}}`, -32600],
    ["no parameters", '{"jsonrpc":"2.0","id":1,"method":"GetTask"}', -32602],
    ["parameters in a list", '{"jsonrpc":"2.0","id":1,"method":"GetTask","params":["x"]}', -32602],
    ["an unknown method", '{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"id":"x"}}', -32601],
  ])("(%s) is refused by its code, with status 200", async (_what, body, code) => {
    const response = await new A2ABoard().fetch(body);
    const answer = JSON.parse(await response.text());
    expect([response.status, answer.jsonrpc, answer.error.code]).toEqual([200, "2.0", code]);
    expect(answer.error.message).not.toMatch(/bug|undefined/);
  });

  it.each(["text/plain", "", "multipart/form-data", "application/a2a"])("of content type %j is -32005", async (type) => {
    const response = await new A2ABoard().fetch("{}", { headers: { "content-type": type } });
    const { error } = JSON.parse(await response.text());
    expect([response.status, error.code, error.data[0].reason]).toEqual([200, -32005, "CONTENT_TYPE_NOT_SUPPORTED"]);
  });

  it("may be application/a2a+json", async () => {
    const a2a = new A2ABoard();
    const { body } = await a2a.ask("ListTasks", {}, { headers: { "content-type": "application/a2a+json; charset=utf-8" } });
    expect(body.result).toEqual({ tasks: [], nextPageToken: "", pageSize: 50, totalSize: 0 });
  });

  it("of 10 MB is refused by the limit, read no further", async () => {
    const a2a = new A2ABoard();
    const parts = Array.from({ length: 10 }, () => ({ text: "x".repeat(1024 * 1024) }));
    const { status, body } = await a2a.ask("SendMessage", { message: message(parts) });
    expect([status, body.error!.code, body.error!.data[0]]).toMatchObject([
      413,
      -32600,
      { reason: "LIMIT", metadata: { limit: "body_bytes" } },
    ]);
    expect(await a2a.board.call("tasks/list", {})).toEqual([]);
  });
});

describe("the version", () => {
  it.each(["2.0", "0.2", "1.1", "1", "banana", "1.0; drop"])("%s is -32009, and says what is served", async (version) => {
    const error = await new A2ABoard()
      .error("GetTask", { id: "x" }, { version })
      .catch((thrown: Error) => JSON.parse(thrown.message.slice(thrown.message.indexOf("{"))).error);
    expect([error.code, error.data[0]]).toMatchObject([-32009, { reason: "VERSION_NOT_SUPPORTED", metadata: { supported: "1.0, 0.3" } }]);
  });

  it("may be a parameter of the URL, and makes coord's own address A2A", async () => {
    const a2a = new A2ABoard();
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ListTasks", params: {} });
    const own = await a2a.board.transport.fetch(`/w/${a2a.name}/?A2A-Version=1.0`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    });
    expect(JSON.parse(await own.text()).result.tasks).toEqual([]);
    const plain = await a2a.board.transport.fetch(`/w/${a2a.name}/`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", "a2a-version": "1.0" },
    });
    expect(JSON.parse(await plain.text()).result.tasks).toEqual([]);
    const without = await a2a.board.transport.fetch(`/w/${a2a.name}/`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    });
    expect(JSON.parse(await without.text()).error.code).toBe(-32601);
  });
});

describe("a message that is none", () => {
  const good = message("hello");
  it.each([
    ["without an id", { ...good, messageId: undefined }, "message.messageId"],
    ["with an empty id", { ...good, messageId: "" }, "message.messageId"],
    ["without a role", { ...good, role: undefined }, "message.role"],
    ["of an unknown role", { ...good, role: "ROLE_KING" }, "message.role"],
    ["without parts", { ...good, parts: [] }, "message.parts"],
    ["with parts that are no list", { ...good, parts: "hello" }, "message.parts"],
    ["with a part without content", { ...good, parts: [{ metadata: {} }] }, "message.parts.0"],
    ["missing", undefined, "message"],
  ])("(%s) is -32602 and names the field", async (_what, wrong, field) => {
    const a2a = new A2ABoard();
    const { code, data } = await a2a.error("SendMessage", { message: wrong });
    expect(code).toBe(-32602);
    expect(data[0]).toMatchObject({ "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: [{ field }] });
    const streamed = await a2a.error("SendStreamingMessage", { message: wrong });
    expect(streamed.code).toBe(-32602);
    expect(await a2a.board.call("tasks/list", {})).toEqual([]);
  });

  it.each([
    ["null", null],
    ["a text", "hello"],
    ["a list", [1]],
    ["parts of null", { ...good, parts: [null] }],
    ["base64 that is none", { ...good, parts: [{ raw: "§§§" }] }],
    ["base64 that is a number", { ...good, parts: [{ raw: 7 }] }],
  ])("(%s) is -32602, and no bug", async (_what, wrong) => {
    const { body, status } = await new A2ABoard().ask("SendMessage", { message: wrong, configuration: { returnImmediately: true } });
    expect(status).toBe(200);
    if (body.error) expect([body.error.code, body.error.message]).toEqual([-32602, expect.not.stringContaining("bug")]);
  });

  it("to a task that is not there is TaskNotFound; ids of new tasks are the server's", async () => {
    const a2a = new A2ABoard();
    for (const taskId of ["nope", "#9", crypto.randomUUID()]) {
      const { code, data } = await a2a.error("SendMessage", { message: message("x", { taskId }) });
      expect([code, data[0]]).toMatchObject([-32001, { reason: "TASK_NOT_FOUND", metadata: { taskId } }]);
    }
    for (const method of ["GetTask", "CancelTask", "SubscribeToTask"]) expect((await a2a.error(method, { id: "nope" })).code).toBe(-32001);
  });

  it("to a task that is over is -32004: completed, failed, cancelled", async () => {
    const a2a = new A2ABoard();
    for (const end of ["completed", "failed", "cancelled"]) {
      const { id } = await a2a.post("soon over");
      await a2a.board.call("tasks/claim", { id, agent_id: "w" });
      if (end === "completed") await a2a.board.call("tasks/complete", { id });
      if (end === "failed") await a2a.board.call("tasks/fail", { id, reason: "no" });
      if (end === "cancelled") await a2a.board.call("tasks/cancel", { id });
      const { code, data } = await a2a.error("SendMessage", { message: message("more", { taskId: id }) });
      expect([code, data[0]]).toMatchObject([-32004, { reason: "UNSUPPORTED_OPERATION", metadata: { state: end } }]);
      expect((await a2a.error("SubscribeToTask", { id })).code).toBe(-32004);
      expect(await a2a.board.call("notes/list", { id })).toEqual([]);
    }
  });

  it("of another context is refused", async () => {
    const a2a = new A2ABoard();
    const { id, contextId } = await a2a.post("mine");
    const { code, data } = await a2a.error("SendMessage", { message: message("x", { taskId: id, contextId: "other" }) });
    expect([code, data[0]]).toMatchObject([-32602, { fieldViolations: [{ field: "message.contextId" }] }]);
    const fits = { message: message("x", { taskId: id, contextId }), configuration: { returnImmediately: true } };
    expect((await a2a.ask("SendMessage", fits)).body.error).toBeUndefined();
  });

  it.each([
    [{ prioritty: "high" }, "metadata.prioritty"],
    [{ agentId: "" }, "metadata.agent_id"],
    [{ decision: "maybe" }, "metadata.decision"],
    [{ labels: "ci" }, "labels"],
    [{ dependsOn: ["nope"] }, "id"],
    [{ decision: "approve" }, "decision"],
  ])("with options %j for the queue is refused and not posted", async (options, field) => {
    const a2a = new A2ABoard();
    const { code, data } = await a2a.error("SendMessage", { message: message("x"), metadata: { [URI]: options } });
    expect([code, data[0]]).toMatchObject([-32602, { fieldViolations: [{ field }] }]);
    expect(await a2a.board.call("tasks/list", {})).toEqual([]);
  });

  it("of more text than a description holds is refused by the limit's name", async () => {
    const { code, message: said } = await new A2ABoard().error("SendMessage", {
      message: message("x".repeat(LIMITS.description_bytes.value + 1)),
    });
    expect([code, said]).toEqual([-32602, expect.stringContaining("description_bytes")]);
  });

  it("may be any text: NUL, half a surrogate pair, and a first line longer than a name", async () => {
    const a2a = new A2ABoard();
    for (const text of ["a\0b", "half \ud83d", `${"🙂".repeat(400)}\nrest`, "\n\n  spaced  \n"]) {
      const { body } = await a2a.ask("SendMessage", { message: message(text), configuration: { returnImmediately: true } });
      expect(body.error).toBeUndefined();
    }
    const names = ((await a2a.board.call("tasks/list", {})) as { name: string }[]).map(({ name }) => name);
    expect(names.map((name) => name.isWellFormed())).toEqual([true, true, true, true]);
    expect(names[0]).toBe("spaced");
  });
});

describe("a decision", () => {
  it("by who held the attempt, or on what is not in review, is -32004 with coord's reason", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.post("Write it", { review: "required" });
    const decide = (agentId: string) =>
      a2a.error("SendMessage", { message: message("ok", { taskId: id }), metadata: { [URI]: { decision: "approve", agentId } } });
    expect((await decide("boss")).data[0]).toMatchObject({ metadata: { reason: "wrong_state" } });
    await a2a.finish(id, 1, "worker");
    const { code, data } = await decide("worker");
    expect([code, data[0]]).toMatchObject([-32004, { metadata: { reason: "self_review" } }]);
  });
});

describe("ListTasks and GetTask with wrong parameters", () => {
  it.each([
    ["ListTasks", { status: "TASK_STATE_HAPPY" }, "status"],
    ["ListTasks", { pageSize: 0 }, "pageSize"],
    ["ListTasks", { pageSize: 101 }, "pageSize"],
    ["ListTasks", { pageSize: "many" }, "pageSize"],
    ["ListTasks", { pageToken: "x" }, "pageToken"],
    ["ListTasks", { statusTimestampAfter: "yesterday" }, "statusTimestampAfter"],
    ["ListTasks", { historyLength: -1 }, "historyLength"],
    ["GetTask", { id: "" }, "id"],
    ["GetTask", {}, "id"],
    ["GetTask", { id: "#1", historyLength: -1 }, "historyLength"],
    ["GetTask", { id: "#1", tenant: "acme" }, "tenant"],
    ["CancelTask", {}, "id"],
    ["SubscribeToTask", {}, "id"],
  ])("%s %j is -32602 by field", async (method, params, field) => {
    const { code, data } = await new A2ABoard().error(method, params);
    expect([code, data[0]]).toMatchObject([-32602, { fieldViolations: [{ field }] }]);
  });
});
