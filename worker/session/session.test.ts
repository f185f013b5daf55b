import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { Event, Task, WaitResult } from "../../protocol/index.ts";
import { HttpClient, SessionClient } from "../testing/pool.ts";

type EventsFrame = { method: "events"; params: { subscription: number; events: Event[]; cursor: number } };
const isEvents = (frame: { method?: string }) => frame.method === "events";

describe("a session that the object slept through", () => {
  it("answers a wait that was open when the object was evicted", async () => {
    const http = new HttpClient();
    const session = await SessionClient.open(http.name);
    const waiting = session.send("tasks/wait", { filter: { kind: "ack", name_contains: "v1.1" } });
    await session.call("workspace/info", {});
    await evictDurableObject(http.stub, { webSockets: "hibernate" });
    await http.call("tasks/send", { name: "unrelated", kind: "ack" });
    const posted = await http.call("tasks/send", { name: "V1.1 stable", kind: "ack" });
    const { result } = (await session.answer(waiting)) as { result: WaitResult };
    expect(result.task?.id).toBe(posted.id);
    expect(result.timed_out).toBe(false);
    expect(session.frames).toEqual([]);
  });

  it("goes on with a subscription, without a gap or a repeat", async () => {
    const http = new HttpClient();
    const session = await SessionClient.open(http.name);
    await http.call("tasks/send", { name: "before" });
    const { cursor } = await session.call("events/subscribe", {});
    await evictDurableObject(http.stub, { webSockets: "hibernate" });
    const one = await http.call("tasks/send", { name: "one" });
    await evictDurableObject(http.stub, { webSockets: "hibernate" });
    const two = await http.call("tasks/send", { name: "two" });
    const frames = [await session.next<EventsFrame>(isEvents), await session.next<EventsFrame>(isEvents)];
    expect(frames.flatMap((frame) => frame.params.events.map((event) => event.task_id))).toEqual([one.id, two.id]);
    expect(frames[0]!.params.events[0]!.seq).toBe(cursor + 1);
  });

  it("keeps the line for tasks/next in order", async () => {
    const http = new HttpClient();
    const sessions = [await SessionClient.open(http.name), await SessionClient.open(http.name), await SessionClient.open(http.name)];
    const ids: number[] = [];
    for (const [n, session] of sessions.entries()) {
      ids.push(session.send("tasks/next", { agent_id: `agent-${n}`, wait_ms: 600_000 }));
      await session.call("workspace/info", {});
      await evictDurableObject(http.stub, { webSockets: "hibernate" });
    }
    for (const [n, session] of sessions.entries()) {
      const task = await http.call("tasks/send", { name: `job ${n}` });
      const got = (await session.answer(ids[n]!)).result as Task;
      expect([got.id, got.claimed_by]).toEqual([task.id, `agent-${n}`]);
    }
  });

  it("still shows the agent of an open session as active", async () => {
    const http = new HttpClient();
    const session = await SessionClient.open(http.name);
    await session.call("agents/heartbeat", { id: "harbor-lynx", name: "Harbor" });
    await evictDurableObject(http.stub, { webSockets: "hibernate" });
    const [agent] = await http.call("agents/list", {});
    expect([agent!.id, agent!.name, agent!.status]).toEqual(["harbor-lynx", "Harbor", "active"]);
  });
});
