import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { zipOf } from "../../cli/port/testing.ts";
import type { Task } from "../../protocol/index.ts";
import { rpc } from "../harness/http.ts";
import { runCoord, startServer, type TestServer, temporaryFolder } from "../harness/server.ts";

/** Where the program puts its copies: nothing of them may stay. */
const temporary = temporaryFolder();
const env = (server: TestServer) => ({ COORD_URL: server.url, COORD_DB: server.dir, TMPDIR: temporary });

async function imported(server: TestServer, source: string, workspace: string, ...more: string[]) {
  const { code, stdout, stderr } = await runCoord(["import", source, "--workspace", workspace, "--as", "porter", "--json", ...more], {
    env: env(server),
  });
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as { from: string; created: number; existing: number; remarks: { message: string }[] };
}

const tasksOf = async (server: TestServer, workspace: string) =>
  ((await rpc(`${server.url}w/${workspace}/`, "tasks/list", { state: "any" })) as Task[]).map(({ name, state }) => [name, state]).sort();

/** All files below a folder with their bytes. */
function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.sort().map((name) => [name, readFileSync(join(folder, name)).toString("base64")]));
}

describe("coord import of another coord's database", { timeout: 120_000 }, () => {
  test("reads a data folder, a workspace of it, a lone file or a backup, and changes none of them", async () => {
    const old = await startServer({ db: temporaryFolder() });
    const { id } = (await rpc(old.url, "tasks/send", { name: "first" })) as Task;
    await rpc(old.url, "tasks/send", { name: "second", depends_on: [id] });
    await rpc(old.url, "tasks/claim", { id, agent_id: "a", lease_seconds: 1 });
    const backup = join(temporaryFolder(), "old.gz");
    await runCoord(["backup", backup], { env: env(old) });
    await old.stop();
    const before = contents(old.dir);
    await using server = await startServer();
    const expected = [
      ["first", "pending"],
      ["second", "pending"],
    ];
    expect(await imported(server, old.dir, "folder")).toMatchObject({ from: "coord", created: 2 });
    expect(await tasksOf(server, "folder")).toEqual(expected);
    const home = join(old.dir, "do/coord-Workspace");
    const file = readdirSync(home).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name))!;
    const lone = join(temporaryFolder(), "copied.db");
    cpSync(join(home, file), lone);
    for (const suffix of ["-wal"]) if (readdirSync(home).includes(file + suffix)) cpSync(join(home, file + suffix), lone + suffix);
    expect(await imported(server, lone, "lone")).toMatchObject({ created: 2 });
    expect(await imported(server, join(home, file), "folder")).toMatchObject({ created: 0, existing: 2 });
    expect(await imported(server, backup, "backup")).toMatchObject({ created: 2 });
    for (const workspace of ["lone", "backup"]) expect(await tasksOf(server, workspace)).toEqual(expected);
    expect(contents(old.dir)).toEqual(before);
    expect(readdirSync(temporary)).toEqual([]);
  });

  test("asks which workspace where there are several, and leaves a served folder to its server", async () => {
    const old = await startServer({ db: temporaryFolder() });
    await rpc(old.url, "tasks/send", { name: "one" });
    await rpc(`${old.url}w/site/`, "tasks/send", { name: "two" });
    await using server = await startServer();
    const served = await runCoord(["import", old.dir], { env: env(server) });
    expect([served.code, served.stderr]).toEqual([
      1,
      expect.stringMatching(/is served at .*its files are not read meanwhile\nnext: .*coord export .* --url http/),
    ]);
    const home = join(old.dir, "do/coord-Workspace");
    const inside = await runCoord(["import", join(home, readdirSync(home).find((name) => name.endsWith(".sqlite"))!)], {
      env: env(server),
    });
    expect([inside.code, inside.stderr]).toEqual([1, expect.stringContaining("is served at")]);
    await old.stop();
    const which = await runCoord(["import", old.dir], { env: env(server) });
    expect([which.code, which.stderr]).toEqual([1, expect.stringMatching(/workspaces default, site .*\nnext: .*--from-workspace NAME/)]);
    await imported(server, old.dir, "here", "--from-workspace", "site");
    expect(await tasksOf(server, "here")).toEqual([["two", "pending"]]);
  });
});

describe("coord import of Beads' lines", { timeout: 120_000 }, () => {
  test("takes the file, the project or standard input, once", async () => {
    await using server = await startServer();
    const project = temporaryFolder();
    mkdirSync(join(project, ".beads"));
    const lines = [
      { _schema: "beads-jsonl/1" },
      {
        id: "bd-2",
        title: "second",
        status: "blocked",
        priority: 1,
        created_at: "T",
        dependencies: [{ issue_id: "bd-2", depends_on_id: "bd-1", type: "blocks" }],
      },
      {
        id: "bd-1",
        title: "first",
        status: "in_progress",
        assignee: "kim",
        priority: 0,
        created_at: "T",
        comments: [{ author: "kim", text: "look @bob", created_at: "T" }],
      },
      { id: "bd-0", title: "zeroth", status: "closed", priority: 4, created_at: "T", closed_at: "T", close_reason: "did it" },
    ].map((line) => JSON.stringify(line));
    const file = join(project, ".beads", "issues.jsonl");
    writeFileSync(file, `${lines.join("\r\n")}\r\n`);
    expect(await imported(server, project, "b")).toMatchObject({ from: "beads", created: 3 });
    expect(await imported(server, file, "b")).toMatchObject({ created: 0, existing: 3 });
    const piped = await runCoord(["import", "-", "--workspace", "b"], { env: env(server), input: lines.join("\n") });
    expect(piped.stdout).toMatch(/^imported from beads into b: 0 tasks.*\n3 tasks are there already/);
    const tasks = (await rpc(`${server.url}w/b/`, "tasks/list", { state: "any" })) as Task[];
    const [second, first] = ["second", "first"].map((name) => tasks.find((task) => task.name === name)!);
    expect(second).toMatchObject({ state: "pending", held: { reason: "dependencies", blockers: [first!.id] }, created_by: "porter" });
    expect(await rpc(`${server.url}w/b/`, "agents/inbox", { id: "bob" })).toMatchObject({ items: [] });
    expect(await rpc(`${server.url}w/b/`, "tasks/next", { agent_id: "bob" })).toMatchObject({ id: first!.id, priority: "urgent" });
  });

  test("with what cannot be creates nothing, or leaves that out where it is told to", async () => {
    await using server = await startServer();
    const file = join(temporaryFolder(), "issues.jsonl");
    const on = (id: string, ...others: string[]) =>
      JSON.stringify({
        id,
        title: id,
        priority: 2,
        dependencies: others.map((other) => ({ issue_id: id, depends_on_id: other, type: "blocks" })),
      });
    writeFileSync(file, [on("a", "b"), on("b", "c"), on("c", "a"), on("d", "gone")].join("\n"));
    const refused = await runCoord(["import", file], { env: env(server) });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/2 mistakes in issues.jsonl; nothing was imported/);
    expect(refused.stderr).toContain("issues.jsonl:3: c: a circle: a (line 1) → b (line 2) → c (line 3) → a (line 1)");
    expect(refused.stderr).toContain("issues.jsonl:4: d: gone, which it depends on, is not in this source");
    expect(await tasksOf(server, "default")).toEqual([]);
    const { created, remarks } = await imported(server, file, "default", "--lenient");
    expect([created, remarks.length]).toEqual([4, 2]);
  });

  test.each<[string, Buffer]>([
    ["nothing", Buffer.alloc(0)],
    ["noise", Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 7919) % 256))],
    ["a brace", Buffer.from("{")],
    ["brackets without end", Buffer.from("[".repeat(2_000_000))],
    ["a line without end", Buffer.from(`{"id":"${"x".repeat(3_000_000)}`)],
    ["bytes that are no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d, 0x0a])],
    ["JSON of something else", Buffer.from('{"hello":"world"}\n')],
    ["gzip of nothing", Buffer.from([0x1f, 0x8b, 8, 0, 0])],
    ["half a SQLite file", Buffer.concat([Buffer.from("SQLite format 3\0"), Buffer.alloc(5000, 1)])],
    ["half a ZIP archive", Buffer.from("PK\u0003\u0004half")],
    ["a ZIP archive of something else", zipOf({ "x.txt": "y" })],
    ["a CSV header alone", Buffer.from("Issue ID,Title,Description,Status\n")],
  ])("%s is refused in words, without a stack", async (_what, bytes) => {
    const file = join(temporaryFolder(), "what");
    writeFileSync(file, bytes);
    const { code, stdout, stderr } = await runCoord(["import", file], { env: { COORD_URL: "http://127.0.0.1:9/" } });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/\nnext: {2}/);
    expect(stderr).not.toMatch(/a bug|\n {4}at /);
  });

  test("a place where there is nothing is told as that", async () => {
    for (const source of [join(temporaryFolder(), "none"), temporaryFolder()]) {
      const { code, stderr } = await runCoord(["import", source]);
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/(cannot be read: ENOENT|there is nothing in .* that can be imported)\nnext: /),
      ]);
    }
    const file = join(temporaryFolder(), "issues.jsonl");
    writeFileSync(file, '{"id":"a","title":"b"}\n');
    const wrong = await runCoord(["import", file, "--from", "vibe-kanban"]);
    expect([wrong.code, wrong.stderr]).toEqual([1, expect.stringContaining("is no Vibe Kanban export")]);
    const unknown = await runCoord(["import", file, "--from", "jira"]);
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining("coord, beads, vibe-kanban")]);
  });
});

describe("coord import of Vibe Kanban", { timeout: 120_000 }, () => {
  const CSV = [
    "Issue ID,Title,Description,Status,Priority,Project,Assignee(s),Creator,Created,Updated,Start Date,Due Date,Completed,Parent Issue",
    'VK-1,"a, b","x\ny",In review,High,P,,,2026-01-01T00:00:00Z,,,,,',
    "VK-2,c,,Cancelled,,P,,,2026-01-01T00:00:00Z,,,,,VK-1",
  ].join("\n");

  test("takes the cloud's archive, the list in it, and the folder it was unpacked to", async () => {
    await using server = await startServer();
    const folder = temporaryFolder();
    const zip = join(folder, "vibe-kanban-export-2026-04-24.zip");
    writeFileSync(zip, zipOf({ "issues.csv": CSV, "projects.csv": "Name,Created,Updated\n" }));
    expect(await imported(server, zip, "vk")).toMatchObject({ from: "vibe-kanban", created: 2 });
    writeFileSync(join(folder, "issues.csv"), CSV);
    for (const source of [folder, join(folder, "issues.csv")])
      expect(await imported(server, source, "vk")).toMatchObject({ created: 0, existing: 2 });
    expect(await tasksOf(server, "vk")).toEqual([
      ["a, b", "backlog"],
      ["c", "cancelled"],
    ]);
  });

  test.each([
    ["before December 2025", "task_attempts", "parent_task_attempt"],
    ["since then", "workspaces", "parent_workspace_id"],
  ])("takes the local database as it was laid out %s", async (_when, attempts, parent) => {
    await using server = await startServer();
    const file = join(temporaryFolder(), "db.sqlite");
    const database = new DatabaseSync(file);
    database.exec(`PRAGMA journal_mode = WAL; CREATE TABLE _sqlx_migrations (version INTEGER);
      CREATE TABLE projects (id BLOB PRIMARY KEY, name TEXT NOT NULL);
      CREATE TABLE tasks (id BLOB PRIMARY KEY, project_id BLOB NOT NULL, title TEXT NOT NULL, description TEXT,
        status TEXT NOT NULL CHECK (status IN ('todo','inprogress','done','cancelled','inreview')), created_at TEXT, updated_at TEXT, ${parent} BLOB);
      CREATE TABLE ${attempts} (id BLOB PRIMARY KEY, task_id BLOB, branch TEXT, created_at TEXT);
      INSERT INTO projects VALUES (x'01', 'Proj');`);
    const insert = database.prepare("INSERT INTO tasks VALUES (randomblob(16), x'01', ?, NULL, ?, '2026-01-01', '2026-01-01', NULL)");
    database.exec("BEGIN");
    for (let at = 0; at < 600; at += 1) insert.run(`todo ${at}`, "todo");
    database.exec("COMMIT");
    for (const status of ["inprogress", "done", "cancelled", "inreview"]) insert.run(status, status);
    const child = database.prepare("INSERT INTO tasks VALUES (x'aa', x'01', 'child', 'd', 'todo', '2026-01-01', '2026-01-01', x'cc')");
    child.run();
    database.exec(`INSERT INTO ${attempts} SELECT x'cc', id, 'vk/branch', '2026-01-02' FROM tasks WHERE title = 'inprogress'`);
    // as it lies there while the program that owns it runs: the newest rows are in its log only
    expect(await imported(server, file, "vk")).toMatchObject({ from: "vibe-kanban", created: 605 });
    database.close();
    expect(await imported(server, file, "vk")).toMatchObject({ created: 0, existing: 605 });
    const { counts } = (await rpc(`${server.url}w/vk/`, "workspace/info", {})) as { counts: Record<string, number> };
    expect(counts).toMatchObject({ pending: 602, completed: 1, cancelled: 1, backlog: 1 });
    const found = (await rpc(`${server.url}w/vk/`, "tasks/list", { state: "any", name_contains: "inprogress" })) as Task[];
    const [note] = (await rpc(`${server.url}w/vk/`, "notes/list", { id: found[0]!.id })) as { body: string }[];
    expect(note?.body).toContain("attempt 1 there: 2026-01-02, branch vk/branch");
  });

  test("a database of something else is told as that", async () => {
    const file = join(temporaryFolder(), "other.sqlite");
    const database = new DatabaseSync(file);
    database.exec("CREATE TABLE tasks (id)");
    database.close();
    const { code, stderr } = await runCoord(["import", file]);
    expect([code, stderr]).toEqual([1, expect.stringContaining("of neither coord nor Vibe Kanban")]);
  });
});
