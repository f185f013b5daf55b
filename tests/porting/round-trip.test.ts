import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Note, Task } from "../../protocol/index.ts";
import { freePort, rpc } from "../harness/http.ts";
import { runCoord, startServer, type TestServer, temporaryFolder } from "../harness/server.ts";

type Line = Readonly<Record<string, unknown>> & { readonly record: string };

const env = (server: TestServer) => ({ COORD_URL: server.url, COORD_DB: server.dir });
const linesOf = (text: string) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);

/** A board on which everything has happened that an export speaks of. */
async function board(server: TestServer): Promise<{ done: Task; retracted: Note }> {
  const call = (method: string, params: object) => rpc(server.url, method, params);
  const done = (await call("tasks/send", { name: "done \u2028 Ä", labels: ["x"], payload: { p: [1] }, agent_id: "kim" })) as Task;
  const reviewed = (await call("tasks/send", {
    name: "reviewed",
    review: "required",
    depends_on: [done.id],
    description: "# words",
  })) as Task;
  await call("tasks/claim", { id: done.id, agent_id: "bob" });
  await call("notes/add", { id: done.id, agent_id: "bob", body: "kept note" });
  const retracted = (await call("notes/add", { id: done.id, agent_id: "bob", body: "SECRET-1" })) as Note;
  await call("notes/retract", { note_id: retracted.note_id, reason: "leaked" });
  const purged = (await call("notes/add", { id: done.id, agent_id: "bob", body: "SECRET-2" })) as Note;
  await call("notes/purge", { note_id: purged.note_id, reason: "leaked" });
  await call("tasks/complete", { id: done.id, agent_id: "bob", result: { ok: true }, summary: "went well", post_ack: true });
  await call("tasks/claim", { id: reviewed.id, agent_id: "bob" });
  await call("tasks/complete", { id: reviewed.id, agent_id: "bob", result: "draft" });
  await call("tasks/review", { id: reviewed.id, agent_id: "rev", decision: "comment", body: "hm" });
  const failed = (await call("tasks/send", { name: "failed" })) as Task;
  await call("tasks/claim", { id: failed.id, agent_id: "bob" });
  await call("tasks/fail", { id: failed.id, agent_id: "bob", reason: "no luck" });
  const held = (await call("tasks/send", { name: "held", assignee: "bob", priority: "urgent" })) as Task;
  await call("tasks/claim", { id: held.id, agent_id: "bob", lease_seconds: 600 });
  const off = (await call("tasks/send", { name: "off", state: "backlog" })) as Task;
  await call("tasks/cancel", { id: off.id, reason: "not now" });
  await call("tasks/send", { name: "idea", state: "idea" });
  return { done, retracted };
}

describe("coord export", { timeout: 120_000 }, () => {
  test("writes every record as a line that names itself; withdrawn notes stay withheld", async () => {
    await using server = await startServer();
    const { done, retracted } = await board(server);
    const { code, stdout, stderr } = await runCoord(["export"], { env: env(server) });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).not.toMatch(/SECRET/);
    const lines = linesOf(stdout);
    const { head } = (await rpc(server.url, "workspace/info", {})) as { head: number };
    expect(lines[0]).toMatchObject({ record: "coord_export", version: 1, workspace: "default", head });
    const of = (record: string) => lines.filter((line) => line.record === record);
    expect(lines.at(-1)).toEqual({
      record: "end",
      counts: { task: 7, claim: 4, attempt: 4, dependency: 1, agent: 3, event: head, review: 1, note: 3 },
    });
    for (const [record, count] of Object.entries(lines.at(-1)?.counts as Record<string, number>))
      expect(of(record), record).toHaveLength(count);
    // what the server says of each is what its line says
    for (const { record, ...fields } of of("task")) {
      const wire = (await rpc(server.url, "tasks/get", { id: fields.id })) as unknown as Record<string, unknown>;
      for (const [name, value] of Object.entries(fields)) expect(value, `${record}.${name}`).toEqual(wire[name] ?? null);
    }
    const { events } = (await rpc(server.url, "events/list", { after: 0, limit: 500 })) as { events: object[] };
    expect(of("event").map(({ record: _record, ...event }) => event)).toEqual(events);
    const history = (await rpc(server.url, "tasks/history", { id: done.id })) as Record<string, Record<string, unknown>[]>;
    for (const [record, list] of [
      ["attempt", "attempts"],
      ["claim", "claims"],
      ["note", "notes"],
    ] as const) {
      const own = of(record).filter(({ task_id }) => task_id === done.id);
      expect(own.map(({ record: _record, ...rest }) => rest)).toEqual(expect.arrayContaining(history[list]!));
      expect(own).toHaveLength(history[list]!.length);
    }
    expect(of("note").find(({ note_id }) => note_id === retracted.note_id)).toMatchObject({ body: null, retracted: { reason: "leaked" } });
  });

  test("made while others work is the board as it was in one moment", async () => {
    await using server = await startServer();
    let going = true;
    let posted = 0;
    const work = (async () => {
      while (going) {
        const body = Array.from({ length: 20 }, (_, at) => ({
          jsonrpc: "2.0",
          id: at,
          method: "tasks/send",
          params: { name: `job ${posted}.${at}`, ref: `r${at}`, depends_on: at === 0 ? [] : [`@r${at - 1}`] },
        }));
        await fetch(server.url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
        await rpc(server.url, "tasks/next", { agent_id: "a", lease_seconds: 600 });
        posted += 20;
      }
    })();
    while (posted < 600) await new Promise((resolve) => setTimeout(resolve, 5));
    const before = posted;
    const { code, stdout } = await runCoord(["export"], { env: env(server) });
    going = false;
    await work;
    expect([code, posted > before]).toEqual([0, true]);
    const lines = linesOf(stdout);
    const tasks = new Map(lines.filter(({ record }) => record === "task").map((task) => [task.id, task]));
    const events = lines.filter(({ record }) => record === "event");
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: events.length }, (_, at) => at + 1));
    expect(lines.filter(({ record }) => record === "task")).toHaveLength(tasks.size);
    expect(tasks.size).toBeGreaterThanOrEqual(before);
    // the log's last word about each task is what its line says
    const told = new Map(
      events.flatMap(({ task_id, data }) => (task_id === undefined ? [] : [[task_id, (data as { task: { state: string } }).task.state]])),
    );
    expect(new Map([...tasks].map(([id, { state }]) => [id, state]))).toEqual(told);
    for (const { record, task_id, depends_on } of lines)
      if (record === "dependency") expect([tasks.has(task_id), tasks.has(depends_on)]).toEqual([true, true]);
    expect(lines.filter(({ record, ended_at }) => record === "claim" && ended_at === null)).toHaveLength(
      [...tasks.values()].filter(({ state }) => state === "claimed").length,
    );
  });

  test("is whole in its file or not there, and one workspace at a time", async () => {
    await using server = await startServer();
    await rpc(`${server.url}w/site/`, "tasks/send", { name: "elsewhere" });
    const folder = temporaryFolder();
    const file = join(folder, "site.jsonl");
    const made = await runCoord(["export", file, "--jsonl", "--workspace", "site", "--json"], { env: env(server) });
    expect([made.code, JSON.parse(made.stdout)]).toMatchObject([0, { file, workspace: "site", counts: { task: 1, event: 1 } }]);
    expect(linesOf(readFileSync(file, "utf8"))[1]).toMatchObject({ record: "task", name: "elsewhere" });
    const kept = await runCoord(["export", file], { env: env(server) });
    expect([kept.code, kept.stderr]).toEqual([1, expect.stringContaining("is there already")]);
    expect(await runCoord(["export", "--json"], { env: env(server) })).toMatchObject({ code: 1, stdout: "" });
    expect((await runCoord(["export", join(folder, "no/such.jsonl")], { env: env(server) })).code).toBe(1);
    await server.kill();
    const dead = await runCoord(["export", join(folder, "dead.jsonl")], { env: env(server) });
    expect(dead.code).toBe(7);
    expect(readdirSync(folder)).toEqual(["site.jsonl"]);
  });
});

describe("coord import of an export", { timeout: 120_000 }, () => {
  test("gives the same board but for what happened on the other, once and not twice", async () => {
    await using server = await startServer();
    await board(server);
    const file = join(temporaryFolder(), "board.jsonl");
    await runCoord(["export", file], { env: env(server) });
    const into = ["--workspace", "copy", "--as", "porter", "--json"];
    const trial = await runCoord(["import", file, "--dry-run", ...into], { env: env(server) });
    expect(JSON.parse(trial.stdout)).toMatchObject({ dry_run: true, created: 7, existing: 0, dependencies: 1 });
    expect(((await rpc(`${server.url}w/copy/`, "workspace/info", {})) as { head: number }).head).toBe(0);
    const first = await runCoord(["import", file, ...into], { env: env(server) });
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(JSON.parse(first.stdout)).toMatchObject({ from: "coord", created: 7, existing: 0, remarks: [] });
    const after = (await rpc(`${server.url}w/copy/`, "workspace/info", {})) as { head: number };
    const again = await runCoord(["import", file, ...into], { env: env(server) });
    expect(JSON.parse(again.stdout)).toMatchObject({ created: 0, existing: 7, notes: 0 });
    expect(((await rpc(`${server.url}w/copy/`, "workspace/info", {})) as { head: number }).head).toBe(after.head);

    const exported = async (workspace: string) =>
      linesOf((await runCoord(["export", "--workspace", workspace], { env: env(server) })).stdout);
    const [source, copy] = [await exported("default"), await exported("copy")];
    const carried = [
      "id",
      "name",
      "kind",
      "priority",
      "performer",
      "assignee",
      "labels",
      "review",
      "required_approvals",
      "description",
      "payload",
    ];
    const shape = (lines: readonly Line[]) =>
      lines
        .filter(({ record }) => record === "task")
        .map((task) => carried.map((name) => task[name]))
        .sort((a, b) => String(a[0]).localeCompare(String(b[0])));
    expect(shape(copy)).toEqual(shape(source));
    const edges = (lines: readonly Line[]) => lines.filter(({ record }) => record === "dependency");
    expect(edges(copy)).toEqual(edges(source));
    const states = Object.fromEntries(copy.filter(({ record }) => record === "task").map(({ name, state }) => [name, state]));
    expect(states).toMatchObject({ reviewed: "backlog", failed: "backlog", held: "pending", off: "cancelled", idea: "idea" });
    // nothing was done by anybody but the importer
    expect(copy.filter(({ record }) => record === "claim" || record === "attempt" || record === "review")).toEqual([]);
    expect(new Set(copy.filter(({ record }) => record === "event").map(({ agent_id }) => agent_id))).toEqual(new Set(["porter"]));
    expect(JSON.stringify(copy)).not.toMatch(/SECRET/);
    expect(JSON.stringify(copy)).toMatch(/kept note/);
  });

  test("through a pipe, from one server to another", async () => {
    await using server = await startServer();
    await board(server);
    await using other = await startServer();
    const { stdout } = await runCoord(["export", "-"], { env: env(server) });
    const { code, stdout: said } = await runCoord(["import", "-", "--as", "porter"], { env: env(other), input: stdout });
    expect([code, said]).toEqual([0, expect.stringMatching(/^imported from coord into default: 7 tasks, 1 dependency, \d+ notes\n/)]);
    for (const line of said.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect(said).toContain("1 claimed → pending (a hold is not carried over)");
  });

  test("that was cut off, edited or is something else creates nothing and names each line", async () => {
    await using server = await startServer();
    await board(server);
    const folder = temporaryFolder();
    const good = (await runCoord(["export"], { env: env(server) })).stdout;
    const lines = good.trimEnd().split("\n");
    const bad: Record<string, [string, RegExp]> = {
      "is cut off": [good.slice(0, -30), /not JSON|cut off/],
      "lacks its end": [lines.slice(0, -1).join("\n"), /cut off/],
      "has broken lines": [lines.with(1, "{").with(3, "nonsense").join("\n"), /:2: not JSON[\s\S]*:4: not JSON/],
      "is of a newer version": [good.replace('"version":1', '"version":99'), /update coord/],
      "has a strange state": [good.replace('"state":"idea"', '"state":"asleep"'), /no state "asleep"/],
    };
    for (const [what, [text, told]] of Object.entries(bad)) {
      const file = join(folder, "bad.jsonl");
      writeFileSync(file, text);
      const tried = await runCoord(["import", file, "--workspace", "bad"], { env: env(server) });
      expect([what, tried.code, tried.stdout]).toEqual([what, 1, ""]);
      expect(tried.stderr, what).toMatch(/nothing was imported/);
      expect(tried.stderr, what).toMatch(told);
      expect(tried.stderr, what).toMatch(/\nnext: /);
    }
    const asJson = await runCoord(["import", join(folder, "bad.jsonl"), "--json"], { env: env(server) });
    expect(JSON.parse(asJson.stderr)).toMatchObject({ error: { code: "invalid_import", issues: [{ line: expect.any(Number) }] } });
    expect(((await rpc(`${server.url}w/bad/`, "workspace/info", {})) as { head: number }).head).toBe(0);
  });

  test("into a server that is gone is told, with what to do", async () => {
    const file = join(temporaryFolder(), "issues.jsonl");
    writeFileSync(file, '{"id":"a","title":"b"}\n');
    const { code, stderr } = await runCoord(["import", file], { env: { COORD_URL: `http://127.0.0.1:${await freePort()}/` } });
    expect([code, stderr]).toEqual([7, expect.stringContaining("next: ")]);
  });
});
