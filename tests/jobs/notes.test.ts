import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer } from "../harness/server.ts";
import { CommandBoard, type Task } from "./board.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

interface Note {
  note_id: string;
  body: string | null;
}

describe("notes", () => {
  test("a mention wakes who waits for it, across processes, and nobody else", async () => {
    const board = new CommandBoard(server, "mention");
    await board.json("send", "job");
    await board.json("claim", "1", "--as", "otter");
    const mine = board.run(["wait", "--mentions", "me", "--timeout", "25"], { env: { COORD_AS: "harbor-lynx" } });
    const others = board.run(["wait", "--mentions", "owl", "--timeout", "2"]);
    await board.waiting(2);
    expect(await board.says("note", "1", "look here, @harbor-lynx: a@example.org", "--as", "otter")).toMatch(
      /^otter, (just now|in \ds|\ds ago), attempt 1\n {2}look here, @harbor-lynx: a@example\.org\n {2}note [0-9a-f-]{36}, tells @harbor-lynx\n$/,
    );
    expect(JSON.parse((await mine).stdout)).toMatchObject({ number: 1, event: { type: "note.added", agent_id: "otter" } });
    expect((await others).code).toBe(2);
    expect(await board.says("checkin", "--as", "harbor-lynx")).toContain("#1 job, by otter: look here");
  });

  test("are read from standard input, kept as written, and listed in order", async () => {
    const board = new CommandBoard(server, "stdin");
    await board.json("send", "job");
    const hostile = "one\n\n\u001b[2J `two` ‮";
    expect((await board.run(["note", "1", "-", "--as", "a"], { input: `${hostile}\n` })).code).toBe(0);
    await board.says("note", "1", "--as", "b", "--", "- a list");
    await board.json("note", "1", "two", "--as", "b");
    const notes = await board.json<Note[]>("notes", "1");
    expect(notes[0]?.body).toBe(hostile);
    expect(notes.slice(1).map(({ body }) => body)).toEqual(["- a list", "two"]);
    expect(await board.says("notes", "1")).toContain("\\x1b[2J");
    expect(await board.says("history", "1")).toContain("          two");
  });

  test("are retracted and purged by the owner, and their words are nowhere then", async () => {
    const board = new CommandBoard(server, "retract");
    await board.json("send", "job");
    const secret = await board.json<Note>("note", "1", "the token is hunter2", "--as", "a");
    expect((await board.run(["note", "--retract", secret.note_id, "--as", "anna"])).code).toBe(1);
    expect(await board.says("note", "--retract", secret.note_id, "--reason", "a secret", "--as", "anna")).toContain(
      "(retracted by anna: a secret)",
    );
    expect((await board.run(["note", "--retract", secret.note_id, "--reason", "again", "--as", "anna"])).code).toBe(3);
    expect(await board.says("note", "--purge", secret.note_id, "--reason", "leaked", "--as", "anna")).toContain("(purged by anna: leaked)");
    for (const command of [
      ["notes", "1"],
      ["history", "1"],
      ["events", "--after", "0"],
      ["checkin", "--as", "a"],
    ]) {
      expect((await board.run([...command, "--json"])).stdout).not.toContain("hunter2");
    }
    expect(await board.says("history", "1")).toContain("a note was purged by anna: leaked");
    expect((await board.run(["note", "--purge", "00000000-0000-4000-8000-000000000000", "--reason", "x"])).code).toBe(4);
  });
});

describe("a person", () => {
  test("says once who they are; --as me then means them, on every board", async () => {
    const board = new CommandBoard(server, "person");
    await board.json("send", "sign it", "--performer", "user");
    const unknown = await board.run(["start", "1", "--as", "me"]);
    expect(unknown).toMatchObject({ code: 1, stdout: "" });
    expect(unknown.stderr).toContain("coord heartbeat --as NAME --remember");
    const nobody = await board.run(["review", "1", "--approve"]);
    expect(nobody).toMatchObject({ code: 1, stdout: "" });
    expect(nobody.stderr).toMatch(/no agent is named.*\nnext: .*--as me/);

    expect(await board.says("heartbeat", "--as", "anna", "--remember")).toContain("--as me means you from now on");
    const started = await board.json<Task & { lease_until?: string }>("start", "1", "--as", "me");
    expect(started).toMatchObject({ state: "claimed", claimed_by: "anna", attempt: 1 });
    expect(started.lease_until).toBeUndefined();
    expect(await board.json("agents")).toMatchObject([{ id: "anna", type: "user" }]);
    // a handle that was not given is never the person's: an agent that forgets its own must not act as them
    expect((await board.run(["complete", "1"])).code).toBe(1);
    for (const [state, shown] of [
      ["backlog", "Backlog"],
      ["in_progress", "In Progress"],
      ["ready", "Ready"],
      ["review", "Review"],
    ]) {
      expect(await board.says("update", "1", "--state", state!, "--as", "me")).toContain(`moved: ${shown}`);
    }
    expect(await board.says("start", "1", "--as", "me")).toContain("claimed by anna: without a deadline");
    expect(await board.json("complete", "1", "--as", "me", "--summary", "signed")).toMatchObject({ task: { state: "completed" } });

    const other = await board.json<Task>("send", "sign that, too", "--performer", "user", "--workspace", "person-2");
    expect(await board.json("start", String(other.number), "--as", "me", "--workspace", "person-2")).toMatchObject({ claimed_by: "anna" });
  });

  test("an agent is refused a person's job with the way to say that it is none, and a person an agent's", async () => {
    const board = new CommandBoard(server, "not-a-person");
    await board.json("send", "sign it", "--performer", "user");
    await board.json("send", "build it");
    const agent = await board.run(["start", "1", "--as", "robot"]);
    expect(agent.code).toBe(3);
    expect(agent.stderr).toContain("coord heartbeat --as robot --type user");
    const person = await board.run(["start", "2", "--as", "anna"]);
    expect(person.code).toBe(3);
    expect(person.stderr).toContain("coord claim 2");
    expect((await board.run(["start", "99", "--as", "anna"])).code).toBe(4);
    expect((await board.run(["next", "--as", "robot", "--json"])).stdout).toContain("build it");
  });
});
