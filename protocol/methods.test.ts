import { describe, expect, it } from "vitest";
import { EVENT_DATA, EVENT_TYPES } from "./events.ts";
import { Filter, foldCase, matches, wantedStates } from "./filter.ts";
import { RpcId } from "./jsonrpc.ts";
import { METHOD_NAMES, METHODS, SESSION_METHODS } from "./methods.ts";
import { AgentId, type TaskSnapshot, Time, WorkspaceName } from "./records.ts";
import { snakeParams } from "./spelling.ts";

describe("the methods", () => {
  it("take an idempotency key exactly where they change something", () => {
    for (const name of METHOD_NAMES) {
      const shape = (METHODS[name].params as unknown as { shape: Record<string, unknown> }).shape;
      expect("idempotency_key" in shape, name).toBe(METHODS[name].mutates);
      if (METHODS[name].mutates) expect(METHODS[name].action, name).not.toBe("read");
      expect(METHODS[name].summary, name).toMatch(/^[A-Z].*\.$/);
    }
  });

  it("have the bulletin's ten among them", () => {
    const ten = ["send", "list", "get", "claim", "extend", "complete", "cancel", "reclaim"].map((verb) => `tasks/${verb}`);
    for (const name of [...ten, "agents/heartbeat", "agents/list", ...SESSION_METHODS]) expect(METHOD_NAMES).toContain(name);
  });

  it("clamp what older clients send out of range, and cut fractions", () => {
    const claim = (lease_seconds: number) => METHODS["tasks/claim"].params.parse({ id: "#1", agent_id: "a", lease_seconds }).lease_seconds;
    expect([-1, 0, 1, 1.9, 3600, 3601, 1e12].map(claim)).toEqual([1, 1, 1, 1, 3600, 3600, 3600]);
    const list = METHODS["tasks/list"].params.parse({ limit: 1e9, wait_ms: 1e9 });
    expect([list.limit, list.wait_ms]).toEqual([500, 60_000]);
    expect(METHODS["tasks/wait"].params.parse({ timeout_ms: 3_600_000 }).timeout_ms).toBe(3_600_000);
  });
});

describe("camelCase", () => {
  it("becomes snake_case in a call's own parameters and in its filter, and nowhere deeper", () => {
    const given = { agentId: "a", ackPayload: { fixedBugId: 1 }, filter: { nameContains: "x", ignoreIds: [] }, payload: { aB: { cD: 1 } } };
    expect(snakeParams(given)).toEqual({
      agent_id: "a",
      ack_payload: { fixedBugId: 1 },
      filter: { name_contains: "x", ignore_ids: [] },
      payload: { aB: { cD: 1 } },
    });
  });

  it("brings in no prototype", () => {
    const hostile = JSON.parse('{"__proto__":{"name":"evil"},"filter":{"__proto__":{"kind":"evil"}}}');
    const out = snakeParams(hostile) as { name?: string; filter: { kind?: string } };
    expect([out.name, out.filter.kind]).toEqual([undefined, undefined]);
    expect(({} as { name?: string }).name).toBeUndefined();
  });
});

describe("the filter", () => {
  const task: TaskSnapshot = {
    id: "00000000-0000-4000-8000-000000000001",
    number: 1,
    name: "Größe STRASSE",
    kind: "bug",
    priority: "high",
    state: "pending",
    performer: "agent",
    assignee: null,
    labels: ["a", "b"],
    claimed_by: null,
    created_by: "ada",
    attempt: 0,
    rev: 1,
    ready: true,
  };
  const fits = (filter: object, waiting = false, of = task) => matches(Filter.parse(filter), of, waiting);

  it("needs every field that is given, and any value of each", () => {
    expect([fits({}), fits({ kind: "bug", label: ["x", "b"] }), fits({ kind: "bug", label: "x" })]).toEqual([true, true, false]);
    expect([fits({ claimed_by: "ada" }), fits({ created_by: ["bob", "ada"] }), fits({ assignee: "ada" })]).toEqual([false, true, false]);
    expect([fits({ ids: task.id }), fits({ ignore_ids: [task.id] }), fits({ ready: false })]).toEqual([true, false, false]);
    expect([fits({ name_contains: "GRÖSSE" }), fits({ name_contains: "größe s" })]).toEqual([false, true]);
  });

  it("takes aliases for states, and `any` for all, also against a wait's default", () => {
    expect(wantedStates(Filter.parse({ state: ["done", "in_progress"] }))).toEqual(["completed", "claimed"]);
    expect(wantedStates(Filter.parse({ state: ["done", "any"] }))).toBeUndefined();
    const done: TaskSnapshot = { ...task, state: "completed" };
    const ack: TaskSnapshot = { ...done, kind: "ack" };
    expect([fits({}, true, done), fits({}, false, done), fits({ state: "any" }, true, done), fits({}, true, ack)]).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });

  it("refuses a field that there is not, an empty list and a word without letters", () => {
    for (const bad of [{ nope: 1 }, { kind: [] }, { state: "nope" }, { q: " " }, { ids: ["x"] }, { name_contains: "" }, { kind: "" }])
      expect(Filter.safeParse(bad).success, JSON.stringify(bad)).toBe(false);
  });

  it("folds case as JavaScript does, on both sides", () => {
    expect(foldCase("ÀÉÎ")).toBe("àéî");
    expect(fits({ name_contains: "ß" })).toBe(true);
  });
});

describe("records", () => {
  it.each(["a", "harbor-lynx", "Pat Doe", "日本", "a".repeat(128)])("take the handle %j", (id) =>
    expect(AgentId.safeParse(id).success).toBe(true),
  );
  it.each(["", " a", "a ", "a\nb", "a\u0000", "a\u2028b", "a".repeat(129)])("refuse the handle %j", (id) =>
    expect(AgentId.safeParse(id).success).toBe(false),
  );
  it.each(["default", "a", "my_team-2", "x".repeat(64)])("take the workspace %s", (name) =>
    expect(WorkspaceName.safeParse(name).success).toBe(true),
  );
  it.each(["", "A", "a b", "a/b", "..", "x".repeat(65)])("refuse the workspace %j", (name) =>
    expect(WorkspaceName.safeParse(name).success).toBe(false),
  );

  it("write times in UTC with milliseconds", () => {
    expect(Time.safeParse(new Date(0).toISOString()).success).toBe(true);
    for (const bad of ["1970-01-01", "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000+01:00"])
      expect(Time.safeParse(bad).success).toBe(false);
  });

  it("take as a request's id what JSON-RPC allows, and nothing endless", () => {
    for (const good of [0, -1, 1.5, "", "x", null]) expect(RpcId.safeParse(good).success).toBe(true);
    for (const bad of [{}, [], true, undefined, Number.POSITIVE_INFINITY, "x".repeat(257)])
      expect(RpcId.safeParse(bad).success).toBe(false);
  });

  it("have what each event carries", () => {
    expect(Object.keys(EVENT_DATA)).toEqual(EVENT_TYPES);
    for (const type of EVENT_TYPES) expect("task" in EVENT_DATA[type].shape, type).toBe(type !== "agent.seen");
  });
});
