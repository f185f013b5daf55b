import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { Event, WaitResult } from "../../protocol/index.ts";
import { fetchWorker, HttpClient, SessionClient } from "../testing/pool.ts";

const hibernate = (board: HttpClient) => evictDurableObject(board.stub, { webSockets: "hibernate" });

describe("a wake that the object slept through", () => {
  it("is still armed, still one a session, and still wakes", async () => {
    const board = new HttpClient();
    const session = await SessionClient.open(board.name);
    await board.call("agents/checkin", { id: "a" });
    const ask = { id: "a", wait_ms: 600_000, filter: { kind: "ack" }, wake: { host: "claude", session: "tab" } };
    const first = session.send("agents/inbox", ask);
    await board.waiting(1);
    const armed = async () => (await board.call("agents/list", {})).find((agent) => agent.id === "a")!.wake;
    const before = await armed();
    await hibernate(board);
    expect([before!.host, await armed()]).toEqual(["claude", before]);
    const second = session.send("agents/inbox", ask);
    expect((await session.result("agents/inbox", first)).replaced).toBe(true);
    await hibernate(board);
    await board.call("tasks/send", { name: "stable", kind: "ack" });
    expect((await session.result("agents/inbox", second)).items.map((item) => item.why)).toEqual(["match"]);
    expect(await armed()).toBeNull();
    session.close();
  });
});

describe("fifty waits that the object slept through", () => {
  it("are all there again: each is answered by its own match, none by another's", async () => {
    const board = new HttpClient();
    const sessions = await Promise.all(Array.from({ length: 5 }, () => SessionClient.open(board.name)));
    const waits = Array.from({ length: 50 }, (_, n) => {
      const session = sessions[n % 5]!;
      const filter = n % 2 ? { kind: "ack", name_contains: `release-${n}-` } : { kind: `kind-${n}` };
      return { session, id: session.send("tasks/wait", { filter }), n };
    });
    await board.waiting(50);
    await hibernate(board);
    expect((await board.call("workspace/info", {})).waiters).toBe(50);
    await hibernate(board);
    const sent = await board.batch(
      "tasks/send",
      waits.map(({ n }) => (n % 2 ? { name: `Release-${n}-final`, kind: "ack" } : { name: "job", kind: `kind-${n}` })).reverse(),
    );
    for (const { session, id, n } of waits) {
      const { task, event } = await session.result("tasks/wait", id);
      expect([task!.id, event!.type]).toEqual([sent[49 - n]!.id, "task.created"]);
    }
    // what is answered stays answered, also after the next sleep
    await hibernate(board);
    expect((await board.call("workspace/info", {})).waiters).toBe(0);
    await board.batch(
      "tasks/send",
      waits.map(({ n }) => (n % 2 ? { name: `Release-${n}-again`, kind: "ack" } : { name: "again", kind: `kind-${n}` })),
    );
    for (const session of sessions) {
      await session.call("workspace/info", {});
      expect(session.frames).toEqual([]);
    }
  });

  it("time out at their time: the alarm wakes the object", async () => {
    const board = new HttpClient();
    const session = await SessionClient.open(board.name);
    const waits = Array.from({ length: 50 }, () => session.send("tasks/wait", { filter: { kind: "ack" }, timeout_ms: 700 }));
    await board.waiting(50);
    await hibernate(board);
    for (const id of waits) expect((await session.result("tasks/wait", id)).timed_out).toBe(true);
  });

  it("go with their sockets, when those close", async () => {
    const board = new HttpClient();
    const session = await SessionClient.open(board.name);
    for (let n = 0; n < 50; n += 1) session.send("tasks/wait", { filter: { kind: "ack" } });
    await board.waiting(50);
    await evictDurableObject(board.stub, { webSockets: "close" });
    expect(await board.call("workspace/info", {})).toMatchObject({ waiters: 0, sessions: 0 });
  });
});

describe("what else a session keeps in its sleep", () => {
  it("an `all` wait, a cancelled one, and ids that are the client's own", async () => {
    const board = new HttpClient();
    const session = await SessionClient.open(board.name);
    const jobs = await board.batch("tasks/send", [{ name: "a" }, { name: "b" }]);
    const ids = jobs.map((job) => job.id);
    const all = session.send("tasks/wait", { filter: { ids, state: "cancelled" }, all: true });
    const dropped = session.send("tasks/wait", { filter: { kind: "ack" } });
    await board.waiting(2);
    await hibernate(board);
    expect(await session.call("session/cancel", { id: dropped })).toEqual({ ok: true });
    expect((await session.result("tasks/wait", dropped)).timed_out).toBe(true);
    await hibernate(board);
    for (const id of ids) {
      await board.call("tasks/cancel", { id });
      await hibernate(board);
    }
    expect(((await session.answer(all)).result as WaitResult).tasks!.map((task) => task.id)).toEqual(ids);
  });

  it("a replay that was only half sent goes on where it stopped, without a gap or a repeat", async () => {
    const board = new HttpClient();
    for (let n = 0; n < 12; n += 1)
      await board.batch(
        "tasks/send",
        Array.from({ length: 100 }, (_, i) => ({ name: `${n}-${i}` })),
      );
    const session = await SessionClient.open(board.name);
    const { subscription } = await session.call("events/subscribe", { after: 0 });
    const seqs: number[] = [];
    const isEvents = (frame: { method?: string; params?: { subscription: number } }) =>
      frame.method === "events" && frame.params!.subscription === subscription;
    const take = async () => {
      const { params } = await session.next<{ params: { subscription: number; events: Event[] } }>(isEvents);
      seqs.push(...params.events.map((event) => event.seq));
    };
    await take();
    await hibernate(board);
    // whatever wakes the object lets it go on
    await board.batch(
      "tasks/send",
      Array.from({ length: 10 }, (_, n) => ({ name: `live ${n}` })),
    );
    while (seqs.length < 1_210) await take();
    expect(seqs).toEqual(Array.from({ length: 1_210 }, (_, n) => n + 1));
  });

  it("the order of the line across sockets, however they come back", async () => {
    const board = new HttpClient();
    const sessions = [await SessionClient.open(board.name), await SessionClient.open(board.name), await SessionClient.open(board.name)];
    const line = [];
    for (const n of [1, 0, 2, 2, 0, 1, 0, 2, 1]) {
      line.push({ session: sessions[n]!, id: sessions[n]!.send("tasks/next", { agent_id: `agent-${n}`, wait_ms: 600_000 }) });
      await board.waiting(line.length);
    }
    await hibernate(board);
    const jobs = await board.batch(
      "tasks/send",
      line.map((_, n) => ({ name: `${n}` })),
    );
    const got = await Promise.all(line.map(async ({ session, id }) => (await session.result("tasks/next", id))!.id));
    expect(got).toEqual(jobs.map((job) => job.id));
  });

  it("its place behind an idempotency key: asked again on a new socket, it moves there", async () => {
    const board = new HttpClient();
    const lost = await SessionClient.open(board.name);
    const call = { agent_id: "a", wait_ms: 600_000, idempotency_key: "k" };
    const first = lost.send("tasks/next", call);
    await board.waiting(1);
    await hibernate(board);
    const back = await SessionClient.open(board.name);
    const second = back.send("tasks/next", call);
    expect((await lost.answer(first)).result).toBeNull();
    await hibernate(board);
    const { id } = await board.call("tasks/send", { name: "job" });
    expect((await back.result("tasks/next", second))!.id).toBe(id);
  });

  it("answers a ping without being woken", async () => {
    const board = new HttpClient();
    const response = await fetchWorker(`/w/${board.name}/session`, { headers: { upgrade: "websocket" } });
    const socket = response.webSocket!;
    const pong = new Promise((resolve) => socket.addEventListener("message", (event) => resolve(event.data)));
    socket.accept();
    await hibernate(board);
    socket.send("ping");
    expect(await pong).toBe("pong");
  });
});
