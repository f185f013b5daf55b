import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer, until } from "../harness/server.ts";
import { CONNECTIONS, connect, rpc, waiters } from "./harness.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

test.each(CONNECTIONS)("a wait whose time is up is a normal answer, and its cursor misses nothing (%o)", async (by) => {
  await using host = await connect(server.url, by);
  const { cursor: after } = await rpc(server, "events/list", {});
  const first = await host.call("tasks_wait", { kind: ["ack"], name_contains: "late", timeout_s: 1, after });
  expect(first).toMatchObject({
    isError: false,
    answer: { timed_out: true, cursor: expect.any(Number), hint: expect.stringContaining("1500") },
  });
  await rpc(server, "tasks/send", { name: "the late one", kind: "ack" });
  for (let i = 0; i < 5; i++) await rpc(server, "tasks/send", { name: `newer ${i}`, kind: "ack" });
  const second = await host.call("tasks_wait", { kind: ["ack"], name_contains: "late", after: first.answer.cursor });
  expect(second.answer).toMatchObject({ timed_out: false, task: { name: "the late one" } });
});

test.concurrent.each(CONNECTIONS)(
  "a long wait says after a second, and then every 10, that it is alive: the client's own timer starts anew (%o)",
  async (by) => {
    await using host = await connect(server.url, { ...by, as: `patient-${by.client.replace(" ", "-")}-${by.transport}` });
    const heard: unknown[] = [];
    // the client gives up after 11 s without a word, sooner than the wait ends
    const { answer } = await host.call(
      "tasks_wait",
      { kind: ["never"], timeout_s: 13 },
      { onprogress: (progress) => heard.push(progress), timeout: 11_000, resetTimeoutOnProgress: true },
    );
    expect(answer.timed_out).toBe(true);
    expect(heard).toEqual([
      { progress: 1, total: 13, message: "waiting, 1 of 13 s" },
      { progress: 10, total: 13, message: "waiting, 10 of 13 s" },
    ]);
  },
);

test.each(CONNECTIONS)("a wait that the client cancels is gone from the server, and the connection stays (%o)", async (by) => {
  await using host = await connect(server.url, { ...by, as: "fickle" });
  await host.call("checkin");
  const before = await waiters(server);
  const cancel = new AbortController();
  const waiting = host.call("tasks_wait", { kind: ["never"] }, { signal: cancel.signal });
  const inLine = host.call("tasks_next", { kind: ["never"], timeout_s: 40 }, { signal: cancel.signal });
  await until("both stand", async () => (await waiters(server)) === before + 2);
  cancel.abort();
  await expect(waiting).rejects.toThrow();
  await expect(inLine).rejects.toThrow();
  await until("both are gone", async () => (await waiters(server)) === before);
  const { id } = await rpc(server, "tasks/send", { name: "nobody's", kind: "never" });
  expect(await rpc(server, "tasks/get", { id })).toMatchObject({ state: "pending" });
  await rpc(server, "tasks/cancel", { id });
  expect((await host.call("agents_list")).isError).toBe(false);
});

test.each(CONNECTIONS)("tasks_next waits in line and is handed the job that is posted (%o)", async (by) => {
  await using host = await connect(server.url, { ...by, as: "worker" });
  const next = host.call("tasks_next", { kind: ["parcel"], timeout_s: 40 });
  await until("it stands in line", async () => (await waiters(server)) === 1);
  const { id } = await rpc(server, "tasks/send", { name: "one parcel", kind: "parcel" });
  expect((await next).answer.task).toMatchObject({ id, claimed_by: "worker" });
});

test("a wait outlives the server's restart, and so do the claims", async () => {
  const first = await startServer();
  await using host = await connect(first.url, { as: "steady" });
  const { id } = (await host.call("tasks_send", { name: "held through it" })).answer.task;
  await host.call("tasks_claim", { id });
  const waiting = host.call("tasks_wait", { kind: ["ack"], timeout_s: 40 });
  await until("the wait stands", async () => (await waiters(first)) === 1);
  await first.kill();
  await using second = await startServer({ addr: `127.0.0.1:${first.port}`, db: first.dir });
  await rpc(second, "tasks/send", { name: "after it", kind: "ack" });
  expect((await waiting).answer).toMatchObject({ timed_out: false, task: { name: "after it" } });
  expect((await host.call("tasks_complete", { id })).answer).toMatchObject({ ok: true, task: { state: "completed" } });
});
