import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Filter, matches, type Task, type TaskSnapshot } from "../../protocol/index.ts";
import type { Board, Connect } from "./client.ts";
import { hasWords, type Step, smallFilter, snapshotOf, step, task, withIds } from "./random.ts";

const TASKS = fc.array(task, { minLength: 8, maxLength: 24 });
const STEPS = fc.array(step, { minLength: 5, maxLength: 30 });
const FILTERS = fc.array(smallFilter, { minLength: 10, maxLength: 20 });
/** A failure is told, shrunk for as long as there is time. */
const RUNS = { interruptAfterTimeLimit: 20_000 };

/** Steps that need no more than the task. */
const PLAIN = ["claim", "complete", "fail", "release", "cancel", "retry", "ready", "unready", "update", "extend"];

/** Tasks in many states: some are claimed, finished, called off, put back. Refusals do not matter here. */
async function play(board: Board, tasks: readonly object[], steps: readonly Step[]): Promise<Task[]> {
  await board.call("agents/heartbeat", { id: "pat", name: "Pat", type: "user" });
  const sent = await board.batch("tasks/send", tasks as { name: string }[]);
  const calls = steps
    .filter(({ method }) => PLAIN.includes(method))
    .map(({ at, agent, method, how }, id) => ({
      jsonrpc: "2.0",
      id,
      method: `tasks/${method}`,
      params: {
        id: sent[at % sent.length]!.id,
        ...(method === "claim" ? { agent_id: agent } : {}),
        ...(method === "fail" ? { reason: "r" } : {}),
        ...(method === "update" ? { priority: how % 2 ? "high" : "low" } : {}),
      },
    }));
  if (calls.length > 0) await board.post(JSON.stringify(calls));
  return sent;
}

async function allTasks(board: Board): Promise<Task[]> {
  return (await board.call("tasks/list", { state: "any", limit: 500 })) as Task[];
}

/** Lists, waits and the log find exactly what the one matcher of `protocol/` says, for any board and any filter. */
export function matching(connect: Connect): void {
  describe("any filter on any board", { timeout: 30_000 }, () => {
    it("lists and answers waits by what is there: all of it, newest first, and nothing else", async () => {
      await fc.assert(
        fc.asyncProperty(TASKS, STEPS, FILTERS, async (tasks, steps, filters) => {
          const board = connect();
          const sent = await play(board, tasks, steps);
          const all = await allTasks(board);
          const asked = filters.map((random) =>
            withIds(
              random,
              sent.map((one) => one.id),
            ),
          );
          const lists = await board.batch("tasks/list", asked.map((filter) => ({ ...filter, limit: 500 })) as never[]);
          const waits = await board.batch("tasks/wait", asked.map((filter) => ({ filter, timeout_ms: 0 })) as never[]);
          for (const [n, filter] of asked.entries()) {
            const parsed = Filter.parse(filter);
            const fits = (one: Task, waiting: boolean) => matches(parsed, snapshotOf(one), waiting) && hasWords(parsed.q, one);
            const what = JSON.stringify(filter);
            expect(
              (lists[n] as Task[]).map((one) => one.number),
              `list ${what}`,
            ).toEqual(all.filter((one) => fits(one, false)).map((one) => one.number));
            const newest = all.find((one) => fits(one, true));
            expect([waits[n]!.task?.number, waits[n]!.timed_out], `wait ${what}`).toEqual([newest?.number, newest === undefined]);
          }
        }),
        { ...RUNS, numRuns: 12 },
      );
    });

    it("answers `after` with the first change that matched as it was then, and a chain of cursors with every one", async () => {
      await fc.assert(
        fc.asyncProperty(TASKS, STEPS, fc.array(smallFilter, { minLength: 2, maxLength: 4 }), async (tasks, steps, filters) => {
          const board = connect();
          const session = await board.session();
          const sent = await play(board, tasks, steps);
          const log = await board.log();
          const now = new Map((await allTasks(board)).map((one) => [one.id, one]));
          for (const random of filters) {
            const filter = withIds(
              random,
              sent.map((one) => one.id),
            );
            const parsed = Filter.parse(filter);
            const wanted = log
              .filter(({ data, task_id }) => {
                const then = data.task as TaskSnapshot | undefined;
                return then !== undefined && matches(parsed, then, true) && hasWords(parsed.q, now.get(task_id!)!);
              })
              .map((event) => event.seq);
            const chain: number[] = [];
            for (let after = 0; ; ) {
              const answer = await session.call("tasks/wait", { filter: filter as never, after, timeout_ms: 0 });
              if (answer.timed_out) break;
              expect(answer.event!.seq).toBe(answer.cursor);
              expect(answer.task!.id).toBe(answer.event!.task_id);
              chain.push(answer.cursor);
              after = answer.cursor;
            }
            expect(chain, JSON.stringify(filter)).toEqual(wanted);
          }
          session.close();
        }),
        { ...RUNS, numRuns: 5 },
      );
    });

    it("wakes exactly the waits whose filter matches something that happens", async () => {
      await fc.assert(
        fc.asyncProperty(TASKS, STEPS, FILTERS, async (tasks, steps, filters) => {
          const board = connect();
          const session = await board.session();
          // positions mean nothing before there are tasks
          const asked = filters.map(({ ids: _ids, ignore_ids: _ignored, ...filter }) => filter);
          const waits = asked.map((filter) => session.send("tasks/wait", { filter }));
          const joined = await session.call("workspace/info", {});
          expect(joined.waiters).toBe(filters.length);
          await play(board, tasks, steps);
          for (const id of waits) await session.call("session/cancel", { id });
          const log = await board.log();
          const now = new Map((await allTasks(board)).map((one) => [one.id, one]));
          for (const [n, filter] of asked.entries()) {
            const parsed = Filter.parse(filter);
            const first = log.find(({ data, task_id }) => {
              const then = data.task as TaskSnapshot | undefined;
              return then !== undefined && matches(parsed, then, true) && hasWords(parsed.q, now.get(task_id!)!);
            });
            const answer = await session.result("tasks/wait", waits[n]!);
            expect([answer.event?.seq, answer.timed_out], JSON.stringify(filter)).toEqual([first?.seq, first === undefined]);
          }
          session.close();
        }),
        { ...RUNS, numRuns: 8 },
      );
    });
  });
}
