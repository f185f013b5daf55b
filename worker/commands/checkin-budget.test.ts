import { expect, test } from "vitest";
import type { Checkin } from "../../protocol/index.ts";
import { tokens } from "../../protocol/tokens.ts";
import { CHECKIN_TOKENS, fitted } from "./checkin-budget.ts";

const AT = "2026-01-02T03:04:05.000Z";
const ID = "0f2d6ab4-1111-4222-8333-444455556666";

/** As much of everything as the server ever answers, in words of the given kind. */
function busy(word: string): Checkin {
  const name = word.repeat(120).slice(0, 120);
  const task = {
    id: ID,
    number: 1,
    name,
    kind: "feature",
    priority: "urgent",
    state: "claimed" as const,
    claimed_by: "heron",
    lease_until: AT,
  };
  const many = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);
  const body = word.repeat(300).slice(0, 300);
  return {
    agent: { id: "heron", name: "heron", type: "agent", first_seen: AT, last_seen: AT, current_task: ID, status: "active" },
    holds: many(8, { ...task, claim_id: ID }),
    urgent: many(5, task),
    changes: {
      since: 1,
      counts: Object.fromEntries(many(20, 0).map((_, at) => [`task.number_${at}`, at])),
      recent: many(8, `task.created #1 feature “${name.slice(0, 80)}” by heron`),
    },
    feedback: many(3, { task: `#1 ${name.slice(0, 60)}`, reviewer: "otter", decision: "request_changes", body }),
    mentions: many(3, { task: `#1 ${name.slice(0, 60)}`, by: "otter", body }),
    agents: many(10, { id: "harbor-lynx", status: "active" as const, current_task: ID }),
    cursor: 100_000,
  };
}

test.each(["word ", "日本", "👩‍💻", '"\\'])("a busy board's check-in fits, and what presses most is kept (%s)", (word) => {
  const seen = busy(word);
  expect(tokens(seen)).toBeGreaterThan(CHECKIN_TOKENS);
  const answer = fitted(seen);
  expect(tokens(answer)).toBeLessThanOrEqual(CHECKIN_TOKENS);
  for (const list of ["holds", "urgent", "feedback", "mentions", "agents"] as const) {
    expect(answer[list].length + (answer.left_out?.[list] ?? 0), list).toBe(seen[list].length);
    expect(answer[list].length, list).toBeGreaterThan(0);
  }
  expect(answer.changes.recent.length).toBeGreaterThan(0);
  expect(answer.changes.counts).toEqual(seen.changes.counts);
});

test("what fits is left as it came", () => {
  const seen = { ...busy("word "), holds: [], urgent: [], feedback: [], mentions: [], agents: [] };
  expect(fitted(seen)).toEqual(seen);
});

test("what was never read is counted with what was left out", () => {
  const seen = busy("日本");
  const before = { holds: 2, mentions: 0, agents: 39 };
  const { left_out } = fitted(seen, before);
  const without = fitted(seen).left_out!;
  expect(left_out).toEqual({ ...without, holds: (without.holds ?? 0) + 2, agents: (without.agents ?? 0) + 39 });
  const little = { ...seen, holds: [], urgent: [], feedback: [], mentions: [], agents: [] };
  expect(fitted(little, before).left_out).toEqual({ holds: 2, agents: 39 });
});

test("half of a pair is never left", () => {
  const { holds } = fitted(busy("👩‍💻"));
  for (const { name } of holds) expect(name.isWellFormed()).toBe(true);
});

test("even names at their limits end within the budget", () => {
  const seen = busy("x");
  const longest = { ...seen.holds[0]!, kind: "k".repeat(64), priority: "p".repeat(32), claimed_by: "a".repeat(128) };
  const answer = fitted({
    ...seen,
    holds: Array.from({ length: 8 }, () => longest),
    agents: seen.agents.map((one) => ({ ...one, id: "界".repeat(128) })),
  });
  expect(tokens(answer)).toBeLessThanOrEqual(CHECKIN_TOKENS);
});
