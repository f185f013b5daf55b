import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EVENT_DATA, type Event, type State, type Task, type TaskSnapshot, TRANSITIONS } from "../../protocol/index.ts";
import type { Board, Connect } from "./client.ts";
import { AGENTS, type Step, snapshotOf, step } from "./random.ts";

/** The call that a random step makes; most are refused, which is the point. */
function callOf({ at, agent, method, how }: Step, tasks: readonly Task[]): [string, object] {
  const id = `#${(at % Math.max(1, tasks.length)) + 1}`;
  const by = how % 3 === 0 ? {} : { agent_id: agent };
  switch (method) {
    case "send": {
      const state = ["pending", "backlog", "idea"][how % 3];
      const depends_on = how % 4 === 0 && tasks.length > 0 ? [id] : [];
      const announcement = how % 7 === 0;
      const job = { state, depends_on, performer: how % 5 === 0 ? "user" : "agent", review: how % 6 === 0 ? "required" : "none" };
      return [
        "tasks/send",
        { name: `${how}`, agent_id: agent, ...(announcement ? { kind: "ack" } : job), ...(how % 8 ? {} : { assignee: agent }) },
      ];
    }
    case "next":
      return ["tasks/next", { agent_id: agent }];
    case "claim":
      return ["tasks/claim", { id, agent_id: agent }];
    case "complete":
      return ["tasks/complete", { id, ...by, result: how, post_ack: how % 2 === 0 }];
    case "fail":
      return ["tasks/fail", { id, ...by, reason: `${how}` }];
    case "update":
      return ["tasks/update", { id, ...(how % 2 ? { state: "backlog" } : { name: `${how}`, priority: "high" }) }];
    case "depend":
    case "undepend":
      return [`tasks/${method}`, { id, on: `#${(how % Math.max(1, tasks.length)) + 1}` }];
    case "review":
      return ["tasks/review", { id, agent_id: agent, decision: ["approve", "request_changes", "comment"][how % 3], body: "because" }];
    case "drag":
      return ["tasks/update", { id, agent_id: agent, state: ["backlog", "pending", "claimed", "review", "completed"][how % 5] }];
    case "note":
      return ["notes/add", { id, agent_id: agent, body: "hm" }];
    default:
      return [`tasks/${method}`, { id, ...by }];
  }
}

/** Events that may leave a task in its state. */
const STAYS: readonly string[] = [
  ...["task.updated", "task.unblocked", "task.late_result", "note.added", "review.decided"],
  ...["dependency.added", "dependency.removed"],
];

/** The state of every task after each line of the log; fails at the first line that the table of transitions does not have. */
function replay(log: readonly Event[]): Map<string, TaskSnapshot> {
  const now = new Map<string, TaskSnapshot>();
  for (const event of log) {
    const then = event.data.task as TaskSnapshot | undefined;
    if (!then) continue;
    const from: State | null = now.get(then.id)?.state ?? null;
    const moved = from !== then.state;
    const known = TRANSITIONS.some((t) => t.from === from && t.to === then.state && t.event === event.type);
    expect(known || !moved, `${event.seq} ${event.type}: ${from} → ${then.state}`).toBe(true);
    if (!moved) expect(STAYS, `${event.seq}: ${from} stays`).toContain(event.type);
    EVENT_DATA[event.type].parse(event.data);
    now.set(then.id, then);
  }
  return now;
}

async function checkHistories(board: Board, tasks: readonly Task[]): Promise<void> {
  const histories = await board.batch(
    "tasks/history",
    tasks.map(({ id }) => ({ id })),
  );
  for (const [n, { claims, attempts, events }] of histories.entries()) {
    const task = tasks[n]!;
    for (const [at, claim] of claims.entries()) {
      const open = claim.ended_at === null;
      expect(open, "only the last claim is open, and only while it is claimed").toBe(at === claims.length - 1 && task.state === "claimed");
      if (at > 0) expect(claims[at - 1]!.ended_at! <= claim.claimed_at, "one holder at a time").toBe(true);
    }
    expect(new Set(claims.map((claim) => claim.claim_id)).size).toBe(claims.length);
    expect(attempts.map((attempt) => attempt.number)).toEqual(attempts.map((_, at) => at + 1));
    expect(attempts.length).toBe(task.attempt);
    const ends = events.filter((event) => "claim_id" in event.data && event.data.claim_id !== null && event.type !== "task.late_result");
    expect(ends.filter((event) => event.type === "task.claimed").length).toBe(claims.length);
  }
}

/** Random calls by random actors stay inside the table, and the log tells the whole story (domain §3, §8). */
export function walk(connect: Connect): void {
  describe("any sequence of calls", { timeout: 30_000 }, () => {
    it("makes no transition that the table lacks; the log replayed from zero is the board; one holder at a time", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 60, maxLength: 160 }), async (steps) => {
          const board = connect();
          const session = await board.session();
          await session.call("agents/heartbeat", { id: "pat", name: "Pat", type: "user" });
          const known: Task[] = [];
          for (const one of [...AGENTS.map((agent, how) => ({ at: 0, agent, method: "send", how: how + 1 })), ...steps]) {
            const answer = await session.raw(...callOf(one, known));
            if (answer.error) expect([-32001, -32602, -32004], answer.error.message).toContain(answer.error.code);
            else if (one.method === "send") known.push(answer.result as Task);
          }
          session.close();
          const log = await board.log();
          expect(log.map((event) => event.seq)).toEqual(log.map((_, at) => at + 1));
          expect(log.map((event) => event.at)).toEqual(log.map((event) => event.at).sort());
          const replayed = replay(log);
          const tasks = (await board.call("tasks/list", { state: "any", limit: 500 })) as Task[];
          expect(tasks.length).toBe(replayed.size);
          for (const task of tasks) {
            const { rev: _then, ...told } = replayed.get(task.id)!;
            // `rev` also counts what is not history: an extended lease, one of several blockers gone
            expect(snapshotOf(task)).toMatchObject(told);
          }
          await checkHistories(board, tasks);
          const { counts } = await board.call("workspace/info", {});
          for (const [state, n] of Object.entries(counts)) expect(tasks.filter((task) => task.state === state).length, state).toBe(n);
        }),
        { numRuns: 12, interruptAfterTimeLimit: 20_000 },
      );
    });
  });
}
