import { expect, test } from "vitest";
import type { Agent, Event, Task } from "../../protocol/index.ts";
import { sampleTask } from "../../protocol/testing/task.ts";
import { agentTable } from "./agents.ts";
import { claimLines } from "./claims.ts";
import { eventLine } from "./events.ts";
import { taskDetails, taskTable } from "./tasks.ts";
import { width } from "./text.ts";
import { ago, span } from "./time.ts";

const NOW = Date.parse("2026-01-02T03:04:05.000Z");
const HOSTILE = `\x1b]0;owned\x07 日本語の名前 ${"very long ".repeat(20)}\n#99 a forged line`;
const SPACE = { columns: 80, colour: false };

const task = (over: Partial<Task> = {}): Task =>
  sampleTask({
    id: "8f3a0000-0000-4000-8000-000000000001",
    kind: "bug",
    priority: "high",
    created_at: "2026-01-02T03:00:00.000Z",
    updated_at: "2026-01-02T03:01:05.000Z",
    number: 12,
    ...over,
  });

test("a board is one line a task", () => {
  const board = [
    task(),
    task({ number: 3, state: "claimed", claimed_by: "harbor-lynx", priority: "normal", kind: "task", name: "日本" }),
    task({ number: 4, held: { reason: "dependencies" }, assignee: "quiet-owl" }),
  ];
  expect(taskTable(board, NOW, SPACE)).toEqual([
    " #  STATE        PRIO    KIND  AGE  AGENT        NAME",
    "12  Ready        high    bug    3m               fix the build",
    " 3  In Progress  normal  task   3m  harbor-lynx  日本",
    " 4  Held         high    bug    3m  → quiet-owl  fix the build",
  ]);
});

test("a narrow terminal gets fewer columns, and what matters most stays", () => {
  const board = [task({ number: 30, state: "claimed", claimed_by: "harbor-lynx", name: "fix the build before the release" })];
  expect(taskTable(board, NOW, { columns: 55, colour: false })).toEqual([
    " #  STATE        PRIO  KIND  AGENT        NAME",
    "30  In Progress  high  bug   harbor-lynx  fix the buil…",
  ]);
  expect(taskTable(board, NOW, { columns: 40, colour: false })).toEqual([
    " #  STATE        NAME",
    "30  In Progress  fix the build before t…",
  ]);
});

test.each([40, 50, 60, 80, 120])("whatever people and agents write, each line fits %i columns and obeys nobody", (columns) => {
  const SPACE = { columns, colour: false };
  const hostile = task({
    name: HOSTILE,
    kind: HOSTILE,
    priority: HOSTILE,
    claimed_by: HOSTILE,
    labels: [HOSTILE],
    description: HOSTILE,
    payload: { [HOSTILE]: HOSTILE },
    created_by: HOSTILE,
  });
  const agent: Agent = {
    id: HOSTILE,
    name: HOSTILE,
    type: "agent",
    first_seen: hostile.created_at,
    last_seen: hostile.updated_at,
    current_task: hostile.id,
    status: "active",
  };
  const event: Event = {
    seq: 7,
    at: hostile.created_at,
    type: "task.failed",
    agent_id: HOSTILE,
    principal: "owner",
    data: { task: hostile, reason: HOSTILE },
  };
  const lines = [
    ...taskTable([hostile], NOW, SPACE),
    ...taskDetails(hostile, NOW, SPACE),
    ...agentTable([agent], NOW, SPACE),
    ...agentTable([{ ...agent, offered: 9_999_999, read: 8_999_999, wake: { host: HOSTILE, since: hostile.created_at } }], NOW, SPACE),
    ...claimLines(hostile, HOSTILE, NOW, SPACE),
    eventLine(event, columns),
  ];
  for (const line of lines) {
    // a command is there to be pasted, and never cut
    if (!/^(keep it|finish|claim_id)/.test(line)) expect(width(line)).toBeLessThanOrEqual(columns);
    expect(line).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
  }
});

test("agents are shown with what they were offered, have read, and would be woken by, where there is any of it", () => {
  const at = new Date(NOW - 300_000).toISOString();
  const agent = { name: "x", type: "agent", first_seen: at, last_seen: at, current_task: null, status: "idle" } as const;
  const plain = agentTable([{ ...agent, id: "fox", offered: 0, read: 3, wake: null }], NOW, SPACE);
  expect(plain[0]).not.toMatch(/OFFERED|READ|WAKE/);
  const [head, lynx] = agentTable([{ ...agent, id: "lynx", offered: 12, read: 7, wake: { host: "claude", since: at } }], NOW, SPACE);
  expect(head).toMatch(/OFFERED +READ +WAKE/);
  expect(lynx).toMatch(/ 12 +7 +claude 5m/);
});

test("colour is put around what is laid out already", () => {
  const [plainHead, plainRow] = taskTable([task({ state: "failed" })], NOW, SPACE);
  const [head, row] = taskTable([task({ state: "failed" })], NOW, { columns: 80, colour: true });
  const bare = (line: string | undefined) => line?.replace(/\x1b\[\d+m/g, "").trimEnd();
  expect(row).toContain("\x1b[31m");
  expect(bare(head)).toBe(plainHead);
  expect(bare(row)).toBe(plainRow);
});

test("times are told from now", () => {
  expect(span(59_999)).toBe("59s");
  expect(span(3_600_000)).toBe("1h");
  expect(ago("2026-01-02T03:04:04.500Z", NOW)).toBe("just now");
  expect(ago("2026-01-01T03:04:05.000Z", NOW)).toBe("1d ago");
  expect(ago("2026-01-02T03:09:06.000Z", NOW)).toBe("in 5m");
  expect(ago("yesterday", NOW)).toBe("at an unknown time");
});
