import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCoord, startServer, type TestServer, temporaryFolder } from "../harness/server.ts";

let server: TestServer;
let folder: string;

beforeAll(async () => {
  server = await startServer();
  folder = temporaryFolder();
});

afterAll(async () => {
  await server.stop();
});

/** A board of its own for each test: what one posts, no other sees. */
function board(workspace: string) {
  const run = (args: readonly string[], options: { input?: string; env?: Record<string, string> } = {}) =>
    runCoord(args, { cwd: folder, ...options, env: { COORD_URL: server.url, COORD_WORKSPACE: workspace, ...options.env } });
  return {
    run,
    /** The one JSON value on stdout. */
    json: async <T = Record<string, unknown>>(...args: string[]): Promise<T> => {
      const { stdout, stderr, code } = await run([...args, "--json"]);
      if (code !== 0) throw new Error(`exit ${code}: ${stderr}`);
      expect(stderr).toBe("");
      expect(stdout.endsWith("\n") && stdout.indexOf("\n") === stdout.length - 1).toBe(true);
      return JSON.parse(stdout) as T;
    },
  };
}

interface Posted {
  id: string;
  number: number;
  state: string;
  claim?: { claim_id: string };
}

describe("the life of a job by the commands", () => {
  test("send, claim, extend, complete with an ack", async () => {
    const { run, json } = board("life");
    const job = await json<Posted>(
      "send",
      "login fails",
      "--kind",
      "bug",
      "--priority",
      "high",
      "--payload",
      '{"url":"/login"}',
      "--label",
      "web,urgent",
      "--as",
      "quiet-owl",
    );
    expect(job).toMatchObject({
      number: 1,
      state: "pending",
      payload: { url: "/login" },
      labels: ["web", "urgent"],
      created_by: "quiet-owl",
    });
    const claimed = await json<Posted>("claim", "1", "--as", "harbor-lynx", "--lease", "10m");
    expect(claimed).toMatchObject({ state: "claimed", claimed_by: "harbor-lynx" });
    const claimId = claimed.claim?.claim_id ?? "";
    expect(await json("extend", job.id, "--claim-id", claimId, "--lease", "600")).toMatchObject({ ok: true });
    expect(
      (await run(["complete", "1", "--as", "harbor-lynx", "--result", '{"commit":"4f2a91c"}', "--ack", "v1.1 stable"])).stdout,
    ).toContain("#2 v1.1 stable");
    expect(await json("get", "1")).toMatchObject({ state: "completed", result: { commit: "4f2a91c" } });
    expect(await json("get", "2")).toMatchObject({ kind: "ack", priority: "high", payload: { fixed_bug_id: job.id } });
  });

  test("release, fail and retry, cancel, ready and unready", async () => {
    const { json } = board("moves");
    await json("send", "one");
    await json("claim", "1", "--as", "a");
    expect(await json("release", "1", "--as", "a", "--reason", "later")).toMatchObject({ state: "pending" });
    await json("claim", "1", "--as", "a");
    expect(await json("fail", "1", "--as", "a", "--reason", "cannot")).toMatchObject({ state: "failed" });
    expect(await json("retry", "1")).toMatchObject({ state: "pending" });
    expect(await json("unready", "1")).toMatchObject({ state: "backlog" });
    expect(await json("ready", "1")).toMatchObject({ state: "pending" });
    expect(await json("cancel", "1", "--reason", "enough")).toEqual({ ok: true });
    expect(await json("send", "two", "--backlog")).toMatchObject({ state: "backlog" });
    const { events } = await json<{ events: { type: string }[] }>("history", "1");
    expect(events.map((event) => event.type)).toContain("task.failed");
  });

  test("update changes what is named, and with --rev only what nobody changed", async () => {
    const { run, json } = board("update");
    await json("send", "one", "--label", "x", "--assignee", "a");
    expect(await json("update", "1", "--name", "uno", "--priority", "urgent", "--rev", "1", "--no-label", "--no-assignee")).toMatchObject({
      name: "uno",
      priority: "urgent",
      labels: [],
      assignee: null,
      rev: 2,
    });
    expect((await run(["update", "1", "--name", "eins", "--rev", "1"])).code).toBe(3);
    expect((await run(["update", "1"])).code).toBe(1);
  });

  test("next takes the most urgent; where there is none, it exits 2", async () => {
    const { run, json } = board("next");
    await json("send", "later", "--priority", "low");
    await json("send", "now", "--priority", "urgent", "--kind", "bug");
    expect(await json("next", "--as", "a")).toMatchObject({ name: "now", state: "claimed" });
    const none = await run(["next", "--as", "a", "--kind", "bug", "--json"]);
    expect(none).toMatchObject({ code: 2, stdout: "null\n" });
  });

  test("next --wait stands in line until a job comes", async () => {
    const { run, json } = board("line");
    const waiting = run(["next", "--as", "a", "--wait", "20", "--json"]);
    await waiters(json, 1);
    await json("send", "at last");
    const { code, stdout } = await waiting;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ name: "at last", claimed_by: "a" });
  });

  test("an idempotency key makes a repeated send one task", async () => {
    const { json } = board("keys");
    const first = await json<Posted>("send", "once", "--idempotency-key", "k1");
    expect((await json<Posted>("send", "once", "--idempotency-key", "k1")).id).toBe(first.id);
  });
});

/** Until so many stand and wait on the board. */
async function waiters(json: (...args: string[]) => Promise<Record<string, unknown>>, count: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) if ((await json("info")).waiters === count) return;
  throw new Error(`never saw ${count} waiters`);
}

describe("ids", () => {
  test("a task is named by number, by id, and by the id's beginning", async () => {
    const { run, json } = board("ids");
    const job = await json<Posted>("send", "one");
    for (const word of ["1", "#1", job.id, job.id.slice(0, 8)]) expect(await json("get", word)).toMatchObject({ id: job.id });
    const missing = await run(["get", "99"]);
    expect(missing).toMatchObject({ code: 4, stdout: "" });
    expect(missing.stderr).toContain("next:");
  });

  test("filters take them too", async () => {
    const { run, json } = board("filter-ids");
    await json("send", "one");
    await json("send", "two");
    await json("send", "three");
    expect(await json<Posted[]>("tasks", "--ids", "1,3")).toMatchObject([{ number: 3 }, { number: 1 }]);
    expect(await json<Posted[]>("tasks", "--ignore-id", "1")).toMatchObject([{ number: 3 }, { number: 2 }]);
    expect((await run(["tasks", "--ids", "9"])).code).toBe(4);
  });
});

describe("exit codes and errors", () => {
  test("3: somebody else holds it; the error is JSON on stderr with --json", async () => {
    const { run, json } = board("taken");
    await json("send", "one");
    await json("claim", "1", "--as", "a");
    const { code, stdout, stderr } = await run(["claim", "1", "--as", "b", "--json"]);
    expect(code).toBe(3);
    expect(stdout).toBe("");
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: "conflict", reason: "already_claimed", holder: "a", exit: 3 } });
  });

  test("3: a result that comes too late is refused, whoever it names itself by", async () => {
    const { run, json } = board("late");
    await json("send", "one");
    const claim = await json<Posted>("claim", "1", "--as", "a");
    await json("release", "1", "--as", "a");
    await json("claim", "1", "--as", "b");
    const late = await run(["complete", "1", "--as", "a", "--claim-id", claim.claim?.claim_id ?? "", "--result", "1", "--json"]);
    expect(late.code).toBe(3);
    expect(JSON.parse(late.stderr)).toMatchObject({ error: { reason: "stale_claim" } });
    expect((await run(["complete", "1", "--as", "a", "--result", "1"])).code).toBe(3);
  });

  test("1: mistakes in the arguments, each with what to do", async () => {
    const { run } = board("mistakes");
    const mistakes: [string[], RegExp][] = [
      [["clam", "1"], /Did you mean claim.*\nnext: {2}coord claim --help/],
      [["claim"], /missing required argument 'id'/],
      [["claim", "1"], /no agent is named.*\nnext: .*COORD_AS/],
      [["complete", "1"], /no agent is named/],
      [["send", "x", "--payload", "done"], /--payload '"done"'/],
      [["send", "x", "--lease-forever"], /unknown option/],
      [["extend", "1", "--as", "a", "--lease", "soon"], /not a number of seconds/],
      [["tasks", "--state", "sleeping"], /no such state/],
      [["wait", "--all"], /--ids/],
      [["tasks", "--workspace", "No Such"], /not a workspace name/],
      [["tasks", "--url", "ftp://x"], /not an http/],
    ];
    for (const [args, message] of mistakes) {
      const { code, stdout, stderr } = await run(args);
      expect({ args, code, stdout }).toEqual({ args, code: 1, stdout: "" });
      expect(stderr).toMatch(message);
      expect(stderr).not.toContain("    at ");
    }
  });

  test("6: a cursor from another log", async () => {
    const { run, json } = board("ahead");
    await json("send", "one");
    expect((await run(["events", "--after", "4711"])).code).toBe(6);
    expect((await run(["wait", "--after", "4711", "--timeout", "5"])).code).toBe(6);
  });

  test("7: no server, and how to start one", async () => {
    const { run } = board("nowhere");
    for (const command of [["tasks"], ["wait", "--timeout", "5"], ["claim", "1", "--as", "a"]]) {
      const { code, stderr } = await run([...command, "--url", "http://127.0.0.1:9/"]);
      expect(code).toBe(7);
      expect(stderr).toContain("coord serve");
    }
  });

  test("5: a server that wants a token", async () => {
    const guarded = await startServer({ env: { COORD_TOKEN: "s3cret-token-of-some-length" } });
    try {
      const url = { COORD_URL: guarded.url };
      expect((await runCoord(["tasks"], { env: url })).code).toBe(5);
      expect((await runCoord(["wait", "--timeout", "5"], { env: url })).code).toBe(5);
      expect((await runCoord(["tasks"], { env: { ...url, COORD_TOKEN: "s3cret-token-of-some-length" } })).code).toBe(0);
    } finally {
      await guarded.stop();
    }
  });
});

describe("input and output", () => {
  test("a payload is read from standard input", async () => {
    const { run } = board("stdin");
    const { code, stdout } = await run(["send", "x", "--payload", "-", "--json"], { input: '{"from":"stdin"}' });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ payload: { from: "stdin" } });
  });

  test("COORD_AS stands for --as", async () => {
    const { run, json } = board("as");
    await json("send", "one");
    const { stdout } = await run(["claim", "1", "--json"], { env: { COORD_AS: "harbor-lynx" } });
    expect(JSON.parse(stdout)).toMatchObject({ claimed_by: "harbor-lynx" });
  });

  test("a hostile name reaches no terminal, and stays itself in JSON", async () => {
    const { run, json } = board("hostile");
    const name = "\u001b[2J\u009b31m‮ 日本語 a forged\nline";
    await json("send", name);
    expect(await json<{ name: string }>("get", "1")).toMatchObject({ name });
    for (const command of [
      ["tasks"],
      ["get", "1"],
      ["events", "--after", "0"],
      ["claim", "1", "--as", "a"],
      ["checkin", "--as", "a"],
      ["history", "1"],
      ["get", "1", "--json"],
    ]) {
      const { code, stdout } = await run(command);
      expect(code).toBe(0);
      expect(stdout.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202a-\u202e]/u);
    }
  });

  test("lines fit 80 columns", async () => {
    const { run, json } = board("narrow");
    await json("send", "long ".repeat(60), "--description", "word ".repeat(80), "--assignee", "a".repeat(60));
    for (const command of [["tasks"], ["get", "1"], ["events", "--after", "0"]]) {
      for (const line of (await run(command)).stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    }
  });

  test("a board is listed by filter, limit and page", async () => {
    const { json } = board("pages");
    for (const name of ["a", "b", "c"]) await json("send", name);
    await json("cancel", "2");
    const first = await json<Posted[]>("tasks", "--state", "any", "--limit", "2");
    expect(first.map((task) => task.number)).toEqual([3, 2]);
    expect((await json<Posted[]>("tasks", "--state", "cancelled")).map((task) => task.number)).toEqual([2]);
  });

  test("agents, heartbeat, checkin, info and reclaim answer", async () => {
    const { json } = board("people");
    expect(await json("heartbeat", "--as", "harbor-lynx")).toEqual({ ok: true });
    expect(await json<unknown[]>("agents")).toMatchObject([{ id: "harbor-lynx", status: "active" }]);
    expect(await json("checkin", "--as", "harbor-lynx")).toMatchObject({ agent: { id: "harbor-lynx" }, holds: [] });
    expect(await json("info")).toMatchObject({ workspace: "people", agents: 1 });
    expect(await json("reclaim")).toEqual([]);
  });
});
