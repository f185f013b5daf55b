import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Note, type Task, TRANSITIONS } from "../protocol/index.ts";
import { WalkModel } from "../tests/scenarios/walk-model.ts";
import { ACTORS, callOf, pauseOf, type WalkStep, walkStep } from "../tests/scenarios/walk-steps.ts";
import { verify } from "./backup/verify.ts";
import { type Bench, onBench } from "./testing/engine.ts";

const STEPS = 10_000;
const BOARDS = 20;
const MOST_TIMES = 3;
/** How often the whole board is read and compared, in steps. */
const COMPARED_EVERY = 50;

/** Fixed, unless COORD_SEED says otherwise (tests/harness/seed.ts); named in the test's own title, so that it is printed either way. */
const SEED = fc.readConfigureGlobal().seed ?? Math.floor(Math.random() * 2 ** 31);

async function compareAll(bench: Bench, model: WalkModel): Promise<void> {
  const tasks = (await bench.call("tasks/list", { state: "any", limit: 500 })) as Task[];
  const notes = new Map<string, Note[]>();
  for (const { id } of tasks) notes.set(id, await bench.call("notes/list", { id }));
  model.compare(tasks, (id) => notes.get(id)!);
  const { counts } = await bench.call("workspace/info", {});
  for (const [state, n] of Object.entries(counts)) expect(model.all().filter((task) => task.state === state).length, state).toBe(n);
}

async function walk(bench: Bench, steps: readonly WalkStep[], walked: Set<string>, name: string): Promise<void> {
  const model = new WalkModel(ACTORS, walked);
  for (const [id, type] of Object.entries(ACTORS)) await bench.call("agents/heartbeat", { id, type });
  let cursor = (await bench.call("workspace/info", {})).head;
  for (const [at, step] of steps.entries()) {
    const call = callOf(step, model);
    try {
      // the alarm rings late in some steps: a lapse counts from its moment all the same
      bench.now += pauseOf(step);
      if (step.how % 2 === 0) bench.run();
      const [method, params] = call ?? ["workspace/info", {}];
      const answer = await bench.raw(method, params);
      const { events, cursor: next } = await bench.call("events/list", { after: cursor, limit: 500 });
      cursor = next;
      model.hear({ method, params }, answer, events, bench.now);
      model.settle(events);
      if (at % COMPARED_EVERY === 0 || at === steps.length - 1) await compareAll(bench, model);
    } catch (error) {
      throw new Error(
        `COORD_SEED=${SEED}, ${name}, step ${at}: ${JSON.stringify(call)}: ${(error as Error).message} ${JSON.stringify(bench.bugs)}`,
        { cause: error },
      );
    }
  }
  expect(bench.bugs).toEqual([]);
  expect(verify(bench.sql, 0).problems, name).toEqual([]);
}

describe("random calls by random actors", () => {
  it(`obey the table of transitions and every promise about it in ${STEPS.toLocaleString("en")} steps (COORD_SEED=${SEED})`, {
    timeout: 60_000,
  }, async () => {
    const walked = new Set<string>();
    const missed = () => TRANSITIONS.map(({ from, to, by }) => `${from} ${to} ${by}`).filter((row) => !walked.has(row));
    const steps = fc.sample(walkStep, { seed: SEED, numRuns: STEPS * MOST_TIMES });
    // a walk that goes nowhere would find nothing: where a row of the table was not walked by then, it goes on for a while
    for (let at = 0; at < BOARDS || (missed().length > 0 && at < BOARDS * MOST_TIMES); at += 1) {
      const some = steps.slice((at * STEPS) / BOARDS, ((at + 1) * STEPS) / BOARDS);
      await onBench((bench) => walk(bench, some, walked, `board ${at}`))();
    }
    expect(missed()).toEqual([]);
  });
});
