import { afterAll, beforeAll, expect, test } from "vitest";
import type { Agent, Note, Task } from "../../protocol/records.ts";
import { freePort, rpc } from "../harness/http.ts";
import { runCoord, startServer, type TestServer, temporaryFolder } from "../harness/server.ts";
import { Terminal, type TerminalOptions } from "./terminal.ts";

let server: TestServer;
let workspaces = 0;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.stop();
});

const ENTER = "\r";
const ESCAPE = "\x1b";
const NEW_LINE = "\n";
const LEFT = "\x1b[D";
const UP = "\x1b[A";

/** A board of its own on the one server, and a person's terminal on it. */
function board() {
  const name = `acts-${++workspaces}`;
  const call = <T>(method: string, params: object) => rpc(`${server.url}w/${name}/`, method, params) as Promise<T>;
  const args = (...more: string[]) => ["--url", server.url, "--workspace", name, ...more];
  return {
    call,
    args,
    /** A job that was worked on and handed in. */
    async handedIn(what: string, by: string, more: object = {}): Promise<Task> {
      const { id } = await call<Task>("tasks/send", { name: what, review: "required", ...more });
      await call("tasks/claim", { id, agent_id: by });
      await call("tasks/complete", { id, agent_id: by, summary: "It pages by cursor.\nThe empty list too." });
      return call<Task>("tasks/get", { id });
    },
    open: (options: TerminalOptions = {}) => new Terminal(args("top"), { env: { COORD_AS: "anna" }, ...options }),
  };
}

test("a shows what would be approved and by whom it was made, and Enter or y approves it as the person", async () => {
  const { call, handedIn, open } = board();
  const first = await handedIn("paginate orders", "north-badger");
  const second = await handedIn("sort orders", "copper-finch", { required_approvals: 2 });
  await using top = open();
  await top.shows(/› +1 .*Review +1 north-badger/);
  top.press("a");
  await top.shows("anna: approve attempt 1 of #1 paginate orders?");
  await top.shows(/work of +north-badger, handed in/);
  await top.shows(/summary +It pages by cursor\.\n +The empty list too\./);
  top.press("q");
  await top.lacks("approve attempt 1 of #1");
  expect((await call<Task>("tasks/get", { id: first.id })).state).toBe("review");
  top.press("a");
  await top.shows("approve attempt 1 of #1");
  top.press(ENTER);
  await top.shows("approved: #1 is done");
  await top.shows(/› +2 .*sort orders/);
  expect((await call<Task>("tasks/get", { id: first.id })).state).toBe("completed");
  top.press("a");
  await top.shows("approve attempt 1 of #2");
  top.press("y");
  await top.shows("approved attempt 1 of #2; it needs 1 more approval, by others");
  const { reviews } = await call<{ reviews: { reviewer: string; attempt: number }[] }>("tasks/history", { id: second.id });
  expect(reviews).toMatchObject([{ reviewer: "anna", attempt: 1 }]);
});

test("what the person made, what is not in review, and an attempt that is over are refused with the rule", async () => {
  const { call, handedIn, open } = board();
  const own = await handedIn("her own work", "anna");
  await call("tasks/send", { name: "not begun", priority: "low" });
  await using top = open();
  await top.shows(/› +1 .*her own work/);
  top.press("a");
  await top.shows("anna worked on it: somebody else has to decide");
  top.press("y");
  await top.shows("approve: anna worked on attempt 1 of #1 and cannot review it");
  top.press("j");
  await top.shows(/› +2 /);
  top.press("a");
  await top.shows("#2 is Ready: only work that was handed in, and is in Review, is approved");
  top.press("k");
  await top.shows(/› +1 /);

  // between the question and the answer somebody else decides, and the next attempt is handed in
  top.press("a");
  await top.shows("approve attempt 1 of #1");
  await call("tasks/review", { id: own.id, agent_id: "quiet-owl", decision: "request_changes", body: "no" });
  await call("tasks/claim", { id: own.id, agent_id: "north-badger" });
  await call("tasks/complete", { id: own.id, agent_id: "north-badger" });
  await top.shows(/1 .*Review +2 north-badger/);
  top.press("y");
  await top.shows(/approve: attempt 1 of #1 is over; attempt 2 is in review/);
  expect((await call<Task>("tasks/get", { id: own.id })).state).toBe("review");
});

test("r asks for changes in words of several lines, which open the next attempt", async () => {
  const { call, handedIn, open } = board();
  const job = await handedIn("paginate orders", "north-badger");
  await using top = open();
  await top.shows(/› +1 /);
  top.press("a");
  await top.shows("r asks for changes");
  top.press("r");
  await top.shows("anna: what is to be changed in attempt 1 of #1 paginate orders?");
  top.press(`the empty lst${LEFT}${LEFT}`);
  await top.shows("the empty l▏st");
  top.press(`i${NEW_LINE}`);
  top.press(UP);
  top.press("\x05");
  await top.shows("the empty li▏");
  top.press("\x1b[B\x05, please");
  await top.shows("st, please▏");
  top.press(ENTER);
  await top.shows("changes are asked for: #1 goes to the front of the queue");
  await top.shows(/1 .*Ready +1 /);
  const { reviews } = await call<{ reviews: object[] }>("tasks/history", { id: job.id });
  expect(reviews).toMatchObject([{ reviewer: "anna", decision: "request_changes", attempt: 1, body: "the empty li\nst, please" }]);
});

test("n writes a note: Esc leaves it and loses nothing, a refused one stays as it was written, Enter sends it", async () => {
  const db = temporaryFolder();
  const addr = `127.0.0.1:${await freePort()}`;
  const first = await startServer({ db, addr });
  const { id } = (await rpc(first.url, "tasks/send", { name: "paginate orders" })) as Task;
  await using top = new Terminal(["--url", first.url, "top"], { env: { COORD_AS: "anna" } });
  await top.shows(/› +1 /);
  top.press("n");
  await top.shows("anna: a note on #1 paginate orders");
  top.press("\x1b[200~the fixture is in tests/data\r\n日本語 @quiet-heron\x1b[201~");
  await top.shows("日本語 @quiet-heron▏");
  top.press(ESCAPE);
  await top.lacks("a note on #1");
  top.press("n");
  await top.shows("日本語 @quiet-heron▏");
  await first.kill();
  await top.shows(/reconnecting for \d+s/);
  top.press(ENTER);
  await top.shows("nothing was sent");
  await top.shows("日本語 @quiet-heron▏");
  await using second = await startServer({ db, addr });
  await top.shows("▸ live");
  top.press(ENTER);
  await top.shows("noted on #1, tells @quiet-heron");
  await top.lacks("a note on #1");
  const notes = (await rpc(second.url, "notes/list", { id })) as Note[];
  expect(notes).toMatchObject([{ author: "anna", body: "the fixture is in tests/data\n日本語 @quiet-heron" }]);
  top.press("n");
  await top.shows(/│ ▏ *\n/);
  top.press(`${ESCAPE}`);
  await top.lacks("a note on #1");
});

test("v tells the story in order and follows it; it scrolls, and Esc, q and v go back", async () => {
  const { call, handedIn, open } = board();
  const job = await handedIn("paginate orders", "north-badger");
  await call("tasks/review", { id: job.id, agent_id: "quiet-owl", decision: "request_changes", body: "by cursor, please" });
  await call("tasks/claim", { id: job.id, agent_id: "copper-finch" });
  await using top = open({ columns: 80, rows: 24 });
  await top.shows(/› +1 .*In Progress +2 copper-finch/);
  top.press("v");
  await top.shows("── history");
  await top.shows(
    /attempt 1: changes requested\n.*north-badger claimed it\n.*north-badger handed it in\n +It pages by cursor\.\n +The empty list too\.\n.*quiet-owl asked for changes\n +by cursor, please\n\n attempt 2, after a request for changes: under way\n.*copper-finch claimed it/,
  );
  await call("notes/add", { id: job.id, agent_id: "quiet-owl", body: "halfway there" });
  await top.shows("halfway there");
  for (let line = 1; line <= 30; line++) await call("notes/add", { id: job.id, agent_id: "quiet-owl", body: `remark ${line}` });
  await top.shows(/1-20 of \d\d/);
  top.press("G");
  await top.shows("remark 30");
  top.press("g");
  await top.shows("posted: task, normal priority");
  for (const key of [ESCAPE, "q", "v"]) {
    top.press(key);
    await top.shows("tasks · active");
    top.press("v");
    await top.shows("── history");
  }
  top.press(ESCAPE);
  await top.shows("tasks · active");
});

test("who is nobody can look, and is told how to say who acts; who was remembered acts as a person", async () => {
  const { call, args, handedIn } = board();
  await handedIn("paginate orders", "north-badger");
  const home = { COORD_DB: temporaryFolder() };
  {
    await using top = new Terminal(args("top"), { env: home });
    await top.shows(/› +1 /);
    for (const key of ["a", "n", "R"]) {
      top.press(key);
      await top.shows("nothing says who you are. Once and for all: coord heartbeat --as NAME --remember");
      top.press("g");
      await top.lacks("nothing says who you are");
    }
  }
  const asked = await runCoord(args("top", "--as", "me", "--once"), { env: home });
  expect(asked.code).toBe(1);
  expect(asked.stderr).toContain("nothing says who you are");

  await runCoord(["--url", server.url, "--workspace", "elsewhere", "heartbeat", "--as", "sofia", "--remember"], { env: home });
  await using top = new Terminal(args("top"), { env: home });
  await top.shows(/› +1 /);
  top.press("ay");
  await top.shows("approved: #1 is done");
  const agents = await call<Agent[]>("agents/list", {});
  expect(agents.find(({ id }) => id === "sofia")).toMatchObject({ type: "user" });
});
