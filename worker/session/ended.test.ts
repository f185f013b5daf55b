import { expect, it } from "vitest";
import { OWNER } from "../core/authorize.ts";
import { type Bench, onBench } from "../testing/engine.ts";
import { scriptedSocket } from "../testing/socket.ts";

/** A call that comes by a session which is over before the call's turn comes. */
async function callAndVanish(bench: Bench, method: string, params: object): Promise<void> {
  const socket = scriptedSocket({
    send() {
      throw new Error("the socket is closed");
    },
  });
  const { sessions } = bench.engine;
  sessions.open(socket, OWNER);
  void sessions.message(socket, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }), (job) => bench.engine.submit(job));
  sessions.close(socket);
  bench.run(false);
}

it.each([
  ["tasks/wait", {}],
  ["tasks/next", { agent_id: "ghost", wait_ms: 600_000 }],
  ["agents/inbox", { id: "ghost", wait_ms: 600_000 }],
  ["events/subscribe", {}],
])("%s leaves nobody waiting whose session ended meanwhile", (method, params) =>
  onBench(async (bench) => {
    await callAndVanish(bench, method, params);
    expect((await bench.call("workspace/info", {})).waiters).toBe(0);
    expect(bench.bugs).toEqual([]);
  })(),
);

it("an agent whose session ended before its call was applied is not here for ever", () =>
  onBench(async (bench) => {
    await callAndVanish(bench, "agents/heartbeat", { id: "ghost" });
    bench.advance(61_000);
    expect((await bench.call("agents/list", {})).map(({ id, status }) => [id, status])).toEqual([["ghost", "stale"]]);
  })());

it("a job goes to nobody whose session ended before the wait for it was applied", () =>
  onBench(async (bench) => {
    await callAndVanish(bench, "tasks/next", { agent_id: "ghost", wait_ms: 600_000 });
    const { id } = await bench.call("tasks/send", { name: "job" });
    expect(await bench.call("tasks/get", { id })).toMatchObject({ state: "pending", attempt: 0 });
  })());
