import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer, until } from "../harness/server.ts";
import { type Answer, connect, rpc } from "./harness.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const leaseUntil = async (id: string): Promise<number> => Date.parse((await rpc(server, "tasks/get", { id }))?.lease_until ?? "");

test("a claim outlives its lease many times over while the process lives, and ends with it", async () => {
  const host = await connect(server.url, { as: "keeper" });
  const { id } = (await host.call("tasks_send", { name: "long work" })).answer.task;
  const { lease_until } = (await host.call("tasks_claim", { id, leaseSeconds: 1 })).answer.task.claim;
  await until("the lease was extended past three of its lengths", async () => (await leaseUntil(id)) > Date.parse(lease_until) + 3000);
  expect(await rpc(server, "tasks/get", { id })).toMatchObject({ state: "claimed", claimed_by: "keeper" });
  await host.close();
  await until("the lease lapsed after it", async () => (await rpc(server, "tasks/get", { id }))?.state === "pending");
});

test("an agent whose job was called off is told with its next answer", async () => {
  await using host = await connect(server.url, { as: "busy" });
  const { id, number } = (await host.call("tasks_send", { name: "doomed" })).answer.task;
  await host.call("tasks_claim", { id, leaseSeconds: 1 });
  await rpc(server, "tasks/cancel", { id });
  let told: Answer | undefined;
  await until("it is told", async () => {
    const answer = await host.call("agents_list");
    if (answer.answer.notices) told = answer;
    return told !== undefined;
  });
  expect(told?.answer.notices).toEqual([expect.stringContaining(`You lost your lease on #${number} "doomed"`)]);
});

test("a host that was started again under the same handle takes its jobs up by checking in", async () => {
  const before = await connect(server.url, { as: "phoenix" });
  const { id } = (await before.call("tasks_send", { name: "survivor" })).answer.task;
  const { lease_until } = (await before.call("tasks_claim", { id, leaseSeconds: 30 })).answer.task.claim;
  await before.close();
  await using after = await connect(server.url, { as: "phoenix" });
  expect((await after.call("checkin")).answer.holds).toEqual([expect.objectContaining({ id })]);
  expect(await leaseUntil(id)).toBeGreaterThan(Date.parse(lease_until) + 100_000);
  expect((await after.call("tasks_complete", { id })).answer.ok).toBe(true);
});
