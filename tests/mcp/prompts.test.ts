import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer } from "../harness/server.ts";
import { CONNECTIONS, connect, type Host, rpc } from "./harness.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

const send = (name: string, more: object = {}) => rpc(server, "tasks/send", { name, agent_id: "anna", ...more });

describe.each(CONNECTIONS)("over $transport, through the $client client", (by) => {
  let host: Host;
  const kind = `${by.transport}-${by.client.replace(" ", "-")}`;

  beforeAll(async () => {
    host = await connect(server.url, { ...by, as: `heron-${kind}` });
  });
  afterAll(() => host.close());

  test("three prompts are listed with their arguments", async () => {
    const prompts = await host.listPrompts();
    expect(prompts.map(({ name, arguments: args = [] }) => [name, args.map((one) => `${one.name}${one.required ? "!" : ""}`)])).toEqual([
      ["standup", ["kind"]],
      ["handoff", ["task!", "to"]],
      ["plan", ["goal!", "kind"]],
    ]);
  });

  test("standup is made of what the board says now", async () => {
    const done = await send(`done ${kind}`, { kind });
    const stuck = await send(`stuck ${kind}`, { kind });
    const busy = await send(`busy ${kind}`, { kind });
    for (const { id } of [done, stuck, busy]) await rpc(server, "tasks/claim", { id, agent_id: "otter" });
    await rpc(server, "tasks/complete", { id: done.id, agent_id: "otter" });
    await rpc(server, "tasks/fail", { id: stuck.id, agent_id: "otter", reason: "no key for the vault" });
    const whole = await host.prompt("standup");
    expect(whole).toContain(`task.completed #${done.number} done ${kind} · otter`);
    expect(whole).toContain(`task.failed #${stuck.number} stuck ${kind} · otter · no key for the vault`);
    expect(whole).toContain(`#${busy.number} busy ${kind} · ${kind} · held by otter`);
    const other = await send(`other ${kind}`, { kind: `not-${kind}` });
    const part = await host.prompt("standup", { kind });
    expect(part).toContain(`busy ${kind}`);
    expect(part).not.toContain(`other ${kind}`);
    for (const { id } of [stuck, busy, other]) await rpc(server, "tasks/cancel", { id });
  });

  test("handoff tells the task and how to let go of it, by whatever names it", async () => {
    const { id, number } = await send(`hand ${kind} over`, { kind, description: "all there is to know" });
    await rpc(server, "tasks/claim", { id, agent_id: "otter" });
    await rpc(server, "notes/add", { id, agent_id: "otter", body: "the branch is fix/gate" });
    const text = await host.prompt("handoff", { task: `#${number} hand ${kind} over`, to: "@lynx" });
    for (const part of ["all there is to know", "the branch is fix/gate", "@lynx", `tasks_release #${number}`, "held by otter now"])
      expect(text).toContain(part);
    expect(await host.prompt("handoff", { task: id.slice(0, 8) })).toContain(`#${number}`);
    await rpc(server, "tasks/complete", { id, agent_id: "otter" });
    expect(await host.prompt("handoff", { task: String(number) })).toContain("completed for ever");
    await expect(host.prompt("handoff", { task: "#999999" })).rejects.toThrow("no task #999999");
    await expect(host.prompt("handoff", { task: " " })).rejects.toThrow("needs the argument task");
  });

  test("plan has the goal and what is on the board already", async () => {
    const { id, number } = await send(`parser ${kind}`, { kind });
    const text = await host.prompt("plan", { goal: "ship the parser\nthis week", kind });
    for (const part of ["> ship the parser\n> this week", "tasks_plan", `the kind "${kind}"`, `#${number} parser ${kind}`])
      expect(text).toContain(part);
    await expect(host.prompt("plan")).rejects.toThrow("goal");
    await expect(host.prompt("retro")).rejects.toThrow("coord has no prompt retro; it has standup, handoff, plan");
    await rpc(server, "tasks/cancel", { id });
  });

  test("ids, kinds and agents are completed", async () => {
    const { id, number } = await send(`Squeaky hinge ${kind}`, { kind });
    const closed = await send(`closed ${kind}`, { kind });
    await rpc(server, "tasks/cancel", { id: closed.id });
    const offered = `#${number} Squeaky hinge ${kind}`;
    for (const typed of [String(number), `#${number}`, id.slice(0, 8), `hinge ${kind}`])
      expect(await host.complete("handoff", "task", typed)).toContain(offered);
    expect((await host.complete("handoff", "task", String(number)))[0]).toBe(offered);
    expect(await host.complete("handoff", "task", "")).toContain(offered);
    expect(await host.complete("handoff", "task", "")).not.toContain(`#${closed.number} closed ${kind}`);
    expect(await host.complete("handoff", "task", `closed ${kind}`)).toEqual([`#${closed.number} closed ${kind}`]);
    expect(await host.complete("handoff", "task", "no such thing")).toEqual([]);
    for (const typed of [String(number), id.slice(0, 8), `hinge ${kind}`])
      expect(await host.complete(null, "id", typed)).toContain(String(number));

    expect((await host.complete("plan", "kind", kind))[0]).toBe(kind);
    expect((await host.complete("plan", "kind", `ot-${kind}`))[0]).toBe(`not-${kind}`);
    expect(await host.complete("standup", "kind", "bu")).toEqual(["bug", "build"]);
    expect(await host.complete("standup", "kind", "")).toEqual(expect.arrayContaining([kind, "task", "decision"]));
    expect(await host.complete("handoff", "to", "@ann")).toEqual(["anna"]);
    expect(await host.complete("plan", "goal", "s")).toEqual([]);
    await rpc(server, "tasks/cancel", { id });
  });
});
