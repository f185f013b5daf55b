import { describe, expect, it } from "vitest";
import { A2ABoard, URI } from "./testing.ts";

const OLD = { version: "" };

let sent = 0;
function legacyMessage(text: string, more: object = {}) {
  sent += 1;
  return { kind: "message", messageId: `old-${sent}`, role: "user", parts: [{ kind: "text", text }], ...more };
}

type OldTask = {
  kind: string;
  id: string;
  contextId: string;
  status: { state: string; message?: object };
  artifacts?: { parts: object[] }[];
  history?: { kind: string; parts: object[] }[];
};

describe("A2A 0.3, for requests without a version", () => {
  it("posts, gets and cancels in 0.3's shapes", async () => {
    const a2a = new A2ABoard();
    const parts = [
      { kind: "text", text: "Old job" },
      { kind: "data", data: { x: 1 } },
      { kind: "file", file: { uri: "https://x.example/y", mimeType: "text/html" } },
    ];
    const params = {
      message: { ...legacyMessage(""), parts },
      configuration: { blocking: false },
      metadata: { [URI]: { priority: "high" } },
    };
    const task = await a2a.call<OldTask>("message/send", params, OLD);
    expect(task).toMatchObject({ kind: "task", status: { state: "submitted" }, history: [{ kind: "message", role: "user", parts }] });
    expect(await a2a.board.call("tasks/get", { id: task.id })).toMatchObject({ name: "Old job", priority: "high" });
    expect(await a2a.call<OldTask>("tasks/get", { id: task.id, historyLength: 0 }, OLD)).toMatchObject({ kind: "task", id: task.id });
    expect((await a2a.call<OldTask>("tasks/cancel", { id: task.id }, OLD)).status.state).toBe("canceled");
    expect((await a2a.get(task.id)).status.state).toBe("TASK_STATE_CANCELED");
  });

  it("blocks where it is asked to", async () => {
    const a2a = new A2ABoard();
    const asked = a2a.call<OldTask>("message/send", { message: legacyMessage("Wait"), configuration: { blocking: true } }, OLD);
    await a2a.board.waiting(1);
    await a2a.finish("#1", "done");
    expect(await asked).toMatchObject({ status: { state: "completed" }, artifacts: [{ parts: [{ kind: "text", text: "done" }] }] });
  });

  it("streams: the task, updates, and a last one that is final", async () => {
    const a2a = new A2ABoard();
    const stream = await a2a.stream("message/stream", { message: legacyMessage("Stream") }, OLD);
    const first = (await stream.next()) as unknown as OldTask;
    expect(first).toMatchObject({ kind: "task", status: { state: "submitted" } });
    const again = await a2a.stream("tasks/resubscribe", { id: first.id }, OLD);
    expect(await again.next()).toMatchObject({ kind: "task", id: first.id });
    await a2a.finish(first.id, { y: 2 });
    const rest = await stream.rest();
    expect(rest).toMatchObject([
      { kind: "status-update", final: false, status: { state: "working" } },
      { kind: "artifact-update", artifact: { parts: [{ kind: "data", data: { y: 2 } }] } },
      { kind: "status-update", final: true, status: { state: "completed" } },
    ]);
    expect(await again.rest()).toEqual(rest);
  });

  it("keeps webhooks in its own shape", async () => {
    const a2a = new A2ABoard();
    const { id } = await a2a.post("job");
    const pushNotificationConfig = {
      id: "p",
      url: "http://127.0.0.1:9/",
      token: "t",
      authentication: { schemes: ["Bearer"], credentials: "c" },
    };
    const made = await a2a.call("tasks/pushNotificationConfig/set", { taskId: id, pushNotificationConfig }, OLD);
    expect(made).toEqual({ taskId: id, pushNotificationConfig });
    expect(await a2a.call("tasks/pushNotificationConfig/get", { id, pushNotificationConfigId: "p" }, OLD)).toEqual(made);
    expect(await a2a.call("tasks/pushNotificationConfig/get", { id }, OLD)).toEqual(made);
    expect(await a2a.call("tasks/pushNotificationConfig/list", { id }, OLD)).toEqual([made]);
    const { body } = await a2a.ask("tasks/pushNotificationConfig/delete", { id, pushNotificationConfigId: "p" }, OLD);
    expect([body.error, body.result]).toEqual([undefined, null]);
  });

  it.each(["0.3", "0.3.0", " "])("is also what a request gets that names version %j", async (version) => {
    const { status } = await new A2ABoard().call<OldTask>(
      "message/send",
      { message: legacyMessage("x"), configuration: { blocking: false } },
      { version },
    );
    expect(status.state).toBe("submitted");
  });

  it("gives the extended card as 0.3 has it", async () => {
    expect(await a2aCard()).toMatchObject({ protocolVersion: "0.3", url: expect.stringContaining("/a2a"), preferredTransport: "JSONRPC" });
  });

  it.each([
    ["message/send", {}, -32602],
    ["message/send", { message: null }, -32602],
    ["message/send", { message: { kind: "message", role: "user", parts: [{ kind: "text", text: "x" }] } }, -32602],
    ["message/send", { message: { kind: "message", messageId: "x", role: "king", parts: [{ kind: "text", text: "x" }] } }, -32602],
    ["message/send", { message: { kind: "message", messageId: "x", role: "user", parts: [{ kind: "smell" }] } }, -32602],
    ["message/send", { message: { kind: "message", messageId: "x", role: "user" } }, -32602],
    ["message/stream", { message: {} }, -32602],
    ["message/send", { message: legacyMessage("x", { taskId: "nope" }) }, -32001],
    ["tasks/get", { id: "nope" }, -32001],
    ["tasks/get", {}, -32602],
    ["tasks/get", { id: 7 }, -32602],
    ["tasks/get", { id: ["x"] }, -32602],
    ["tasks/cancel", { id: {} }, -32602],
    ["tasks/resubscribe", { id: null }, -32602],
    ["message/send", { message: legacyMessage("x", { taskId: 7 }) }, -32602],
    ["message/send", { message: legacyMessage("x", { contextId: {} }) }, -32602],
    ["message/send", { message: legacyMessage("x", { metadata: "all" }) }, -32602],
    ["message/send", { message: legacyMessage("x", { referenceTaskIds: 5 }) }, -32602],
    ["message/send", { message: legacyMessage("x", { parts: [{ kind: "text", text: { a: 1 } }] }) }, -32602],
    ["message/send", { message: legacyMessage("x", { parts: [{ kind: "file", file: { bytes: 5 } }] }) }, -32602],
    ["message/send", { message: legacyMessage("x"), metadata: [1] }, -32602],
    ["message/send", { message: legacyMessage("x"), configuration: { historyLength: "5", blocking: false } }, -32602],
    ["message/send", { message: legacyMessage("x"), configuration: { pushNotificationConfig: { url: 5 } } }, -32602],
    ["tasks/pushNotificationConfig/set", { taskId: 5, pushNotificationConfig: { url: "http://127.0.0.1/" } }, -32602],
    ["tasks/pushNotificationConfig/set", {}, -32602],
    ["tasks/pushNotificationConfig/get", { id: "nope", pushNotificationConfigId: 5 }, -32602],
    ["tasks/pushNotificationConfig/list", {}, -32602],
    ["tasks/cancel", { id: "nope" }, -32001],
    ["tasks/resubscribe", { id: "nope" }, -32001],
    ["tasks/send", { name: "not A2A any more" }, -32601],
    ["SendMessage", { message: {} }, -32601],
  ])("%s %j is %i, and no bug", async (method, params, code) => {
    const error = await new A2ABoard().error(method, params, OLD);
    expect([error.code, error.message]).toEqual([code, expect.not.stringContaining("bug")]);
  });
});

function a2aCard() {
  return new A2ABoard().call("agent/getAuthenticatedExtendedCard", undefined, OLD);
}
