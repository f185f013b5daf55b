import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer, temporaryFolder } from "../harness/server.ts";
import { endHooks, type HostName, Others, running, Tab } from "./tab.ts";

let server: TestServer;
let state: string;
let used = 0;

beforeAll(async () => {
  server = await startServer();
  state = temporaryFolder();
});
afterEach(endHooks);
afterAll(() => server.stop());

/** A tab that has begun, on a board of its own. */
async function begun(host: HostName): Promise<{ tab: Tab; others: Others; handle: string }> {
  used += 1;
  const workspace = `stop-${used}`;
  const tab = new Tab(host, server.url, state, { COORD_WORKSPACE: workspace });
  return { tab, others: new Others(server, workspace), handle: await tab.handle() };
}

/** The hosts whose turn's end is held open for what is expected. */
const HOLDING = ["codex", "gemini", "cursor"] as const;

describe("a reminder", () => {
  test("comes once for each claim, and again for the same job claimed anew", async () => {
    const { tab, others, handle } = await begun("claude");
    for (const name of ["one", "two"]) await others.call("tasks/send", { name });
    await others.call("tasks/claim", { id: "#1", agent_id: handle });
    expect((await tab.stop()).stdout).toContain("#1");
    await others.call("tasks/claim", { id: "#2", agent_id: handle });
    const second = (await tab.stop()).stdout;
    expect([second.includes("#2"), second.includes("#1")]).toEqual([true, false]);
    expect((await tab.stop()).stdout).toBe("");
    await others.call("tasks/release", { id: "#1", agent_id: handle });
    await others.call("tasks/claim", { id: "#1", agent_id: handle });
    expect((await tab.stop()).stdout).toContain("#1");
    expect((await tab.stop()).stdout).toBe("");
  });

  test("waits while the host goes on at a hook's word, and is not lost by that", async () => {
    const { tab, others, handle } = await begun("claude");
    await others.call("tasks/send", { name: "one" });
    await others.call("tasks/claim", { id: "#1", agent_id: handle });
    expect((await tab.stop({ stop_hook_active: true })).stdout).toBe("");
    expect((await tab.stop({ stop_hook_active: false })).stdout).toContain("#1");
  });

  test("is not for another's claim, nor for one that has ended", async () => {
    const { tab, others, handle } = await begun("claude");
    for (const name of ["one", "two"]) await others.call("tasks/send", { name });
    await others.call("tasks/claim", { id: "#1", agent_id: "fox" });
    await others.call("tasks/claim", { id: "#2", agent_id: handle });
    await others.call("tasks/complete", { id: "#2", agent_id: handle });
    expect((await tab.stop()).stdout).toBe("");
  });
});

describe.each(HOLDING)("at a turn's end %s", (host) => {
  test("is told what has come, once, and by the next session what was not read", async () => {
    const { tab, others, handle } = await begun(host);
    await others.call("tasks/send", { name: "for you", assignee: handle, agent_id: "boss" });
    expect((await tab.stop()).stdout).toContain(`coord claim 1 --as ${handle}`);
    expect((await tab.stop()).stdout).toBe("{}\n");
    const { offered, read } = await others.agent(handle);
    expect([offered! > 0, read]).toEqual([true, 0]);
    expect((await tab.start()).stdout).toContain("yours to take: #1");
    await others.call("agents/checkin", { id: handle });
    expect((await tab.start()).stdout).not.toContain("yours to take");
  });

  test("waits for what it expects, and is told as it comes; the wake is seen meanwhile", async () => {
    const { tab, others, handle } = await begun(host);
    await others.handedIn(handle);
    const ending = tab.stop({}, ["--wait", "25"]);
    await others.armed(handle);
    expect((await others.agent(handle)).wake!.host).toBe(host);
    await others.call("tasks/review", { id: "#1", decision: "request_changes", body: "test the empty password", agent_id: "rev" });
    const { code, stdout } = await ending;
    expect([code, stdout.includes("rev asks for changes to #1"), stdout.includes("test the empty password")]).toEqual([0, true, true]);
    await others.armed(handle, false);
  });

  test("waits for a job of its own that something holds", async () => {
    const { tab, others, handle } = await begun(host);
    await others.call("tasks/send", { name: "first" });
    await others.call("tasks/send", { name: "then", assignee: handle, depends_on: ["#1"] });
    await others.call("tasks/claim", { id: "#1", agent_id: "fox" });
    const ending = tab.stop({}, ["--wait", "25"]);
    await others.armed(handle);
    await others.call("tasks/complete", { id: "#1", agent_id: "fox" });
    expect((await ending).stdout).toContain("yours to take: #2");
  });

  test("waits for what its arguments name, and says nothing when that does not come", async () => {
    const { tab, others, handle } = await begun(host);
    const ending = tab.stop({}, ["--wait", "25", "--kind", "ack", "--name-contains", "stable"]);
    await others.armed(handle);
    await others.call("tasks/send", { name: "v1.1 broken", kind: "ack", agent_id: "fox" });
    await others.call("tasks/send", { name: "v1.1 stable", kind: "ack", agent_id: "fox" });
    expect((await ending).stdout).toContain('what you wait for: #2 \\"v1.1 stable\\" (ack, normal, completed), by fox');
    expect((await tab.stop({}, ["--wait", "1", "--kind", "ack"])).stdout).toBe("{}\n");
  });

  test("goes on eight times in a row at most, and what it was not told then is told later", async () => {
    const { tab, others, handle } = await begun(host);
    const again = host === "cursor" ? (turns: number) => ({ loop_count: turns }) : (turns: number) => ({ stop_hook_active: turns > 0 });
    const said: boolean[] = [];
    for (let turn = 0; turn < 11; turn += 1) {
      await others.call("tasks/send", { name: `job ${turn}`, assignee: handle });
      said.push((await tab.stop(again(turn))).stdout.includes(`job ${turn}`));
    }
    expect(said).toEqual([...Array.from({ length: 9 }, () => true), false, false]);
    const later = (await tab.stop(again(0))).stdout;
    expect([later.includes("job 8"), later.includes("job 9"), later.includes("job 10")]).toEqual([false, true, true]);
  });
});

test("Cursor is left in peace where a person stopped it, and told later", async () => {
  const { tab, others, handle } = await begun("cursor");
  await others.call("tasks/send", { name: "for you", assignee: handle });
  expect((await tab.stop({ status: "aborted" })).stdout).toBe("{}\n");
  expect((await tab.stop({ status: "completed" })).stdout).toContain("for you");
});

test("a host that leaves standard input open is answered all the same", async () => {
  const { tab, others, handle } = await begun("codex");
  await others.call("tasks/send", { name: "for you", assignee: handle });
  const { ended } = running(["hook", "codex"], tab.env, tab.folder, tab.input("stop"));
  expect((await ended).stdout).toContain("for you");
});

test("a state that was lost or cannot be read repeats what was said, and loses nothing", async () => {
  const { readdirSync, readFileSync, rmSync, writeFileSync } = await import("node:fs");
  const { tab, others, handle } = await begun("codex");
  tab.env.COORD_DB = temporaryFolder();
  await others.call("tasks/send", { name: "for you", assignee: handle });
  expect((await tab.stop()).stdout).toContain("for you");
  const folder = `${tab.env.COORD_DB}/hooks/${readdirSync(`${tab.env.COORD_DB}/hooks`)[0]}`;
  expect(Number(readFileSync(`${folder}/cursor`, "utf8"))).toBeGreaterThan(0);
  for (const broken of ["", "x", "-1", "9e99"]) {
    writeFileSync(`${folder}/cursor`, broken);
    expect((await tab.stop()).stdout, JSON.stringify(broken)).toContain("for you");
  }
  writeFileSync(`${folder}/cursor`, "1000000"); // of another log
  expect((await tab.stop()).stdout).toContain("for you");
  expect((await tab.stop()).stdout).toBe("{}\n");
  rmSync(folder, { recursive: true });
  expect((await tab.stop()).stdout).toContain("for you");
  writeFileSync(`${tab.env.COORD_DB}/file`, "");
  tab.env.COORD_DB = `${tab.env.COORD_DB}/file`;
  expect((await tab.stop()).code).toBe(0);
});
