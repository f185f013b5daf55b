import { cpSync, openSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeAll, describe, expect, test } from "vitest";
import type { Task } from "../../protocol/index.ts";
import { rpc } from "../harness/http.ts";
import { runCoord, startServer, temporaryFolder } from "../harness/server.ts";

interface Found {
  readonly name: string;
  readonly level: string;
  readonly message: string;
  readonly next?: string;
}

const HOME = "do/coord-Workspace";

/** A folder with two workspaces that a server has left in good order. */
let whole: string;
/** The database of `default`: the larger one. */
let file: string;

beforeAll(async () => {
  whole = temporaryFolder();
  const server = await startServer({ db: whole });
  await rpc(`${server.url}w/site/`, "tasks/send", { name: "elsewhere" });
  const jobs: Task[] = [];
  for (let at = 0; at < 60; at += 1) {
    jobs.push(
      (await rpc(server.url, "tasks/send", {
        name: `job ${at}`,
        payload: "x".repeat(3000),
        depends_on: jobs
          .slice(-1)
          .map(({ id }) => id)
          .slice(0, at % 2),
      })) as Task,
    );
  }
  await rpc(server.url, "tasks/claim", { id: jobs[0]!.id, agent_id: "a" });
  await rpc(server.url, "notes/add", { id: jobs[0]!.id, agent_id: "a", body: "said" });
  await server.stop();
  const home = join(whole, HOME);
  const files = readdirSync(home).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  file = files.sort((a, b) => statSync(join(home, b)).size - statSync(join(home, a)).size)[0]!;
});

/** A copy of the folder, with what was done to its larger database. */
function damaged(how: (database: string) => void): string {
  const folder = join(temporaryFolder(), "data");
  cpSync(whole, folder, { recursive: true });
  how(join(folder, HOME, file));
  return folder;
}

function sql(query: string): (database: string) => void {
  return (path) => {
    const database = new DatabaseSync(path);
    try {
      database.exec(query);
    } finally {
      database.close();
    }
  };
}

async function doctor(folder: string, env: Record<string, string> = {}): Promise<{ code: number | null; data: Found[]; all: Found[] }> {
  const { code, stdout, stderr } = await runCoord(["doctor", "--json", "--db", folder, "--addr", "127.0.0.1:0"], { env });
  expect(stderr).toBe("");
  const { checks } = JSON.parse(stdout) as { checks: Found[] };
  return { code, data: checks.filter(({ name }) => name === "data"), all: checks };
}

describe("coord doctor", { timeout: 120_000 }, () => {
  test("verifies every workspace, with a server and without, and leaves the folder as it found it", async () => {
    const folder = damaged(() => {});
    const bytes = readFileSync(join(folder, HOME, file));
    const without = await doctor(folder);
    expect(without.code).toBe(0);
    const messages = without.data.map(({ message }) => message).sort();
    expect(messages).toEqual([
      expect.stringMatching(/^workspace default: 60 tasks, as its log tells \(schema \d+\)$/),
      expect.stringMatching(/^workspace site: 1 tasks, as its log tells/),
    ]);
    expect(readFileSync(join(folder, HOME, file)).equals(bytes)).toBe(true);
    expect(readdirSync(folder)).not.toContain("coord.lock");
    await using _server = await startServer({ db: folder });
    const withServer = await doctor(folder);
    expect([withServer.code, withServer.data.map(({ message }) => message).sort()]).toEqual([0, messages]);
    expect(withServer.all.map(({ name }) => name)).toEqual(expect.arrayContaining(["lock", "runtime", "server", "version"]));
    const skipped = await runCoord(["doctor", "--json", "--no-data", "--db", folder]);
    expect(skipped.stdout).not.toContain('"data"');
  });

  test.each<[string, (database: string) => void, RegExp]>([
    [
      "a line taken out of the log",
      sql("DROP TRIGGER events_no_delete; DELETE FROM events WHERE seq = 5"),
      /the log has \d+ lines, numbered 1 to \d+/,
    ],
    ["the first line taken out", sql("DROP TRIGGER events_no_delete; DELETE FROM events WHERE seq = 1"), /numbered 2 to/],
    ["a state that nobody logged", sql("UPDATE tasks SET state = 'backlog' WHERE number = 9"), /#9 is backlog, the log says pending/],
    ["a name that nobody logged", sql("UPDATE tasks SET name = 'other' WHERE number = 9"), /#9 is .*"other".* the log says .*"job 8"/],
    [
      "a task that nobody logged",
      sql(
        "DROP TRIGGER events_no_delete; PRAGMA foreign_keys = OFF; DELETE FROM events WHERE seq = (SELECT max(seq) FROM events WHERE number = 60)",
      ),
      /#60 is not in the log|the log has/,
    ],
    ["a note taken out", sql("DROP TRIGGER notes_no_delete; DELETE FROM notes"), /the log tells of 1 notes, the tables hold 0/],
    ["a wrong count of what holds a job", sql("UPDATE tasks SET blocked = 0 WHERE blocked = 1"), /waits for 1 jobs, its row says 0/],
  ])("finds %s, and says how to save what is there", async (_what, how, told) => {
    const folder = damaged(how);
    const found = await doctor(folder);
    expect(found.code).toBe(1);
    const [bad, ...others] = found.data.filter(({ level }) => level === "fail");
    expect([bad?.message, others]).toEqual([expect.stringMatching(told), []]);
    expect(found.data.filter(({ level }) => level === "ok")).toHaveLength(1);
    const commands = bad!.next!.split("\n").slice(1);
    expect(commands[0]).toBe("coord export rescue.jsonl --workspace default");
    expect(commands.at(-1)).toBe("coord import rescue.jsonl --workspace default");
  });

  test("what it says to do about a log that does not fit works, step by step", async () => {
    const folder = damaged(sql("DROP TRIGGER events_no_delete; DELETE FROM events WHERE seq = 5"));
    const told = (found: { data: Found[] }) => found.data.find(({ level }) => level === "fail")?.message;
    const offline = told(await doctor(folder));
    const rescue = join(temporaryFolder(), "rescue.jsonl");
    const server = await startServer({ db: folder });
    expect([told(await doctor(folder)), offline]).toEqual([offline, expect.stringContaining("the log has")]);
    expect(await runCoord(["export", rescue, "--workspace", "default"], { env: { COORD_URL: server.url } })).toMatchObject({ code: 0 });
    await server.stop();
    for (const name of readdirSync(join(folder, HOME))) if (name.startsWith(file)) rmSync(join(folder, HOME, name));
    await using again = await startServer({ db: folder });
    expect(await runCoord(["import", rescue, "--workspace", "default"], { env: { COORD_URL: again.url } })).toMatchObject({ code: 0 });
    const mended = await doctor(folder);
    expect([mended.code, mended.data.map(({ message }) => message)]).toEqual([
      0,
      expect.arrayContaining([expect.stringContaining("default: 60 tasks")]),
    ]);
  });

  test.each<[string, (database: string) => void, RegExp]>([
    ["was cut off", (path) => truncateSync(path, Math.floor(statSync(path).size / 2)), /\.sqlite was cut off: it has \d+ bytes of \d+/],
    ["lost its beginning", (path) => overwrite(path, 0, 4096, 0), /\.sqlite is no SQLite file any more/],
    ["has bytes flipped in its pages", (path) => overwrite(path, 4096 * 3, 4096 * 20, 0xa5), /cannot be opened|is damaged|damaged/],
    ["has pages of zeros", (path) => overwrite(path, statSync(path).size - 4096 * 12, 4096 * 12, 0), /damaged/],
    [
      "refers to what is not there",
      sql("PRAGMA foreign_keys = OFF; INSERT INTO dependencies VALUES (60, 999)"),
      /a row of dependencies refers to a row of tasks that is not there/,
    ],
  ])("a file that %s is told, with the way back to the last backup", async (_what, how, told) => {
    const folder = damaged(how);
    for (const served of [false, true]) {
      await using _server = served ? await startServer({ db: folder }).catch(() => undefined) : undefined;
      const found = await doctor(folder);
      const [bad] = found.data.filter(({ level }) => level === "fail");
      expect(found.code, String(served)).toBe(1);
      if (!served) expect(bad?.message).toMatch(told);
      expect(bad?.next, String(served)).toMatch(
        /\ncoord stop .*\nmv '.*' '.*\.damaged'\ncoord restore BACKUP\.gz --db .*\ncoord serve --detach/,
      );
      expect(JSON.stringify(found.all)).not.toMatch(/ {4}at |reference = /);
    }
  });

  test("of a newer coord's data says to update, and of a stale lock that it harms nobody", async () => {
    const newer = damaged(sql("INSERT INTO _migrations VALUES (999, 'from the future', 1, 0)"));
    const { code, data } = await doctor(newer);
    expect(code).toBe(1);
    expect(data.find(({ level }) => level === "fail")).toMatchObject({
      message: expect.stringContaining("schema 999: from the future"),
      next: expect.stringContaining("update coord"),
    });
    const stale = damaged(() => {});
    writeFileSync(
      join(stale, "coord.lock"),
      JSON.stringify({ pid: 2 ** 22 - 3, identity: "gone", startedAt: 1, token: "t", url: "http://127.0.0.1:9/" }),
    );
    const found = await doctor(stale);
    expect(found.code).toBe(0);
    expect(found.all.find(({ name }) => name === "lock")).toMatchObject({ level: "warn", message: expect.stringContaining("left behind") });
    expect(found.data.every(({ level }) => level === "ok")).toBe(true);
  });

  test("a runtime newer than the installed one is told before anything opens the data", async () => {
    const folder = damaged(() => {});
    writeFileSync(join(folder, "runtime.json"), JSON.stringify({ workerd: "9.99999999.1", uniqueKey: "coord-Workspace", schema: 1 }));
    const { code, all, data } = await doctor(folder);
    expect(code).toBe(1);
    expect(all.find(({ name }) => name === "runtime")).toMatchObject({ level: "fail", message: expect.stringContaining("9.99999999.1") });
    expect(data).toMatchObject([{ level: "fail", message: expect.stringContaining("cannot be verified") }]);
  });

  test("a server that asks for a token is verified with it, and said to ask without", async () => {
    const folder = damaged(() => {});
    await using _server = await startServer({ db: folder, env: { COORD_TOKEN: "secret" } });
    expect((await doctor(folder)).data).toMatchObject([{ level: "warn", message: expect.stringContaining("asks for a token") }]);
    expect((await doctor(folder, { COORD_TOKEN: "secret" })).data.map(({ level }) => level)).toEqual(["ok", "ok"]);
  });
});

function overwrite(path: string, at: number, length: number, byte: number): void {
  writeSync(openSync(path, "r+"), Buffer.alloc(Math.min(length, statSync(path).size - at), byte), 0, undefined, at);
}
