import { SendMessageRequest, TaskState } from "@a2a-js/sdk";
import { LegacyJsonRpcTransport } from "@a2a-js/sdk/compat/v0_3/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rpc } from "../harness/http.ts";
import { startServer, type TestServer, until } from "../harness/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server.stop();
  expect(server.stderr()).not.toMatch(/bug|stack|exception|internal/i);
});

/** The SDK's 0.3 side; what it asks, and by which headers, is noted. */
function connect(workspace: string) {
  const base = `${server.url}w/${workspace}/`;
  const versions: (string | null)[] = [];
  const fetchImpl: typeof fetch = (input, init) => {
    versions.push(new Headers(init?.headers).get("a2a-version"));
    return fetch(input, init);
  };
  const client = new LegacyJsonRpcTransport({ endpoint: `${base}a2a`, fetchImpl });
  const own = <T>(method: string, params: object = {}) => rpc(base, method, params) as Promise<T>;
  return { client, own, versions };
}

const request = (text: string, more: object = {}) =>
  SendMessageRequest.fromJSON({ message: { messageId: crypto.randomUUID(), role: "ROLE_USER", parts: [{ text }] }, ...more });
const AT_ONCE = { configuration: { returnImmediately: true } };

describe("the SDK's 0.3 client", () => {
  test("names 0.3 or no version, posts, blocks for the result, and reads it", async () => {
    const { client, own, versions } = connect("send");
    const answer = client.sendMessage(request("Think"));
    await until("it waits", async () => (await own<{ waiters: number }>("workspace/info")).waiters === 1);
    await own("tasks/claim", { id: "#1", agent_id: "w" });
    await own("tasks/complete", { id: "#1", agent_id: "w", result: "thought" });
    const task = await answer;
    if (!("status" in task)) throw new Error("a message came where a task was expected");
    expect([task.status?.state, task.artifacts[0]?.parts[0]?.content]).toEqual([
      TaskState.TASK_STATE_COMPLETED,
      { $case: "text", value: "thought" },
    ]);
    expect((await client.getTask({ tenant: "", id: task.id })).history[0]?.parts[0]?.content).toEqual({ $case: "text", value: "Think" });
    for (const version of versions) expect([null, "", "0.3"]).toContain(version);
  });

  test("streams a job to its end, and follows it from the middle", async () => {
    const { client, own } = connect("stream");
    const seen: string[] = [];
    for await (const { payload } of client.sendMessageStream(request("Ship it"))) {
      if (payload?.$case === "task") {
        await own("tasks/claim", { id: "#1", agent_id: "w" });
        const again = client.resubscribeTask({ tenant: "", id: payload.value.id })[Symbol.asyncIterator]();
        const { value } = await again.next();
        expect(value?.payload?.$case).toBe("task");
        await again.return(undefined);
        await own("tasks/complete", { id: "#1", agent_id: "w", result: 1 });
      }
      seen.push(payload?.$case === "task" || payload?.$case === "statusUpdate" ? TaskState[payload.value.status!.state] : payload!.$case);
    }
    expect(seen).toEqual(["TASK_STATE_SUBMITTED", "TASK_STATE_WORKING", "artifactUpdate", "TASK_STATE_COMPLETED"]);
    await until("nobody waits", async () => (await own<{ waiters: number }>("workspace/info")).waiters === 0);
  });

  test("cancels, keeps webhooks, gets the extended card, and is refused by name", async () => {
    const { client } = connect("more");
    const posted = await client.sendMessage(request("Never mind", AT_ONCE));
    if (!("status" in posted)) throw new Error("a message came where a task was expected");
    const taskId = posted.id;
    const config = { tenant: "", id: "h", taskId, url: "http://127.0.0.1:9/", token: "", authentication: undefined };
    expect(await client.createTaskPushNotificationConfig(config)).toMatchObject({ id: "h", taskId, url: config.url });
    expect(await client.getTaskPushNotificationConfig({ tenant: "", taskId, id: "h" })).toMatchObject({ id: "h" });
    expect((await client.listTaskPushNotificationConfig({ tenant: "", taskId, pageSize: 0, pageToken: "" })).configs).toHaveLength(1);
    await client.deleteTaskPushNotificationConfig({ tenant: "", taskId, id: "h" });
    expect((await client.getExtendedAgentCard({ tenant: "" })).skills.map(({ id }) => id)).toContain("tasks/claim");
    expect((await client.cancelTask({ tenant: "", id: taskId, metadata: {} })).status?.state).toBe(TaskState.TASK_STATE_CANCELED);
    const named = (name: string) => ({ name: expect.stringContaining(name) });
    await expect(client.cancelTask({ tenant: "", id: taskId, metadata: {} })).rejects.toMatchObject(named("TaskNotCancelable"));
    await expect(client.getTask({ tenant: "", id: crypto.randomUUID() })).rejects.toMatchObject(named("TaskNotFound"));
    const reply = SendMessageRequest.fromJSON({
      message: { messageId: "m", role: "ROLE_USER", parts: [{ text: "still there?" }], taskId },
      ...AT_ONCE,
    });
    await expect(client.sendMessage(reply)).rejects.toMatchObject(named("UnsupportedOperation"));
  });
});
