import { describe, expect, it } from "vitest";
import { LIMITS, type Principal, type RpcError, type Task } from "../protocol/index.ts";
import { type Bench, onBench } from "./testing/engine.ts";
import { scriptedSocket } from "./testing/socket.ts";

interface Call {
  readonly method?: string;
  readonly params: object;
  readonly principal?: Principal;
}

/** Makes calls by connections of their own, all in one turn; the answers, in the calls' order. */
async function together(bench: Bench, calls: readonly Call[]): Promise<{ result?: Task; error?: RpcError }[]> {
  const owner: Principal = { id: "owner", role: "owner" };
  const answers = calls.map(({ method = "tasks/claim", params, principal = owner }) =>
    bench.engine.request(JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }), principal, crypto.randomUUID()),
  );
  bench.run(false);
  return (await Promise.all(answers)).map((text) => JSON.parse(text!));
}

async function jobs(bench: Bench, count: number, given: object = {}): Promise<Task[]> {
  return Promise.all(Array.from({ length: count }, (_, at) => bench.call("tasks/send", { name: `job ${at}`, ...given }) as Promise<Task>));
}

/** The statements that claim, from here on. */
function claimStatements(bench: Bench): string[] {
  const seen: string[] = [];
  const before = bench.fault;
  bench.fault = (query) => {
    if (query.startsWith("UPDATE tasks SET state = 'claimed'")) seen.push(query);
    return before(query);
  };
  return seen;
}

const codes = (answers: readonly { error?: RpcError }[]) => answers.map(({ error }) => error?.data?.reason ?? error?.data?.code);

describe("claims that follow each other in one turn", () => {
  it(
    "are one statement, and each caller is told of its own job, its claim and its event",
    onBench(async (bench) => {
      const tasks = await jobs(bench, 30, { labels: ["x"], payload: { of: "job" } });
      const seen = claimStatements(bench);
      const answers = await together(
        bench,
        tasks.map(({ id }, at) => ({
          params: { id, agent_id: `agent ${at}`, lease_seconds: 60 + at },
          principal: { id: `p${at}`, role: "member" },
        })),
      );
      expect(seen).toHaveLength(1);
      for (const [at, { result }] of answers.entries()) {
        expect(result).toMatchObject({
          id: tasks[at]!.id,
          name: `job ${at}`,
          state: "claimed",
          claimed_by: `agent ${at}`,
          attempt: 1,
          payload: { of: "job" },
        });
        expect(result!.claim!.lease_until).toBe(new Date(bench.now + (60 + at) * 1000).toISOString());
        expect(await bench.call("tasks/get", { id: tasks[at]!.id })).toEqual({ ...result, claim: undefined });
      }
      expect(new Set(answers.map(({ result }) => result!.claim!.claim_id)).size).toBe(30);
      const { events } = (await bench.call("events/list", { filter: { type: "task.claimed" }, limit: 100 })) as {
        events: { principal: string; agent_id: string; task_id: string; data: object; seq: number }[];
      };
      expect(events.map(({ principal, agent_id, task_id }) => [principal, agent_id, task_id])).toEqual(
        tasks.map(({ id }, at) => [`p${at}`, `agent ${at}`, id]),
      );
      expect(events.map(({ data }) => (data as { claim_id: string }).claim_id)).toEqual(
        answers.map(({ result }) => result!.claim!.claim_id),
      );
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => events[0]!.seq + at));
      expect(bench.notes.filter(({ method }) => method === "tasks/claim").map(({ agent, outcome }) => [agent, outcome])).toEqual(
        tasks.map((_, at) => [`agent ${at}`, "ok"]),
      );
    }),
  );

  it(
    "are as many statements as it takes for a flood of them",
    onBench(async (bench) => {
      const tasks = await jobs(bench, 430);
      const seen = claimStatements(bench);
      const answers = await together(
        bench,
        tasks.map(({ id }) => ({ params: { id, agent_id: "a" } })),
      );
      expect(seen).toHaveLength(3);
      expect(answers.map(({ result }) => result?.id)).toEqual(tasks.map(({ id }) => id));
    }),
  );

  it(
    "give a task that two ask for to the first, however each names it",
    onBench(async (bench) => {
      const [task, other] = await jobs(bench, 2);
      const names = [task!.id, task!.id.toUpperCase(), `#${task!.number}`, task!.id.slice(0, 13)];
      for (const first of names) {
        for (const second of names) {
          const answers = await together(bench, [
            { params: { id: first, agent_id: "a" } },
            { params: { id: second, agent_id: "b" } },
            { params: { id: other!.id, agent_id: "c" } },
          ]);
          expect(codes(answers), `${first} and ${second}`).toEqual([undefined, "already_claimed", undefined]);
          expect(answers[1]!.error!.data).toMatchObject({ holder: "a" });
          await bench.call("tasks/release", { id: task!.id, agent_id: "a" });
          await bench.call("tasks/release", { id: other!.id, agent_id: "c" });
        }
      }
    }),
  );

  it(
    "are refused one by one, each for its own reason, and keep nobody else from a job",
    onBench(async (bench) => {
      const [free, taken, reserved, held, done, seen] = await jobs(bench, 6);
      await bench.call("tasks/claim", { id: taken!.id, agent_id: "z" });
      await bench.call("tasks/update", { id: reserved!.id, assignee: "someone" });
      await bench.call("tasks/depend", { id: held!.id, on: free!.id });
      await bench.call("tasks/claim", { id: done!.id, agent_id: "z" });
      await bench.call("tasks/complete", { id: done!.id, agent_id: "z" });
      const answers = await together(bench, [
        { params: { id: taken!.id, agent_id: "a" } },
        { params: { id: reserved!.id, agent_id: "a" } },
        { params: { id: held!.id, agent_id: "a" } },
        { params: { id: done!.id, agent_id: "a" } },
        { params: { id: crypto.randomUUID(), agent_id: "a" } },
        { params: { id: free!.id, agent_id: "a" } },
        { params: { id: seen!.id, agent_id: "v" }, principal: { id: "viewer", role: "viewer" } },
        { params: { id: seen!.id, agent_id: " " } },
        { params: { id: seen!.id, agent_id: "c" } },
      ]);
      expect(codes(answers)).toEqual([
        "already_claimed",
        "not_claimable",
        "held",
        "terminal",
        "not_found",
        undefined,
        "forbidden",
        "invalid_params",
        undefined,
      ]);
      expect(answers[5]!.result!.id).toBe(free!.id);
    }),
  );

  it(
    "by a key that was used before get the first answer, in the same turn and later",
    onBench(async (bench) => {
      const tasks = await jobs(bench, 3);
      const call = (at: number, key: string) => ({ params: { id: tasks[at]!.id, agent_id: "a", idempotency_key: key } });
      const [first, again, other, taken] = await together(bench, [call(0, "k"), call(0, "k"), call(1, "l"), call(2, "l")]);
      expect(again).toEqual(first);
      expect(first!.result!.claim).toBeDefined();
      expect(other!.result!.id).toBe(tasks[1]!.id);
      expect(codes([taken!])).toEqual(["idempotency_conflict"]);
      const later = await together(bench, [call(0, "k"), call(1, "l"), call(2, "m")]);
      expect(later.slice(0, 2)).toEqual([first, other]);
      expect(later[2]!.result!.attempt).toBe(1);
    }),
  );

  it(
    "that were refused under a key are decided afresh",
    onBench(async (bench) => {
      const [one, two] = await jobs(bench, 2);
      await bench.call("tasks/claim", { id: one!.id, agent_id: "z" });
      const calls = [one!, two!].map(({ id }) => ({ params: { id, agent_id: "a", idempotency_key: `k ${id}` } }));
      expect(codes(await together(bench, calls))).toEqual(["already_claimed", undefined]);
      await bench.call("tasks/release", { id: one!.id, agent_id: "z" });
      expect(codes(await together(bench, calls))).toEqual([undefined, undefined]);
    }),
  );

  it(
    "survive a bug in one of them: it alone is refused, and nothing of it stays",
    onBench(async (bench) => {
      const tasks = await jobs(bench, 5);
      const [poisoned] = tasks.splice(2, 1);
      // a second attempt brings what reviewers said of the first, which is what breaks
      await bench.call("tasks/claim", { id: poisoned!.id, agent_id: "z" });
      await bench.call("tasks/fail", { id: poisoned!.id, agent_id: "z", reason: "no" });
      await bench.call("tasks/retry", { id: poisoned!.id });
      const { head } = await bench.call("workspace/info", {});
      bench.fault = (query) => (query.includes("FROM reviews") ? new Error("the index is broken") : undefined);
      const order = [tasks[0]!, tasks[1]!, poisoned!, tasks[2]!, tasks[3]!];
      const answers = await together(
        bench,
        order.map(({ id }, at) => ({ params: { id, agent_id: `new ${at}` } })),
      );
      bench.fault = () => undefined;
      expect(codes(answers)).toEqual([undefined, undefined, "internal", undefined, undefined]);
      expect(new Set(bench.bugs.map(({ method }) => method))).toEqual(new Set(["tasks/claim"]));
      expect((await bench.call("tasks/get", { id: poisoned!.id }))!.state).toBe("pending");
      for (const { id } of tasks) expect((await bench.call("tasks/get", { id }))!.state).toBe("claimed");
      const { events } = await bench.call("events/list", { after: head, limit: 100 });
      expect(events.map(({ type, agent_id }) => `${type} ${agent_id}`)).toEqual(
        [0, 1, 3, 4].flatMap((at) => [`agent.seen new ${at}`, `task.claimed new ${at}`]),
      );
      expect((await bench.call("agents/list", {})).map(({ id }) => id).filter((id) => id.startsWith("new"))).not.toContain("new 2");
    }),
  );

  it(
    "keep their place among other commands",
    onBench(async (bench) => {
      const [one, two, three] = await jobs(bench, 3);
      const answers = await together(bench, [
        { params: { id: one!.id, agent_id: "a" } },
        { params: { id: two!.id, agent_id: "a" } },
        { method: "tasks/release", params: { id: one!.id, agent_id: "a" } },
        { params: { id: one!.id, agent_id: "b" } },
        { params: { id: three!.id, agent_id: "b" } },
        { method: "tasks/complete", params: { id: three!.id, agent_id: "b" } },
        { params: { id: three!.id, agent_id: "c" } },
        { params: { id: two!.id, agent_id: "c" } },
      ]);
      expect(codes(answers)).toEqual([undefined, undefined, undefined, undefined, undefined, undefined, "terminal", "already_claimed"]);
      expect(answers[3]!.result!.claimed_by).toBe("b");
    }),
  );

  it(
    "wake whoever waits for one of them, and are told in order",
    onBench(async (bench) => {
      const tasks = await jobs(bench, 3);
      const { head } = await bench.call("workspace/info", {});
      const wait = (id: string) =>
        bench.body(
          JSON.stringify({
            jsonrpc: "2.0",
            id: 1,
            method: "tasks/wait",
            params: { filter: { ids: [id], state: "claimed" }, after: head, wait_ms: 50_000 },
          }),
        );
      const waits = tasks.map(({ id }) => wait(id));
      await together(
        bench,
        tasks.map(({ id }, at) => ({ params: { id, agent_id: `a${at}` } })),
      );
      const told = (await Promise.all(waits)).map((text) => JSON.parse(text!).result.task);
      expect(told.map(({ id, claimed_by }: Task) => [id, claimed_by])).toEqual(tasks.map(({ id }, at) => [id, `a${at}`]));
    }),
  );

  it(
    "end a wait for all of them at the last of them",
    onBench(async (bench) => {
      const [one, two] = await jobs(bench, 2);
      const waiting = bench.body(
        JSON.stringify({
          jsonrpc: "2.0",
          id: 1,
          method: "tasks/wait",
          params: { all: true, filter: { ids: [one!.id, two!.id], state: "claimed" }, wait_ms: 50_000 },
        }),
      );
      await together(
        bench,
        [one!, two!].map(({ id }) => ({ params: { id, agent_id: "a" } })),
      );
      const { result } = JSON.parse((await waiting)!);
      expect(result).toMatchObject({ timed_out: false, event: { task_id: two!.id }, tasks: [{ id: one!.id }, { id: two!.id }] });
      expect(result.cursor).toBe((await bench.call("workspace/info", {})).head);
    }),
  );

  it(
    "stand where a session's agent could not be written down as gone",
    onBench(async (bench) => {
      const tasks = await jobs(bench, 3);
      const sent: string[] = [];
      const socket = scriptedSocket({ send: (text) => void sent.push(text) });
      const { sessions } = bench.engine;
      sessions.open(socket, { id: "owner", role: "owner" });
      const call = (id: number, method: string, params: object) =>
        void sessions.message(socket, JSON.stringify({ jsonrpc: "2.0", id, method, params }), (job) => bench.engine.submit(job));
      // a session speaks for 16 agents; the one after them takes the first one's place
      for (let at = 1; at <= 16; at += 1) call(at, "agents/heartbeat", { id: `agent ${at}` });
      bench.run(false);
      bench.fault = (query) =>
        query.startsWith("UPDATE agents SET last_seen = max(last_seen, ?)") ? new Error("the disk is full") : undefined;
      for (const [at, { id }] of tasks.entries()) call(100 + at, "tasks/claim", { id, agent_id: `late ${at}` });
      bench.run(false);
      bench.fault = () => undefined;
      const answers = sent.map((text) => JSON.parse(text)).filter(({ id }) => id >= 100);
      expect(answers.map(({ result, error }) => result?.claimed_by ?? error)).toEqual(["late 0", "late 1", "late 2"]);
      expect(bench.bugs.map(({ method }) => method)).toEqual(["bind", "bind", "bind"]);
      const { events } = await bench.call("events/list", { filter: { type: "task.claimed" } });
      expect(events).toHaveLength(3);
    }),
  );

  it(
    "let go of old keys as often as single ones do",
    onBench(async (bench) => {
      const claimed = async (count: number) => {
        const tasks = await jobs(bench, count);
        await together(
          bench,
          tasks.map(({ id }) => ({ params: { id, agent_id: "a", idempotency_key: `key ${id}` } })),
        );
      };
      const kept = () => bench.sql.first<{ n: number }>("SELECT count(*) AS n FROM idempotency")!.n;
      for (let turn = 0; turn < 4; turn += 1) await claimed(64);
      expect(kept()).toBe(256);
      bench.advance(LIMITS.idempotency_hours.value * 3_600_000);
      let sweeps = 0;
      bench.fault = (query) => {
        if (query.startsWith("DELETE FROM idempotency")) sweeps += 1;
        return undefined;
      };
      for (let turn = 0; turn < 4; turn += 1) await claimed(64);
      expect(sweeps).toBe(4);
      expect(kept()).toBe(256);
    }),
  );

  it(
    "find each job by its own key, however many jobs there are",
    onBench(async (bench) => {
      const [task] = await jobs(bench, 3);
      const seen = claimStatements(bench);
      await bench.call("tasks/claim", { id: task!.id, agent_id: "a" });
      await bench.call("tasks/next", { agent_id: "a" });
      expect(seen).toHaveLength(2);
      const plans = seen.map((query) =>
        bench.sql.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, "[]", 0).map(({ detail }) => detail),
      );
      expect(plans[0]!.slice(0, 2)).toEqual([
        expect.stringMatching(/^SCAN json_each/),
        expect.stringMatching(/^SEARCH tasks USING INDEX \S+ \(id=\?\)/),
      ]);
      expect(plans[1]!.slice(0, 2)).toEqual([
        expect.stringMatching(/^SCAN json_each/),
        expect.stringMatching(/^SEARCH tasks USING INTEGER PRIMARY KEY/),
      ]);
    }),
  );
});
