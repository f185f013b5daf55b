import fc from "fast-check";
import { expect, it } from "vitest";
import type { State, Task } from "../../protocol/index.ts";
import { A2ABoard, message, URI } from "./testing.ts";
import { isOver, WIRE_STATES, type WireTask } from "./wire.ts";

const PARAMS = {
  "tasks/claim": {},
  "tasks/complete": { result: { done: true } },
  "tasks/fail": { reason: "no" },
  "tasks/release": {},
  "tasks/retry": {},
  "tasks/ready": {},
  "tasks/unready": {},
  "tasks/cancel": {},
  "tasks/depend": { on: "#1" },
  "tasks/undepend": { on: "#1" },
  "tasks/review": { decision: "request_changes", body: "again" },
  "tasks/update": { priority: "high" },
  "notes/add": { body: "words" },
} as const;

/** A move that somebody makes on one of the board's jobs; many are refused, which is as well. */
const move = fc.record({
  method: fc.constantFrom(
    ...(Object.keys(PARAMS) as (keyof typeof PARAMS)[]),
    "tasks/claim" as const,
    "tasks/complete" as const,
    "CancelTask" as const,
    "SendMessage" as const,
    "approve" as const,
  ),
  number: fc.integer({ min: 1, max: 6 }),
  agent_id: fc.constantFrom("otter", "heron"),
});

const POSTED: readonly object[] = [
  { name: "plain" },
  { name: "reviewed", review: "required" },
  { name: "later", state: "backlog" },
  { name: "an idea", state: "idea" },
  { name: "after the first", depends_on: ["#1"] },
];

it("whatever is done to a job, by whichever way, A2A shows the state that it has: alone, in lists, and to who follows", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 20, maxLength: 40 }), async (moves) => {
      const a2a = new A2ABoard();
      for (const params of POSTED) await a2a.board.call("tasks/send", params as { name: string });
      const { id: sixth } = await a2a.post("by A2A", { review: "required" });
      const stream = await a2a.stream("SubscribeToTask", { id: sixth });
      for (const { method, number, agent_id } of moves) {
        const id = `#${number}`;
        const reply = { message: message("a word", { taskId: id }), configuration: { returnImmediately: true } };
        if (method === "CancelTask") await a2a.ask("CancelTask", { id });
        else if (method === "SendMessage") await a2a.ask("SendMessage", reply);
        else if (method === "approve")
          await a2a.ask("SendMessage", { ...reply, metadata: { [URI]: { decision: "approve", agentId: "boss" } } });
        else await a2a.board.raw(method, { id, agent_id, ...PARAMS[method] });
      }
      const tasks = (await a2a.board.call("tasks/list", { limit: 10 })) as Task[];
      for (const { id, state } of tasks) {
        const seen = await a2a.get(id);
        expect([id, seen.status.state, (seen.metadata[URI] as { state: State }).state]).toEqual([id, WIRE_STATES[state], state]);
      }
      for (const status of new Set(Object.values(WIRE_STATES))) {
        const listed = await a2a.call<{ tasks: WireTask[]; totalSize: number }>("ListTasks", { status });
        const expected = tasks.filter(({ state }) => WIRE_STATES[state] === status).map(({ id }) => id);
        expect([status, listed.tasks.map(({ id }) => id).sort(), listed.totalSize]).toEqual([status, expected.sort(), expected.length]);
      }
      // a failed job ends the stream, though the board may retry it
      const last = tasks.find(({ id }) => id === sixth)!.state;
      const failed = (await a2a.board.call("tasks/history", { id: sixth })).events.some(({ type }) => type === "task.failed");
      if (!isOver(last) && !failed) await a2a.board.call("tasks/cancel", { id: sixth });
      const told = (await stream.rest()).flatMap(({ task, statusUpdate }) => (task ?? statusUpdate)?.status.state ?? []);
      const end = failed ? "TASK_STATE_FAILED" : WIRE_STATES[isOver(last) ? last : "cancelled"];
      expect(told.at(-1)).toBe(end);
      await a2a.board.waiting(0);
    }),
    { numRuns: 25 },
  );
}, 120_000);
