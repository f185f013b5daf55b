import { SendMessageRequest, TaskState } from "@a2a-js/sdk";
import { ClientFactory } from "@a2a-js/sdk/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer, until } from "../harness/server.ts";
import { connect, TRANSPORTS } from "../mcp/harness.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

test.each(TRANSPORTS)("a job posted over MCP (%s) is an A2A task while it moves", async (transport) => {
  await using heron = await connect(server.url, { as: "heron", transport });
  await using otter = await connect(server.url, { as: "otter", transport });
  const kind = `build-${transport}`;
  const { task } = (await heron.call("tasks_send", { name: "build it", kind, description: "all of it" })).answer;
  const client = await new ClientFactory().createFromUrl(server.url);
  const seen: string[] = [];
  const followed = (async () => {
    for await (const { payload } of client.resubscribeTask({ id: task.id, tenant: "" })) {
      if (payload?.$case === "artifactUpdate") seen.push(JSON.stringify(payload.value.artifact?.parts[0]?.content?.value));
      else if (payload && payload.$case !== "message") seen.push(TaskState[payload.value.status!.state].slice(11));
    }
  })();
  await until("the stream stands", () => seen.length === 1);
  await otter.call("tasks_next", { kind: [kind] });
  await otter.call("tasks_note", { id: task.id, body: "half way" });
  await otter.call("tasks_complete", { id: task.id, result: { commit: "abc" } });
  await followed;
  expect(seen).toEqual(["SUBMITTED", "WORKING", "WORKING", '{"commit":"abc"}', "COMPLETED"]);
  const { history } = await client.getTask({ id: task.id, tenant: "" });
  expect(history.map(({ parts }) => parts[0]?.content?.value)).toEqual(["build it\n\nall of it", "half way"]);
});

test.each(TRANSPORTS)("a job posted over A2A is worked on over MCP (%s), and its result comes back", async (transport) => {
  await using otter = await connect(server.url, { as: "otter", transport });
  const client = await new ClientFactory().createFromUrl(server.url);
  const kind = `ask-${transport}`;
  const answer = client.sendMessage(
    SendMessageRequest.fromJSON({
      message: { messageId: crypto.randomUUID(), role: "ROLE_USER", parts: [{ text: "Answer this\n\nplease" }, { data: { depth: 2 } }] },
      metadata: { [`${server.url}ext/work-queue/v1`]: { kind } },
    }),
  );
  const taken = (await otter.call("tasks_next", { kind: [kind], timeout_s: 20 })).answer.task;
  expect(taken).toMatchObject({ name: "Answer this", payload: { depth: 2 }, created_by: "a2a" });
  await otter.call("tasks_complete", { id: taken.id, result: "42" });
  expect(await answer).toMatchObject({
    id: taken.id,
    status: { state: TaskState.TASK_STATE_COMPLETED },
    artifacts: [{ parts: [{ content: { $case: "text", value: "42" } }] }],
  });
});
