import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Event, EventFilter, matches, type TaskSnapshot } from "../../protocol/index.ts";
import { filter as randomFilter } from "../../tests/scenarios/random.ts";
import { type Waiter, WaitIndex } from "./index.ts";

const OWNER = { id: "owner", role: "owner" } as const;
const WAITERS = 1_000;

function waiter(order: number, filter: object, kind: Waiter["kind"] = "wait"): Waiter {
  return { id: order, kind, filter: EventFilter.parse(filter), order, deadline: null, principal: OWNER };
}

function event(task: Partial<TaskSnapshot>, type: Event["type"] = "task.created", agent_id?: string): Event {
  const snapshot: TaskSnapshot = {
    id: "00000000-0000-4000-8000-00000000ffff",
    number: 1,
    name: "x",
    kind: "task",
    priority: "normal",
    state: "pending",
    performer: "agent",
    assignee: null,
    labels: [],
    claimed_by: null,
    created_by: null,
    attempt: 0,
    rev: 1,
    ready: true,
    ...task,
  };
  const at = "2026-01-02T03:04:05.678Z";
  return { seq: 1, at, type, task_id: snapshot.id, ...(agent_id ? { agent_id } : {}), principal: "owner", data: { task: snapshot } };
}

const id = (n: number) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
const three = (n: number) => String(n).padStart(3, "0");

/** A thousand waiters that all nearly fit, the event that only number 500 waits for, and how many may be looked at. */
const NEAR_MISSES: readonly [string, (n: number) => object, Event, number][] = [
  ["an id", (n) => ({ ids: id(n) }), event({ id: id(500) }), 1],
  ["ten ids each", (n) => ({ ids: Array.from({ length: 10 }, (_, i) => id(n * 10 + i)) }), event({ id: id(5_007) }), 1],
  [
    "part of a name",
    (n) => ({ kind: "ack", name_contains: `v1.${three(n)}` }),
    event({ kind: "ack", state: "completed", name: "V1.500 is out" }),
    20,
  ],
  ["a holder", (n) => ({ claimed_by: `agent-${n}` }), event({ state: "claimed", claimed_by: "agent-500" }), 1],
  ["an assignee", (n) => ({ assignee: `agent-${n}`, state: "pending" }), event({ assignee: "agent-500" }), 1],
  ["whoever posted", (n) => ({ created_by: `agent-${n}` }), event({ created_by: "agent-500" }), 1],
  ["a label", (n) => ({ label: `l${n}`, kind: "bug" }), event({ kind: "bug", labels: ["l500", "other"] }), 1],
  ["a kind", (n) => ({ kind: `kind-${n}` }), event({ kind: "kind-500" }), 1],
  [
    "another state of the same kind",
    (n) => ({ kind: "bug", state: n === 500 ? "failed" : "completed" }),
    event({ kind: "bug", state: "failed" }),
    1,
  ],
];

describe("the index of waiters", () => {
  it.each(NEAR_MISSES)(`looks at few of ${WAITERS} that each wait for %s`, (_what, filterOf, happened, most) => {
    const index = new WaitIndex<Waiter>();
    for (let n = 0; n < WAITERS; n += 1) index.add(waiter(n, filterOf(n)));
    const found = index.candidates(happened);
    expect(found.map((one) => one.order)).toContain(500);
    expect(index.examined).toBeLessThanOrEqual(most);
  });

  it("looks at nobody when nobody can be meant", () => {
    const index = new WaitIndex<Waiter>();
    for (let n = 0; n < WAITERS; n += 1) index.add(waiter(n, { kind: "ack", name_contains: `release ${n}` }));
    index.candidates(event({ kind: "bug", name: "the button does nothing" }));
    expect(index.examined).toBe(0);
  });

  it("gives the longest waiting first, each once, whatever they wait for", () => {
    const index = new WaitIndex<Waiter>();
    const filters = [
      { kind: ["bug", "task"] },
      { label: ["a", "b"] },
      {},
      { name_contains: "xyz" },
      { priority: "high" },
      { state: "any" },
    ];
    for (const [n, filter] of filters.entries()) index.add(waiter(filters.length - n, filter));
    const found = index.candidates(event({ kind: "bug", labels: ["a", "b"], name: "wxyz xyz", priority: "high" }));
    expect(found.map((one) => one.order)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("forgets a waiter wholly", () => {
    const index = new WaitIndex<Waiter>();
    const all = [{ name_contains: "abcdef" }, { kind: ["a", "b", "a"] }, { ids: [id(1), id(1), id(2)] }, {}].map((filter, n) =>
      waiter(n, filter),
    );
    for (const one of all) index.add(one);
    expect(index.size).toBe(4);
    for (const one of all) expect([index.remove(one), index.remove(one)]).toEqual([true, false]);
    expect(index.size).toBe(0);
    index.candidates(event({ name: "abcdef", kind: "a", id: id(1) }));
    expect(index.examined).toBe(0);
    for (const one of all) index.add(one);
    expect(index.candidates(event({ name: "abcdef", kind: "b", id: id(2) }))).toHaveLength(4);
  });

  it("brings up an `all` at any change of one of its tasks, and a `next` only at what can be claimed", () => {
    const index = new WaitIndex<Waiter>();
    index.add(waiter(1, { ids: [id(1), id(2)], state: "completed" }, "all"));
    index.add(waiter(2, { kind: "bug" }, "next"));
    index.add(waiter(3, { type: "task.failed" }, "subscription"));
    index.add(waiter(4, { agent_id: "ada" }, "subscription"));
    const orders = (happened: Event) => index.candidates(happened).map((one) => one.order);
    expect(orders(event({ id: id(2), state: "failed", ready: false }, "task.failed"))).toEqual([1, 3]);
    expect(orders(event({ kind: "bug" }))).toEqual([2]);
    expect(orders(event({ kind: "bug", state: "claimed", claimed_by: "ada" }, "task.claimed", "ada"))).toEqual([4]);
    const seen: Event = {
      seq: 1,
      at: "2026-01-02T03:04:05.678Z",
      type: "agent.seen",
      agent_id: "ada",
      principal: "owner",
      data: { id: "ada" },
    };
    expect(orders(seen)).toEqual([4]);
  });

  it("never leaves out one whose filter matches, for any filter and any task", () => {
    const task = fc.record({
      id: fc.nat(40).map(id),
      name: fc.constantFrom("alpha beta", "été", "日本語 v1.2", "a g", "BETA"),
      kind: fc.constantFrom("bug", "feature", "ack", "decision", "task"),
      priority: fc.constantFrom("urgent", "high", "odd"),
      state: fc.constantFrom("pending" as const, "claimed" as const, "completed" as const, "failed" as const, "backlog" as const),
      performer: fc.constantFrom("agent" as const, "user" as const),
      assignee: fc.constantFrom("ada", null),
      claimed_by: fc.constantFrom("bob", null),
      created_by: fc.constantFrom("pat", null),
      labels: fc.subarray(["ui", "net"]),
      ready: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(randomFilter, { minLength: 1, maxLength: 60 }),
        fc.array(task, { minLength: 1, maxLength: 20 }),
        (filters, tasks) => {
          const index = new WaitIndex<Waiter>();
          const waiters = filters.map(({ ids, ignore_ids, q: _q, ...filter }, n) =>
            waiter(n, { ...filter, ...(ids ? { ids: ids.map(id) } : {}), ...(ignore_ids ? { ignore_ids: ignore_ids.map(id) } : {}) }),
          );
          for (const one of waiters) index.add(one);
          for (const one of tasks) {
            const happened = event(one);
            const found = new Set(index.candidates(happened));
            for (const wants of waiters) {
              if (matches(wants.filter, happened.data.task as TaskSnapshot, true))
                expect(found, JSON.stringify([wants.filter, one])).toContain(wants);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
