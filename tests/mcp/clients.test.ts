import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer, until } from "../harness/server.ts";
import { CONNECTIONS, connect, type Host, rpc, waiters } from "./harness.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

describe.each(CONNECTIONS)("over $transport, through the $client client", ({ transport, client: clientKind }) => {
  const client = `${transport} ${clientKind}`;
  let heron: Host;
  let otter: Host;

  beforeAll(async () => {
    heron = await connect(server.url, { transport, client: clientKind, as: "heron" });
    otter = await connect(server.url, { transport, client: clientKind, as: "otter" });
  });
  afterAll(() => Promise.all([heron.close(), otter.close()]));

  test("the tools are listed in under 5,000 tokens, with the protocol that an agent follows", async () => {
    const tools = await heron.listTools();
    expect(tools).toHaveLength(19);
    expect(JSON.stringify(tools).length / 3.5).toBeLessThan(5000);
    expect(tools.every((tool) => tool.outputSchema !== undefined)).toBe(true);
    expect(heron.instructions).toContain('You are "heron"');
  });

  test("a job goes from its post to an ack that another agent's wait is woken by", async () => {
    const posted = await heron.call("tasks_send", { name: `${client}: mend the gate`, kind: "bug", payload: { file: "gate.ts" } });
    const { id, number } = posted.answer.task;
    const claim = await heron.call("tasks_claim", { id: `#${number}` });
    expect(claim.answer.task).toMatchObject({ id, state: "claimed", claimed_by: "heron", payload: { file: "gate.ts" } });
    const refused = await otter.call("tasks_claim", { id });
    expect(refused).toMatchObject({ isError: true, answer: { code: "conflict", reason: "already_claimed", now: { holder: "heron" } } });

    const waiting = otter.call("tasks_wait", { kind: ["ack"], name_contains: `${client} stable` });
    await until("the wait stands", async () => (await waiters(server)) === 1);
    const done = await heron.call("tasks_complete", {
      id,
      result: { commit: "abc123" },
      postAck: true,
      ackName: `${client} stable`,
      ackPayload: { commit: "abc123" },
    });
    expect(done.answer).toMatchObject({ ok: true, task: { state: "completed" }, ack: { kind: "ack", priority: "high" } });
    const woken = await waiting;
    expect(woken.answer).toMatchObject({
      timed_out: false,
      task: { name: `${client} stable`, payload: { commit: "abc123", fixed_bug_id: id } },
    });
    expect(woken.answer.cursor).toBeGreaterThan(0);
  });

  test("every other tool answers, too", async () => {
    const first = (await heron.call("tasks_send", { name: `${client}: one`, kind: client, labels: ["x"] })).answer.task;
    const next = await otter.call("tasks_next", { kind: [client], leaseSeconds: 60 });
    expect(next.answer.task).toMatchObject({ id: first.id, claimed_by: "otter" });
    expect((await otter.call("tasks_extend", { id: first.id, leaseSeconds: 120 })).answer).toMatchObject({ ok: true });
    expect((await otter.call("checkin")).answer.holds).toEqual([expect.objectContaining({ id: first.id })]);
    expect((await otter.call("tasks_release", { id: first.id, reason: "lunch" })).answer.task.state).toBe("pending");
    await otter.call("tasks_claim", { id: first.id });
    expect((await otter.call("tasks_fail", { id: first.id, reason: "no key" })).answer.task.state).toBe("failed");
    expect((await heron.call("tasks_cancel", { id: first.id })).answer).toEqual({ ok: true });
    expect((await heron.call("tasks_list", { kind: client, state: "any", label: "x" })).answer.tasks).toEqual([
      expect.objectContaining({ id: first.id, state: "cancelled" }),
    ]);
    expect((await heron.call("tasks_get", { id: first.id })).answer.task).toMatchObject({ id: first.id, description: "", depends_on: [] });
    expect((await heron.call("tasks_reclaim")).answer.tasks).toEqual([]);
    expect((await heron.call("agents_heartbeat")).answer).toEqual({ ok: true, id: "heron" });
    const { agents, you } = (await heron.call("agents_list")).answer;
    expect(you).toBe("heron");
    expect(agents).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ id: "heron", status: "active" }),
        expect.objectContaining({ id: "otter", status: "active" }),
      ]),
    );
  });

  test("a refusal keeps to the tool's output schema, which older clients check", async () => {
    for (const [name, args, code] of [
      ["tasks_get", { id: "#999999" }, undefined],
      ["tasks_claim", { id: "#999999" }, "not_found"],
      ["tasks_claim", {}, "invalid_params"],
      ["tasks_send", { name: "x", prio: 1 }, "invalid_params"],
      ["tasks_send", { name: "" }, "invalid_params"],
      ["tasks_wait", { after: 999_999_999 }, "cursor_ahead"],
      ["tasks_list", { state: "asleep" }, "invalid_params"],
    ] as const) {
      const { isError, answer } = await heron.call(name, args);
      expect([name, isError, answer.code]).toEqual([name, code !== undefined, code]);
      if (code) expect(answer).toMatchObject({ message: expect.any(String), remedy: expect.any(String) });
    }
  });

  test("of two agents that claim the same job at once, exactly one has it", async () => {
    for (let round = 0; round < 10; round++) {
      const { id } = (await heron.call("tasks_send", { name: `${client}: race ${round}` })).answer.task;
      const claims = await Promise.all([heron.call("tasks_claim", { id }), otter.call("tasks_claim", { id })]);
      expect(claims.filter(({ isError }) => !isError)).toHaveLength(1);
      await rpc(server, "tasks/cancel", { id });
    }
  });

  test("a tool that does not exist is a protocol error", async () => {
    await expect(heron.call("tasks_steal")).rejects.toThrow("coord has no tool tasks_steal");
  });
});

test("without --as the process makes a handle of its own and says it", async () => {
  await using host = await connect(server.url, { as: "" });
  expect(host.instructions).toMatch(/You are "[a-z]+-[a-z]+"/);
});
