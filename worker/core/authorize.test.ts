import { describe, expect, it } from "vitest";
import { type Action, METHOD_NAMES, METHODS, type Role } from "../../protocol/index.ts";
import { onBench } from "../testing/engine.ts";
import { authorize } from "./authorize.ts";

const MAY: Record<Role, readonly Action[]> = {
  owner: ["read", "write", "admin"],
  admin: ["read", "write", "admin"],
  member: ["read", "write"],
  viewer: ["read"],
};

describe("who may do what", () => {
  it.each(Object.keys(MAY) as Role[])("%s: exactly what the role allows, for every method", (role) => {
    for (const method of METHOD_NAMES) {
      const { action } = METHODS[method];
      const refusal = authorize({ id: "p", role }, action);
      expect(refusal === undefined, `${role} ${method}`).toBe(MAY[role].includes(action));
      if (refusal) expect(refusal).toMatchObject({ code: "forbidden", data: { role, action } });
    }
  });

  it(
    "is asked in the one path of every command, before anything is written",
    onBench(async (bench) => {
      const viewer = { id: "eve", role: "viewer" } as const;
      expect((await bench.raw("tasks/list", {}, viewer)).result).toEqual([]);
      for (const [method, params] of [
        ["tasks/send", { name: "x", agent_id: "eve", idempotency_key: "k" }],
        ["tasks/next", { agent_id: "eve", wait_ms: 1000 }],
        ["agents/heartbeat", { id: "eve", name: "Eve" }],
        ["agents/checkin", { id: "eve" }],
      ] as const) {
        const refused = await bench.refusal(method, params, viewer);
        expect([refused.code, refused.data.code], method).toEqual([-32011, "forbidden"]);
      }
      expect(await bench.call("workspace/info", {})).toMatchObject({ head: 0, agents: 0, waiters: 0 });
    }),
  );

  it(
    "is written on every line of the log: which principal made the change",
    onBench(async (bench) => {
      const member = { id: "mia", role: "member" } as const;
      await bench.raw("tasks/send", { name: "x" }, member);
      await bench.call("tasks/send", { name: "y" });
      const { events } = await bench.call("events/list", { after: 0 });
      expect(events.map((event) => event.principal)).toEqual(["mia", "owner"]);
    }),
  );
});
