import { rmSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import type { Task } from "../../protocol/index.ts";
import { startServer, type TestServer, temporaryFolder, until } from "../harness/server.ts";
import { type Answer, Board, type Session } from "../scenarios/client.ts";
import { served } from "../scenarios/served.ts";

const ROUNDS = 10;
const WORKERS = 4;
const CROWDS = 6;
const CROWD = 64;

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function folder(): string {
  const made = temporaryFolder();
  folders.push(made);
  return made;
}

/** `kill -9` of both at once: workerd in the middle of whatever it does, and whoever would restart it. */
async function killDead(server: TestServer): Promise<void> {
  process.kill(server.workerdPid, "SIGKILL");
  await server.kill();
}

interface Acknowledged {
  readonly sent: Set<string>;
  readonly claimed: Map<string, string>;
  readonly completed: Set<string>;
}

/** Sends, claims and completes with an ack, pipelined, until the server is gone; notes what was answered. */
async function work(session: Session, agent: string, seen: Acknowledged, progress: () => void): Promise<void> {
  const ended = (name: string, params: object, then: (answer: Answer) => void) =>
    session.raw(name, params).then((answer) => {
      then(answer);
      progress();
    });
  for (let n = 0; n < 400; n += 1) {
    let id = "";
    let claim_id = "";
    await ended("tasks/send", { name: `${agent} ${n}` }, (answer) => {
      id = (answer.result as Task).id;
      seen.sent.add(id);
    });
    await ended("tasks/claim", { id, agent_id: agent, lease_seconds: 3600 }, (answer) => {
      claim_id = (answer.result as Task).claim!.claim_id;
      seen.claimed.set(id, claim_id);
    });
    // the next round begins while this is on its way, so that the kill finds several in one turn
    void ended("tasks/complete", { id, claim_id, post_ack: true, result: n }, (answer) => {
      if (answer.result) seen.completed.add(id);
    });
  }
}

async function everything(board: Board): Promise<Task[]> {
  const tasks: Task[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = (await board.call("tasks/list", { page: true, limit: 500, cursor })) as { tasks: Task[]; next: string | null };
    tasks.push(...page.tasks);
    if (page.next === null) return tasks;
    cursor = page.next;
  }
}

/** Both or neither, nothing acknowledged is missing, and the log is whole. */
async function check(board: Board, seen: Acknowledged): Promise<void> {
  const tasks = new Map((await everything(board)).map((task) => [task.id, task]));
  const acks = new Set<string>();
  for (const { kind, payload } of tasks.values()) if (kind === "ack") acks.add((payload as { fixed_bug_id: string }).fixed_bug_id);
  for (const task of tasks.values()) {
    if (task.kind !== "ack") expect(acks.has(task.id), `${task.id} is ${task.state}`).toBe(task.state === "completed");
  }
  for (const id of seen.sent) expect(tasks.has(id), `the answered send of ${id}`).toBe(true);
  for (const id of seen.claimed.keys()) expect(["claimed", "completed"], `the answered claim of ${id}`).toContain(tasks.get(id)!.state);
  for (const id of seen.completed) expect(tasks.get(id)!.state, `the answered completion of ${id}`).toBe("completed");
  const log = await board.log();
  expect(log.map((event) => event.seq)).toEqual(log.map((_, n) => n + 1));
  expect(log.filter((event) => event.type === "task.completed").length).toBe(acks.size);
}

describe("kill -9 of the server", () => {
  it(`in the middle of completions with acks, ${ROUNDS} times: both are there or neither, and every answered write is`, async () => {
    const db = folder();
    const seen: Acknowledged = { sent: new Set(), claimed: new Map(), completed: new Set() };
    for (let round = 0; round < ROUNDS; round += 1) {
      const server = await startServer({ db });
      const board = new Board("crash", served(server.url));
      await check(board, seen);
      const sessions = await Promise.all(Array.from({ length: WORKERS }, () => board.session()));
      let answered = 0;
      const killAfter = 40 + ((round * 37) % 90);
      const enough = new Promise<void>((resolve) => {
        const progress = () => {
          answered += 1;
          if (answered >= killAfter) resolve();
        };
        for (const [n, session] of sessions.entries()) void work(session, `r${round}-w${n}`, seen, progress);
      });
      await enough;
      await killDead(server);
    }
    const server = await startServer({ db });
    await check(new Board("crash", served(server.url)), seen);
    expect(seen.completed.size).toBeGreaterThan(ROUNDS);
    await server.stop();
  }, 60_000);

  it("in the middle of a crowd's claims, which are applied together: each is there whole or not at all, and every answered one is", async () => {
    const db = folder();
    const holders = new Map<string, string>();
    for (let round = 0; round < CROWDS; round += 1) {
      const server = await startServer({ db });
      const board = new Board("crowd", served(server.url));
      const jobs: Task[] = [];
      for (let some = 0; some < 3; some += 1) {
        jobs.push(
          ...((await board.batch(
            "tasks/send",
            Array.from({ length: 100 }, (_, n) => ({ name: `job ${n}` })),
          )) as Task[]),
        );
      }
      const sessions = await Promise.all(Array.from({ length: CROWD }, () => board.session()));
      let answered = 0;
      const killAfter = CROWD + ((round * 37) % (2 * CROWD));
      await new Promise<void>((resolve) => {
        const claimAll = async (session: Session, agent_id: string) => {
          for (let job = jobs.pop(); job; job = jobs.pop()) {
            const { result } = await session.raw("tasks/claim", { id: job.id, agent_id, lease_seconds: 3600 });
            holders.set((result as Task).id, `${agent_id} ${(result as Task).claim!.claim_id}`);
            answered += 1;
            if (answered >= killAfter) resolve();
          }
        };
        for (const [n, session] of sessions.entries()) void claimAll(session, `r${round}-a${n}`);
      });
      await killDead(server);
    }
    const server = await startServer({ db });
    const board = new Board("crowd", served(server.url));
    const log = await board.log();
    expect(log.map((event) => event.seq)).toEqual(log.map((_, n) => n + 1));
    const logged = new Map<string, string>();
    for (const { type, task_id, agent_id, data } of log) {
      if (type !== "task.claimed") continue;
      expect(logged.has(task_id!), `${task_id} was claimed twice`).toBe(false);
      logged.set(task_id!, `${agent_id} ${(data as { claim_id: string }).claim_id}`);
    }
    for (const [id, holder] of holders) expect(logged.get(id), `the answered claim of ${id}`).toBe(holder);
    const claimed = (await everything(board)).filter(({ state }) => state === "claimed");
    expect(claimed.map(({ id }) => id).sort()).toEqual([...logged.keys()].sort());
    for (const { id, claimed_by } of claimed) expect(logged.get(id)).toContain(`${claimed_by} `);
    expect(holders.size).toBeGreaterThanOrEqual(CROWDS * CROWD);
    await server.stop();
  }, 60_000);

  it("in the middle of fifty waits: whoever comes back with its cursor misses nothing", async () => {
    const db = folder();
    const first = await startServer({ db });
    const board = new Board("waits", served(first.url));
    const waiters = Array.from({ length: 50 }, (_, n) => ({ kind: `kind-${n}`, cursor: 0, heard: [] as string[] }));
    const sessions = await Promise.all(Array.from({ length: 10 }, () => board.session()));
    // each hears of one task of its own and waits for the next
    await board.batch(
      "tasks/send",
      waiters.map(({ kind }) => ({ name: `${kind} before`, kind })),
    );
    for (const [n, waiter] of waiters.entries()) {
      const answer = await sessions[n % 10]!.call("tasks/wait", { filter: { kind: waiter.kind }, after: waiter.cursor });
      waiter.heard.push(answer.task!.name);
      waiter.cursor = answer.cursor;
      sessions[n % 10]!.send("tasks/wait", { filter: { kind: waiter.kind }, after: waiter.cursor });
    }
    await board.waiting(50);
    // half of what they wait for is posted and answered by the server just before it dies: those answers may be lost
    await board.batch(
      "tasks/send",
      waiters.slice(0, 25).map(({ kind }) => ({ name: `${kind} during`, kind })),
    );
    await killDead(first);

    const second = await startServer({ db, addr: `127.0.0.1:${first.port}` });
    // the other half is posted, claimed and finished before any client is back
    for (const { kind } of waiters.slice(25)) {
      const { id } = await board.call("tasks/send", { name: `${kind} during`, kind });
      await board.call("tasks/claim", { id, agent_id: "z" });
      await board.call("tasks/complete", { id });
    }
    const back = await Promise.all(Array.from({ length: 10 }, () => board.session()));
    await Promise.all(
      waiters.map(async (waiter, n) => {
        for (let heard = 0; heard < 2; heard += 1) {
          const answer = await back[n % 10]!.call("tasks/wait", { filter: { kind: waiter.kind }, after: waiter.cursor });
          waiter.heard.push(answer.task!.name);
          waiter.cursor = answer.cursor;
          if (heard === 0) await board.call("tasks/send", { name: `${waiter.kind} after`, kind: waiter.kind });
        }
      }),
    );
    for (const { kind, heard } of waiters) expect(heard).toEqual([`${kind} before`, `${kind} during`, `${kind} after`]);
    for (const session of back) session.close();
    await until("the sessions are closed", async () => (await board.call("workspace/info", {})).sessions === 0);
    await second.stop();
  });

  it("lets a lease lapse that fell due while nobody was there, and keeps one that did not", async () => {
    const db = folder();
    const first = await startServer({ db });
    const board = new Board("leases", served(first.url));
    const [short, long] = await board.batch("tasks/send", [{ name: "short" }, { name: "long" }]);
    await board.call("tasks/claim", { id: short!.id, agent_id: "a", lease_seconds: 1 });
    const kept = await board.call("tasks/claim", { id: long!.id, agent_id: "a", lease_seconds: 600 });
    await killDead(first);
    const second = await startServer({ db, addr: `127.0.0.1:${first.port}` });
    const session = await board.session();
    const { task } = await session.call("tasks/wait", { filter: { ids: [short!.id], state: "pending" } });
    expect(task!.claimed_by).toBeNull();
    expect((await board.call("tasks/get", { id: long!.id }))!.lease_until).toBe(kept.lease_until);
    expect((await board.call("tasks/complete", { id: long!.id, claim_id: kept.claim!.claim_id })).task.state).toBe("completed");
    session.close();
    await second.stop();
  });
});
