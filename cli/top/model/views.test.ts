import { describe, expect, test } from "vitest";
import { agent, at, claimed, event, fill, idOf, NOW, task } from "../testing/board.ts";
import { workersOf } from "./agents.ts";
import { concernOf } from "./attention.ts";
import { Board } from "./board.ts";
import { holdOf } from "./held.ts";
import { logLines, taskLines } from "./views.ts";

const heldBy = (reason: "dependencies" | "dependency_failed", ...numbers: number[]) => ({
  depends_on: numbers.map(idOf),
  held: { reason, blockers: numbers.map(idOf) },
});

const TASKS = [
  task(1, { priority: "low" }),
  task(2, { priority: "urgent", name: "Straße sperren" }),
  claimed(3, "harbor-lynx"),
  task(4, { state: "review", claimed_by: "copper-finch" }),
  task(5, { state: "failed", claimed_by: "copper-finch" }),
  task(6, heldBy("dependency_failed", 5)),
  task(7, heldBy("dependencies", 3)),
  task(8, { state: "backlog" }),
  task(9, { state: "completed" }),
  task(10, { state: "completed", kind: "ack" }),
  task(11, { performer: "user" }),
];

const board = (tasks = TASKS, agents = [agent("harbor-lynx"), agent("copper-finch", 40)]) => fill(new Board(), tasks, agents);
const numbers = (lines: readonly { row: { number: number } }[]) => lines.map(({ row }) => row.number);

describe("views", () => {
  test("active: at work, waiting for somebody, to be taken by priority, held, put off; announcements below", () => {
    const lines = taskLines(board().view(), "active", "", NOW);
    expect(numbers(lines)).toEqual([3, 4, 5, 2, 11, 1, 6, 7, 8, 10]);
    expect(lines.filter(({ isContext }) => isContext).map(({ row }) => row.number)).toEqual([10]);
  });

  test("attention: what needs a person, the most pressing first", () => {
    const view = board().view();
    const lines = taskLines(view, "attention", "", NOW);
    expect(lines.map(({ row }) => [row.number, concernOf(row, view, NOW)?.text])).toEqual([
      [5, "failed"],
      [6, "#5 failed"],
      [4, "awaits review"],
      [11, "for a person to do"],
    ]);
  });

  test("all: everything, newest first", () => {
    expect(numbers(taskLines(board().view(), "all", "", NOW))).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  test.each([
    ["HARBOR", [3]],
    ["straße", [2]],
    ["#1 ", [11, 10, 1]],
    ["held dependency_failed", [6]],
    ["review copper", [4]],
    ["nothing like it", []],
  ])("the filter %j keeps %j", (filter, kept) => {
    expect(numbers(taskLines(board().view(), "all", filter, NOW))).toEqual(kept);
  });

  test("the log's filter looks at everything on its lines", () => {
    const one = board();
    one.apply([event(101, "task.failed", task(5, { state: "failed", rev: 2 }), { claim_id: null, reason: "no key" }, "copper-finch")]);
    expect(logLines(one.view(), "copper key")).toHaveLength(1);
    expect(logLines(one.view(), "harbor")).toHaveLength(0);
  });
});

describe("what needs a person", () => {
  const concern = (one: ReturnType<typeof task>, agents = [agent("a")], now = NOW) => {
    const view = fill(new Board(), [one], agents).view();
    const row = view.rows.get(one.id);
    return row ? (concernOf(row, view, now)?.code ?? null) : null;
  };

  test.each([
    ["a lease with time left", claimed(1, "a"), null],
    ["a lease in its last 30 s", claimed(1, "a", { updated_at: at(-280), lease_until: at(20) }), "nearly_lapsed"],
    ["a short lease in its first half", claimed(1, "a", { updated_at: at(-2), lease_until: at(8) }), null],
    ["a short lease in its last fifth", claimed(1, "a", { updated_at: at(-9), lease_until: at(1) }), "nearly_lapsed"],
    ["a lease that is over by what is known", claimed(1, "a", { lease_until: at(-1) }), "lease_over"],
    ["a job for agents", task(1), null],
    ["a job for a person", task(1, { performer: "user" }), "person"],
    ["a job that is done", task(1, { state: "completed" }), null],
  ])("%s", (_name, one, code) => {
    expect(concern(one)).toBe(code);
  });

  test("a holder that has not been seen for a while", () => {
    expect(concern(claimed(1, "a"), [agent("a", 20)])).toBe("holder_idle");
  });

  test("but not a person, whose hold has no deadline", () => {
    const { lease_until: _none, ...held } = claimed(1, "sofia", { performer: "user" });
    expect(concern(held, [agent("sofia", 4_000, { type: "user" })])).toBeNull();
  });
});

test("a dependency that fails is why a job is held from that moment, though no event names the job", () => {
  const one = board([claimed(1, "a"), task(2, heldBy("dependencies", 1))]);
  const waiting = () => {
    const row = one.rows.get(idOf(2));
    return row ? holdOf(row, one.view())?.reason : undefined;
  };
  expect(waiting()).toBe("dependencies");
  one.apply([event(101, "task.failed", task(1, { state: "failed", rev: 3, claimed_by: "a" }), { claim_id: idOf(900), reason: "x" }, "a")]);
  expect(waiting()).toBe("dependency_failed");
  one.apply([event(102, "task.ready", task(1, { rev: 4 }), { from: "failed" })]);
  expect(waiting()).toBe("dependencies");
  one.apply([event(103, "task.unblocked", task(2, { rev: 2 }), { unblocked_by: idOf(1) })]);
  expect(waiting()).toBeUndefined();
});

test("agents: by status, those at work first, with the lease that ends first", () => {
  const agents = [agent("idle-one", 20), agent("stale-one", 61), agent("free"), agent("busy"), agent("edge", 15)];
  const view = fill(new Board(), [claimed(1, "busy"), claimed(2, "busy", { lease_until: at(5) })], agents).view();
  const workers = workersOf(view.agents.values(), view.rows.values(), NOW);
  expect(workers.map(({ agent: { id }, status, holds }) => [id, status, holds.map(({ number }) => number)])).toEqual([
    ["busy", "active", [2, 1]],
    ["edge", "active", []],
    ["free", "active", []],
    ["idle-one", "idle", []],
    ["stale-one", "stale", []],
  ]);
});
