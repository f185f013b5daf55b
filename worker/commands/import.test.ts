import { describe, expect, it } from "vitest";
import { ImportRequest, type ImportTaskIn, type Principal, type Task, TRANSITIONS } from "../../protocol/index.ts";
import { verify } from "../backup/verify.ts";
import { OWNER } from "../core/authorize.ts";
import { type Bench, onBench } from "../testing/engine.ts";

let made = 0;
const id = () => `00000000-0000-8000-8000-${String(++made).padStart(12, "0")}`;

async function bring(
  bench: Bench,
  tasks: readonly ImportTaskIn[],
  more: { dry_run?: boolean; agent_id?: string } = {},
  as: Principal = OWNER,
) {
  const outcome = bench.engine.import(ImportRequest.parse({ tasks, agent_id: "porter", ...more }), as);
  bench.run(false);
  return outcome;
}

const events = async (bench: Bench) => (await bench.call("events/list", { after: 0 })).events;

describe("an import", () => {
  it(
    "brings tasks in any state that needs no act of anybody's, each by the importer's own act",
    onBench(async (bench) => {
      const [done, open, off] = [id(), id(), id()];
      const outcome = await bring(bench, [
        { id: done, name: "done", state: "completed", result: { ok: 1 }, notes: ["from there\n@somebody"] },
        { id: open, name: "open", state: "pending", depends_on: [done], labels: ["x"], description: "findable" },
        { id: off, name: "off", state: "cancelled", reason: "not wanted there", depends_on: [open] },
        { id: id(), name: "later", state: "backlog" },
        { id: id(), name: "perhaps", state: "idea" },
        { id: id(), name: "known", kind: "knowledge", state: "completed" },
      ]);
      expect(outcome).toMatchObject({ ok: true, value: { dry_run: false, existing: [] } });
      const tasks = (await bench.call("tasks/list", { state: "any" })) as Task[];
      expect(tasks.map(({ name, state }) => [name, state])).toEqual([
        ["known", "completed"],
        ["perhaps", "idea"],
        ["later", "backlog"],
        ["off", "cancelled"],
        ["open", "pending"],
        ["done", "completed"],
      ]);
      expect(await bench.call("tasks/get", { id: open })).toMatchObject({
        held: null,
        depends_on: [done],
        created_by: "porter",
        attempt: 0,
      });
      expect(await bench.call("tasks/get", { id: done })).toMatchObject({ result: { ok: 1 }, claimed_by: null, attempt: 0 });
      expect(await bench.call("tasks/list", { q: "findable", state: "any" })).toHaveLength(1);
      const { notes, claims, attempts } = await bench.call("tasks/history", { id: done });
      expect(notes.map(({ author, body, mentions }) => [author, body, mentions])).toEqual([["porter", "from there\n@somebody", []]]);
      expect([claims, attempts]).toEqual([[], []]);
      for (const { type, agent_id } of await events(bench)) {
        expect(["agent.seen", "task.created", "task.cancelled", "note.added"]).toContain(type);
        expect(agent_id).toBe("porter");
      }
      expect(TRANSITIONS.some(({ from, to, event }) => from === null && to === "completed" && event === "task.created")).toBe(true);
      expect(verify(bench.sql, 0).problems).toEqual([]);
      expect((await bench.call("tasks/next", { agent_id: "a" }))?.id).toBe(open);
    }),
  );

  it(
    "made again brings only what is not there, and changes nothing of what is",
    onBench(async (bench) => {
      const [first, second] = [id(), id()];
      await bring(bench, [{ id: first, name: "first", state: "pending", notes: ["once"] }]);
      await bench.call("tasks/claim", { id: first, agent_id: "a" });
      const before = await events(bench);
      const again = await bring(bench, [{ id: first.toUpperCase(), name: "another name", state: "completed", notes: ["twice"] }]);
      expect(again).toMatchObject({ ok: true, value: { created: [], existing: [{ id: first }] } });
      expect(await events(bench)).toEqual(before);
      const more = await bring(bench, [
        { id: first, name: "first", state: "pending" },
        { id: second, name: "second", state: "pending", depends_on: [first] },
        { id: second, name: "second", state: "pending" },
      ]);
      expect(more).toMatchObject({ ok: true, value: { created: [{ id: second }], existing: [{ id: first }, { id: second }] } });
      expect(await bench.call("notes/list", { id: first })).toHaveLength(1);
    }),
  );

  const good = (): ImportTaskIn => ({ id: id(), name: "good", state: "pending" });
  it.each<[string, () => ImportTaskIn, RegExp]>([
    ["a dependency that is nowhere", () => ({ ...good(), depends_on: [id()] }), /no task .* in this workspace/],
    [
      "one that comes after it",
      () => ({ ...good(), id: "00000000-0000-8000-8000-0000000000aa", depends_on: ["00000000-0000-8000-8000-0000000000aa"] }),
      /no task/,
    ],
    ["an announcement that waits to be done", () => ({ ...good(), kind: "decision" }), /announcement/],
    ["a payload too large", () => ({ ...good(), payload: "x".repeat(300_000) }), /payload_bytes/],
    ["a result too large", () => ({ ...good(), state: "completed", result: "x".repeat(300_000) }), /result_bytes/],
    ["a description too long", () => ({ ...good(), description: "x".repeat(70_000) }), /description_bytes/],
    ["a note too long", () => ({ ...good(), notes: ["x".repeat(70_000)] }), /note_bytes/],
  ])("with %s is refused whole, and says which it was", (_what, bad, told) =>
    onBench(async (bench) => {
      const outcome = await bring(bench, [good(), good(), bad(), good()]);
      expect(outcome).toMatchObject({ ok: false, refusal: { message: expect.stringMatching(told), data: { at: 2 } } });
      expect(await events(bench)).toEqual([]);
      expect(await bench.call("tasks/list", { state: "any" })).toEqual([]);
      // the log's numbers were not used up
      await bench.call("tasks/send", { name: "next" });
      expect((await events(bench)).map(({ seq }) => seq)).toEqual([1]);
    })(),
  );

  it(
    "of finished work that waits for unfinished work is refused",
    onBench(async (bench) => {
      const open = good();
      const outcome = await bring(bench, [open, { id: id(), name: "done", state: "completed", depends_on: [open.id] }]);
      expect(outcome).toMatchObject({
        ok: false,
        refusal: { message: expect.stringContaining("is completed, but depends on"), data: { at: 1 } },
      });
    }),
  );

  it(
    "tried out tells the same and leaves nothing, not even that the importer was here",
    onBench(async (bench) => {
      const tasks = [good(), good()];
      const trial = await bring(bench, tasks, { dry_run: true });
      expect(trial).toMatchObject({ ok: true, value: { dry_run: true, existing: [] } });
      expect(trial.ok && trial.value.created.map((one) => one.id)).toEqual(tasks.map((task) => task.id));
      expect([await events(bench), await bench.call("agents/list", {})]).toEqual([[], []]);
      expect(await bring(bench, tasks)).toMatchObject({ ok: true, value: { created: [{ number: 1 }, { number: 2 }] } });
    }),
  );

  it(
    "is an admin's",
    onBench(async (bench) => {
      for (const role of ["member", "viewer"] as const) {
        expect(await bring(bench, [good()], {}, { id: "m", role })).toMatchObject({ ok: false, refusal: { code: "forbidden" } });
      }
      expect(await bring(bench, [good()], {}, { id: "m", role: "admin" })).toMatchObject({ ok: true });
    }),
  );

  it(
    "wakes who waits for what it brings",
    onBench(async (bench) => {
      const waiting = bench.raw("tasks/next", { agent_id: "a", wait_ms: 1000 });
      bench.run(false);
      const task = good();
      await bring(bench, [task]);
      expect((await waiting).result).toMatchObject({ id: task.id, claimed_by: "a" });
    }),
  );
});
