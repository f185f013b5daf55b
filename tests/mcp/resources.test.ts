import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer, until } from "../harness/server.ts";
import { CONNECTIONS, connect, type Host, rpc, waiters } from "./harness.ts";

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

  test("the board, the agents, the log and the open tasks are listed, and there is one template", async () => {
    const { number, id } = await send(`listed ${kind}`, { kind });
    // the first list does not wait for a session that is not open yet
    await until("the server is reached", async () => (await host.listResources()).length > 3);
    const listed = await host.listResources();
    expect(listed.slice(0, 3).map(({ uri }) => uri)).toEqual(["coord://board", "coord://agents", "coord://log"]);
    expect(listed).toContainEqual(expect.objectContaining({ uri: `coord://tasks/${number}`, name: `#${number} listed ${kind}` }));
    expect((await host.listTemplates()).map(({ uriTemplate }) => uriTemplate)).toEqual(["coord://tasks/{id}"]);
    await rpc(server, "tasks/cancel", { id });
    expect((await host.listResources()).map(({ uri }) => uri)).not.toContain(`coord://tasks/${number}`);
  });

  test("the board says who holds what, what failed, what is ready and what waits", async () => {
    const held = await send(`held ${kind}`, { kind });
    const failed = await send(`failed ${kind}`, { kind, priority: "high" });
    const first = await send(`first ${kind}`, { kind });
    const second = await send(`second ${kind}`, { kind, depends_on: [first.id] });
    await rpc(server, "tasks/claim", { id: held.id, agent_id: "otter" });
    await rpc(server, "tasks/claim", { id: failed.id, agent_id: "otter" });
    await rpc(server, "tasks/fail", { id: failed.id, agent_id: "otter", reason: "no key" });
    const text = await host.read("coord://board");
    const part = (title: string) => text.split("\n## ").find((one) => one.startsWith(title)) ?? "";
    expect(text).toMatch(/^# Board default\n\n\d+ claimed, /);
    expect(part("In progress")).toContain(`- #${held.number} held ${kind} · ${kind} · held by otter · until `);
    expect(part("Failed")).toContain(`- #${failed.number} failed ${kind} · ${kind} · high · by otter`);
    expect(part("Ready to claim")).toContain(`- #${first.number} first ${kind}`);
    expect(part("Held or not open")).toContain(`- #${second.number} second ${kind} · ${kind} · waits for another job`);
    for (const { id } of [held, failed, first, second]) await rpc(server, "tasks/cancel", { id });
  });

  test("a task is read by number, id and prefix, with what was said and done; what was taken back stays withheld", async () => {
    const { id, number } = await send(`told ${kind}`, {
      kind,
      description: "how it is done",
      payload: { file: "gate.ts" },
      review: "required",
    });
    await rpc(server, "notes/add", { id, agent_id: "anna", body: "look at the hinge" });
    const { note_id } = await rpc(server, "notes/add", { id, agent_id: "anna", body: "the password is hunter2" });
    await rpc(server, "notes/retract", { note_id, reason: "a secret", agent_id: "anna" });
    await rpc(server, "tasks/claim", { id, agent_id: "otter" });
    await rpc(server, "tasks/complete", { id, agent_id: "otter", result: { commit: "abc" }, summary: "oiled" });
    await rpc(server, "tasks/review", { id, agent_id: "anna", decision: "request_changes", body: "it still squeaks" });
    const text = await host.read(`coord://tasks/${number}`);
    for (const part of [
      `# #${number} told ${kind}`,
      "how it is done",
      '"file": "gate.ts"',
      "look at the hinge",
      "it still squeaks",
      "oiled",
    ])
      expect(text).toContain(part);
    expect(text).toContain("taken back by anna: a secret");
    expect(text).not.toContain("hunter2");
    expect(text).toContain("task.submitted · otter");
    for (const ref of [id, id.slice(0, 8), id.toUpperCase()]) expect(await host.read(`coord://tasks/${ref}`)).toBe(text);
  });

  test("agents and log say who is here and what happened", async () => {
    const { id, number } = await send(`seen ${kind}`, { kind });
    await rpc(server, "tasks/claim", { id, agent_id: `otter-${kind}` });
    expect(await host.read("coord://agents")).toContain(`- **otter-${kind}** · active · holds #${number} seen ${kind}`);
    expect(await host.read("coord://log")).toMatch(new RegExp(`- \\d+ \\S+ \\S+ task.claimed #${number} seen ${kind} · otter-${kind}\n$`));
    await rpc(server, "tasks/cancel", { id });
  });

  test.each([
    ["coord://tasks/999999", "no resource"],
    ["coord://tasks/", "no resource"],
    ["coord://tasks/%zz", "no resource"],
    ["coord://nothing", "no resource"],
    ["file:///etc/passwd", "no resource"],
  ])("%s is refused", async (uri, says) => {
    await expect(host.read(uri)).rejects.toThrow(says);
  });
});

const WATCHING = CONNECTIONS.filter(({ transport, client }) => transport === "stdio" || client === "v2");

describe.each(WATCHING)("changes, over $transport, through the $client client", (by) => {
  test("who subscribed is told, of what concerns it, once for many changes, and no more after the end", async () => {
    await using host = await connect(server.url, { ...by, as: "watcher" });
    const before = await waiters(server);
    const { id, number } = await send("watched");
    const other = await send("not watched");
    const watch = await host.watch([`coord://tasks/${number}`, `coord://tasks/${id}`, "coord://board", "coord://agents"]);
    await rpc(server, "notes/add", { id: other.id, agent_id: "anna", body: "nobody asked" });
    await until("the board is told of", () => watch.heard.includes("coord://board"));
    expect(watch.heard.filter((uri) => uri.startsWith("coord://tasks/"))).toEqual([]);
    await rpc(server, "tasks/claim", { id, agent_id: "otter" });
    await until("all four are told of", () =>
      [`coord://tasks/${number}`, `coord://tasks/${id}`, "coord://board", "coord://agents"].every((uri) => watch.heard.includes(uri)),
    );
    expect(await host.read(`coord://tasks/${number}`)).toContain("held by: otter");

    watch.heard.length = 0;
    for (let each = 0; each < 40; each++) await rpc(server, "notes/add", { id, agent_id: "anna", body: `${each}` });
    await rpc(server, "tasks/release", { id, agent_id: "otter" });
    await until("the last change is told of", () => watch.heard.includes("coord://agents"));
    expect(watch.heard.filter((uri) => uri === "coord://board").length).toBeLessThan(8);

    await watch.stop();
    await until("nothing of it is left", async () => (await waiters(server)) === before);
    watch.heard.length = 0;
    await rpc(server, "tasks/cancel", { id });
    // whatever came of the cancellation would have come before what another subscription is told of later
    const later = await host.watch([`coord://tasks/${other.number}`]);
    await rpc(server, "tasks/cancel", { id: other.id });
    await until("the other is told of", () => later.heard.includes(`coord://tasks/${other.number}`));
    expect([...watch.heard, ...later.heard].filter((uri) => uri === `coord://tasks/${number}`)).toEqual([]);
    await later.stop();
  });

  test("who subscribed to the log is told of what is no task's either", async () => {
    await using host = await connect(server.url, { ...by, as: "log-watcher" });
    const watch = await host.watch(["coord://log"]);
    const newcomer = `newcomer-${by.transport}-${by.client.replace(" ", "-")}`;
    await rpc(server, "agents/heartbeat", { id: newcomer, name: newcomer });
    await until("the log is told of", () => watch.heard.length > 0);
    expect(new Set(watch.heard)).toEqual(new Set(["coord://log"]));
    expect(await host.read("coord://log")).toContain(`agent.seen · ${newcomer}`);
    await watch.stop();
  });

  test("a task that appears changes the list", async () => {
    await using host = await connect(server.url, { ...by, as: "lister" });
    await host.listResources();
    const watch = await host.watch([], true);
    await until("it is told of", async () => {
      if (watch.heard.includes("list")) return true;
      const { id } = await send("new");
      await rpc(server, "tasks/cancel", { id });
      await new Promise((next) => setTimeout(next, 200));
      return false;
    });
    expect(watch.heard.every((one) => one === "list")).toBe(true);
  });
});

test("over HTTP an older client is not promised what it could not get", async () => {
  await using host = await connect(server.url, { transport: "http", client: "v1" });
  await expect(host.watch(["coord://board"])).rejects.toThrow();
});
