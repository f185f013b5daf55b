import { describe, expect, test } from "vitest";
import { at, claimed, event, fill, idOf, NOW, task } from "../testing/board.ts";
import { Board } from "./board.ts";

const row = (board: Board, number: number) => board.rows.get(idOf(number));

describe("a board", () => {
  test("follows a task from its creation to its end, and counts along", () => {
    const board = fill(new Board(), []);
    const posted = task(1);
    board.apply([event(101, "task.created", posted)]);
    expect(row(board, 1)).toMatchObject({ state: "pending", ready: true, createdAt: NOW, isPartial: true });
    expect(board.view().counts).toMatchObject({ pending: 1, claimed: 0 });

    const held = claimed(1, "harbor-lynx");
    board.apply([event(102, "task.claimed", held, { claim_id: idOf(900), lease_until: at(300) }, "harbor-lynx")]);
    expect(row(board, 1)).toMatchObject({
      state: "claimed",
      claimedBy: "harbor-lynx",
      claimId: idOf(900),
      leaseUntil: NOW + 300_000,
      leaseSpan: 300_000,
    });

    board.apply([
      event(103, "task.completed", { ...held, state: "completed", rev: 3 }, { claim_id: idOf(900), ack_id: null }, "harbor-lynx"),
    ]);
    expect(row(board, 1)).toMatchObject({ state: "completed", leaseUntil: null, claimId: null });
    expect(board.view().counts).toMatchObject({ pending: 0, claimed: 0, completed: 1 });
    expect(board.cursor).toBe(103);
  });

  test("keeps a row that was read after the event, and counts the event all the same", () => {
    const board = fill(new Board(), [task(1)]);
    board.put([claimed(1, "harbor-lynx", { rev: 4, lease_until: at(280) })]);
    board.apply([
      event(101, "task.claimed", claimed(1, "harbor-lynx", { rev: 2 }), { claim_id: idOf(900), lease_until: at(30) }, "harbor-lynx"),
    ]);
    expect(row(board, 1)).toMatchObject({ rev: 4, leaseUntil: NOW + 280_000 });
    expect(board.view().counts).toMatchObject({ pending: 0, claimed: 1 });
  });

  test("takes an event once", () => {
    const board = fill(new Board(), []);
    const created = event(101, "task.created", task(1));
    board.apply([created]);
    board.apply([created]);
    expect(board.view().counts.pending).toBe(1);
    expect(board.view().log).toHaveLength(1);
  });

  test("hears of an extension by a refresh, which keeps the claim that the log told", () => {
    const board = fill(new Board(), [task(1)]);
    board.apply([
      event(
        101,
        "task.claimed",
        claimed(1, "harbor-lynx", { claimed_at: at(0) }),
        { claim_id: idOf(900), lease_until: at(10) },
        "harbor-lynx",
      ),
    ]);
    board.put([claimed(1, "harbor-lynx", { rev: 3, claimed_at: at(0), lease_until: at(310) })]);
    expect(row(board, 1)).toMatchObject({ leaseUntil: NOW + 310_000, claimId: idOf(900) });
  });

  test("remembers whose lease ran out until somebody takes the job", () => {
    const board = fill(new Board(), [claimed(1, "quiet-heron")]);
    board.apply([event(101, "task.lapsed", task(1, { rev: 3 }), { claim_id: idOf(900), agent_id: "quiet-heron" }, "quiet-heron")]);
    expect(row(board, 1)?.lapsed).toEqual({ by: "quiet-heron", at: NOW });
    board.apply([event(102, "task.updated", task(1, { rev: 4, priority: "high" }), { changed: ["priority"] })]);
    expect(row(board, 1)?.lapsed?.by).toBe("quiet-heron");
    board.apply([
      event(103, "task.claimed", claimed(1, "harbor-lynx", { rev: 5 }), { claim_id: idOf(901), lease_until: at(300) }, "harbor-lynx"),
    ]);
    expect(row(board, 1)?.lapsed).toBeNull();
  });

  test("learns from the log before it what rows do not tell", () => {
    const failed = task(2, { state: "failed", rev: 3 });
    const held = claimed(3, "harbor-lynx");
    const board = fill(new Board(), [task(1, { rev: 3 }), failed, held, task(4, { rev: 6 })]);
    board.remember([
      event(91, "task.lapsed", task(1, { rev: 3 }), { claim_id: idOf(900), agent_id: "quiet-heron" }, "quiet-heron"),
      event(92, "task.failed", failed, { claim_id: idOf(901), reason: "no key" }, "mellow-otter"),
      event(93, "task.claimed", held, { claim_id: idOf(902), lease_until: at(240) }, "harbor-lynx", held.claimed_at),
      event(94, "task.lapsed", task(4, { rev: 3 }), { claim_id: idOf(903), agent_id: "quiet-heron" }, "quiet-heron"),
      event(95, "task.claimed", claimed(4, "harbor-lynx", { rev: 4 }), { claim_id: idOf(904), lease_until: at(10) }, "harbor-lynx"),
      event(96, "task.released", task(4, { rev: 5 }), { claim_id: idOf(904), reason: null }, "harbor-lynx"),
      event(101, "task.created", task(9)),
    ]);
    expect(row(board, 1)?.lapsed?.by).toBe("quiet-heron");
    expect(row(board, 2)?.reason).toBe("no key");
    expect(row(board, 3)?.claimId).toBe(idOf(902));
    expect(row(board, 4)?.lapsed).toBeNull();
    expect(board.view().log.map(({ seq }) => seq)).toEqual([91, 92, 93, 94, 95, 96]);
    expect(board.cursor).toBe(100);
  });

  test("asks for a new count where it cannot know what a task was before", () => {
    const board = fill(new Board(), [task(1)]);
    board.apply([event(101, "task.cancelled", task(1, { state: "cancelled", rev: 2 }), { claim_id: null, reason: null })]);
    expect(board.areCountsSure).toBe(true);
    board.apply([event(102, "task.cancelled", task(77, { state: "cancelled", rev: 2 }), { claim_id: null, reason: null })]);
    expect(board.areCountsSure).toBe(false);
    expect(board.recount({ cancelled: 2 }, 103)).toBe(false);
    expect(board.recount({ cancelled: 2 }, 102)).toBe(true);
    expect(board.view().counts).toMatchObject({ cancelled: 2, pending: 0 });
  });

  test("counts a person's job from wherever it was dragged", () => {
    const board = fill(new Board(), [task(1, { state: "backlog", performer: "user" })]);
    board.apply([event(101, "task.submitted", task(1, { state: "review", performer: "user", rev: 2 }), { claim_id: null })]);
    expect(board.view().counts).toMatchObject({ backlog: 0, review: 1 });
    board.apply([
      event(102, "task.completed", task(77, { state: "completed", performer: "user", rev: 9 }), { claim_id: null, ack_id: null }),
    ]);
    expect(board.areCountsSure).toBe(false);
  });

  test("what was frozen stays as it was", () => {
    const board = fill(new Board(), [task(1)]);
    const frozen = board.frozen();
    board.apply([
      event(101, "task.created", task(2)),
      event(102, "task.claimed", claimed(1, "a"), { claim_id: idOf(900), lease_until: null }, "a"),
    ]);
    expect([...frozen.rows.values()].map(({ state }) => state)).toEqual(["pending"]);
    expect(frozen.counts.pending).toBe(1);
    expect(frozen.log).toHaveLength(0);
  });
});

test("a board's memory is bounded: what is over goes first, what is worked on never before it", () => {
  const limits = { rows: 100, agents: 20, log: 50 };
  const board = fill(new Board(limits), [claimed(1, "harbor-lynx"), task(2, { state: "failed" })]);
  let seq = 100;
  for (let number = 3; number < 5_000; number++) {
    const posted = task(number, { created_by: `agent-${number}` });
    board.apply([
      event(++seq, "task.created", posted),
      event(++seq, "task.claimed", claimed(number, `agent-${number}`), { claim_id: idOf(number), lease_until: at(300) }),
      event(
        ++seq,
        "task.completed",
        { ...claimed(number, `agent-${number}`), state: "completed", rev: 3 },
        { claim_id: idOf(number), ack_id: null },
      ),
      {
        seq: ++seq,
        at: at(number),
        type: "agent.seen",
        agent_id: `agent-${number}`,
        principal: "owner",
        data: { id: `agent-${number}`, name: "x", type: "agent" },
      },
    ]);
    expect(board.rows.size).toBeLessThanOrEqual(110);
  }
  const view = board.view();
  expect(view.log).toHaveLength(50);
  expect(view.log.at(-1)?.seq).toBe(seq);
  expect(view.agents.size).toBeLessThanOrEqual(20);
  expect(view.counts).toMatchObject({ completed: 4_997, claimed: 1, failed: 1, pending: 0 });
  expect(view.rows.has(idOf(1)) && view.rows.has(idOf(2)) && view.rows.has(idOf(4_999))).toBe(true);
});
