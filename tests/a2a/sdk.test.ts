import { ListTasksRequest, type Message, SendMessageRequest, type StreamResponse, type Task, TaskState } from "@a2a-js/sdk";
import { type Client, ClientFactory } from "@a2a-js/sdk/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rpc } from "../harness/http.ts";
import { runCoord, startServer, type TestServer, until } from "../harness/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server.stop();
  // what was refused was refused quietly
  expect(server.stderr()).not.toMatch(/bug|stack|exception/i);
});

let workspaces = 0;
/** The SDK's own client on a workspace that nothing else uses, with coord's own methods and program beside it. */
async function connect() {
  workspaces += 1;
  const base = `${server.url}w/a2a-${workspaces}/`;
  const client: Client = await new ClientFactory().createFromUrl(base);
  const own = <T = { id: string }>(method: string, params: object = {}) => rpc(base, method, params) as Promise<T>;
  const shell = async (...args: string[]) => {
    const done = await runCoord(args, { env: { COORD_URL: base } });
    if (done.code !== 0) throw new Error(`coord ${args.join(" ")}: ${done.stderr}`);
    return done.stdout;
  };
  return { base, client, own, shell, extension: `${server.url}ext/work-queue/v1` };
}

function request(text: string, more: { message?: object; [field: string]: unknown } = {}): SendMessageRequest {
  const { message, ...rest } = more;
  return SendMessageRequest.fromJSON({
    message: { messageId: crypto.randomUUID(), role: "ROLE_USER", parts: [{ text }], ...message },
    ...rest,
  });
}

const AT_ONCE = { configuration: { returnImmediately: true } };

async function post(client: Client, text: string, more: Parameters<typeof request>[1] = AT_ONCE): Promise<Task> {
  const answer: Message | Task = await client.sendMessage(request(text, more));
  if ("messageId" in answer) throw new Error("a message came where a task was expected");
  return answer;
}

function brief({ payload }: StreamResponse): string {
  if (payload?.$case === "artifactUpdate") return `artifact ${JSON.stringify(payload.value.artifact?.parts[0]?.content)}`;
  if (payload?.$case !== "task" && payload?.$case !== "statusUpdate") return "?";
  const { status } = payload.value;
  const said = status?.message?.parts[0]?.content;
  const words = said?.$case === "text" && payload.value.status?.state === TaskState.TASK_STATE_WORKING ? `: ${said.value}` : "";
  return `${payload.$case} ${TaskState[status!.state].slice(11)}${words}`;
}

describe("the SDK's client, 1.0", () => {
  test("streams a job that it posted while the shell moves it", async () => {
    const { client, shell, extension } = await connect();
    const seen: string[] = [];
    const stream = client.sendMessageStream(request("Ship it\n\nToday.", { metadata: { [extension]: { priority: "high" } } }));
    let followed: Promise<string[]> | undefined;
    for await (const event of stream) {
      seen.push(brief(event));
      if (event.payload?.$case === "task") {
        const { id } = event.payload.value;
        // a second look at it, from the middle on
        await shell("claim", "#1", "--as", "amber-fox");
        followed = (async () => {
          const told: string[] = [];
          for await (const one of client.resubscribeTask({ id, tenant: "" })) told.push(brief(one));
          return told;
        })();
      }
      if (seen.at(-1) === "statusUpdate WORKING") {
        await shell("note", "#1", "half way", "--as", "amber-fox");
        await shell("complete", "#1", "--as", "amber-fox", "--result", '{"ok":true}');
      }
    }
    const artifact = 'artifact {"$case":"data","value":{"ok":true}}';
    expect(seen).toEqual(["task SUBMITTED", "statusUpdate WORKING", "statusUpdate WORKING: half way", artifact, "statusUpdate COMPLETED"]);
    expect((await followed)?.slice(-2)).toEqual([artifact, "statusUpdate COMPLETED"]);
  });

  test("blocks on a message until the job is done, and gets its result", async () => {
    const { client, own, shell } = await connect();
    const answer = post(client, "Think", {});
    await until("the job is on the board", async () => (await own<unknown[]>("tasks/list")).length === 1);
    await shell("claim", "#1", "--as", "w");
    await shell("complete", "#1", "--as", "w", "--result", '"thought"');
    const task = await answer;
    expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
    expect(task.artifacts[0]?.parts[0]?.content).toEqual({ $case: "text", value: "thought" });
  });

  test("sees what the shell posts, lists it, talks to it and cancels it", async () => {
    const { client, own, shell } = await connect();
    await shell("send", "From the shell", "--description", "by hand");
    const { tasks, totalSize } = await client.listTasks(ListTasksRequest.fromJSON({ pageSize: 10 }));
    expect([tasks.length, totalSize, tasks[0]?.status?.state]).toEqual([1, 1, TaskState.TASK_STATE_SUBMITTED]);
    const { id, contextId } = tasks[0]!;
    await post(client, "how is it going?", { ...AT_ONCE, message: { taskId: id, contextId } });
    expect(await shell("history", "#1")).toContain("how is it going?");
    const task = await client.getTask({ id, tenant: "", historyLength: 1 });
    expect(task.history.map((message) => message.parts[0]?.content?.value)).toEqual(["how is it going?"]);
    expect((await client.cancelTask({ id, tenant: "", metadata: {} })).status?.state).toBe(TaskState.TASK_STATE_CANCELED);
    expect(await own("tasks/get", { id })).toMatchObject({ state: "cancelled" });
    await expect(client.sendMessage(request("still there?", { message: { taskId: id } }))).rejects.toMatchObject({
      name: expect.stringContaining("UnsupportedOperation"),
    });
    await expect(client.cancelTask({ id, tenant: "", metadata: {} })).rejects.toMatchObject({
      name: expect.stringContaining("TaskNotCancelable"),
    });
    await expect(client.getTask({ id: crypto.randomUUID(), tenant: "" })).rejects.toMatchObject({
      name: expect.stringContaining("TaskNotFound"),
    });
  });

  test("lists with the SDK's own plain parameters too, which say nothing of a status", async () => {
    const { client } = await connect();
    await post(client, "one");
    const plain = { pageSize: 2 } as ListTasksRequest;
    expect((await client.listTasks(plain)).tasks).toHaveLength(1);
  });

  test("manages webhooks, and gets the extended card", async () => {
    const { client } = await connect();
    const { id: taskId } = await post(client, "hooked");
    const config = { tenant: "", id: "h", taskId, url: "http://127.0.0.1:9/", token: "", authentication: undefined };
    expect(await client.createTaskPushNotificationConfig(config)).toMatchObject({ id: "h", url: config.url });
    expect(await client.getTaskPushNotificationConfig({ tenant: "", taskId, id: "h" })).toMatchObject({ id: "h" });
    const { configs } = await client.listTaskPushNotificationConfig({ tenant: "", taskId, pageSize: 0, pageToken: "" });
    expect(configs.map(({ id }) => id)).toEqual(["h"]);
    await client.deleteTaskPushNotificationConfig({ tenant: "", taskId, id: "h" });
    const card = await client.getAgentCard();
    expect(card.skills.map(({ id }) => id)).toEqual(expect.arrayContaining(["post-job", "tasks/claim"]));
  });

  test("reviews: a request for changes continues the same task", async () => {
    const { client, shell, extension } = await connect();
    const { id } = await post(client, "Write", { ...AT_ONCE, metadata: { [extension]: { review: "required" } } });
    await shell("claim", "#1", "--as", "w");
    await shell("complete", "#1", "--as", "w", "--result", "1");
    expect((await client.getTask({ id, tenant: "" })).status?.state).toBe(TaskState.TASK_STATE_INPUT_REQUIRED);
    const decide = (text: string, decision: string) =>
      post(client, text, { ...AT_ONCE, message: { taskId: id }, metadata: { [extension]: { decision } } });
    expect((await decide("again", "request_changes")).status?.state).toBe(TaskState.TASK_STATE_SUBMITTED);
    await shell("claim", "#1", "--as", "w");
    await shell("complete", "#1", "--as", "w", "--result", "2");
    const done = await decide("good", "approve");
    expect([done.id, done.status?.state, done.artifacts.length]).toEqual([id, TaskState.TASK_STATE_COMPLETED, 2]);
  });
});

describe("raw 0.3 requests, as shipped clients send them", () => {
  const ask = (base: string, method: string, params: object) =>
    fetch(`${base}a2a/`, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream" },
      body: JSON.stringify({ jsonrpc: "2.0", id: "1", method, params }),
    });
  const message = (text: string) => ({ kind: "message", messageId: crypto.randomUUID(), role: "user", parts: [{ kind: "text", text }] });

  test("message/stream with `blocking`: the task, its moves, and a final event", async () => {
    const { base, own } = await connect();
    const response = await ask(base, "message/stream", { message: message("old client"), configuration: { blocking: true } });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    await own("tasks/claim", { id: "#1", agent_id: "w" });
    await own("tasks/complete", { id: "#1", agent_id: "w", result: "done" });
    const events = (await response.text())
      .split("\n")
      .filter((line) => line.startsWith("data: "))
      .map((line) => JSON.parse(line.slice(6)));
    expect(events.map(({ id }) => id)).toEqual(events.map(() => "1"));
    expect(events.map(({ result }) => [result.kind, result.status?.state ?? "", result.final ?? false])).toEqual([
      ["task", "submitted", false],
      ["status-update", "working", false],
      ["artifact-update", "", false],
      ["status-update", "completed", true],
    ]);
  });

  test("message/send, tasks/get, tasks/cancel", async () => {
    const { base } = await connect();
    const call = async (method: string, params: object) =>
      (await (await ask(base, method, params)).json()) as { result: { id: string; status: { state: string } } };
    const { result } = await call("message/send", { message: message("old"), configuration: { blocking: false } });
    expect(result.status.state).toBe("submitted");
    expect((await call("tasks/get", { id: result.id })).result.status.state).toBe("submitted");
    expect((await call("tasks/cancel", { id: result.id })).result.status.state).toBe("canceled");
  });
});

describe("a client that leaves", () => {
  test.each(["SubscribeToTask", "SendStreamingMessage", "SendMessage"])("in the middle of %s leaves no waiter", async (method) => {
    const { base, client, own } = await connect();
    const { id } = await post(client, "long");
    const waiters = async () => (await own<{ waiters: number }>("workspace/info")).waiters;
    const leaving = new AbortController();
    const message = { messageId: crypto.randomUUID(), role: "ROLE_USER", parts: [{ text: "more" }] };
    const bodies = Array.from({ length: 8 }, (_, n) =>
      JSON.stringify({
        jsonrpc: "2.0",
        id: 1,
        method,
        params: method === "SubscribeToTask" ? { id } : { message: { ...message, messageId: `${n}` } },
      }),
    );
    const asked = bodies.map((body) =>
      fetch(`${base}a2a`, {
        method: "POST",
        headers: { "content-type": "application/json", "a2a-version": "1.0" },
        body,
        signal: leaving.signal,
      })
        .then((response) => response.text())
        .catch((error: Error) => error.name),
    );
    await until("eight wait", async () => (await waiters()) === 8);
    leaving.abort();
    expect(await Promise.all(asked)).toEqual(asked.map(() => "AbortError"));
    await until("nobody waits", async () => (await waiters()) === 0);
  });
});
